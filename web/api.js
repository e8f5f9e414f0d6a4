/*
 * api.js - the only file that speaks with the server: fetch, upload with progress, events.
 *
 * The pages have no private API: everything goes over the routes of /docs. The session travels in a
 * cookie that no script can read. Whatever goes wrong is thrown as an ApiError, with the server's
 * own sentence. When a session has ended, whoever listens with onExpired is asked to sign in again
 * in place; the call that failed is then made once more, so that no form and no upload is lost.
 *
 * To add a call: one row in `api` below. call(method, path, {json}) gives the parsed answer; use
 * path`/api/orgs/${id}/x` so that every part is escaped. listPage() reads one page of a list.
 */
import { texts } from "./texts.js";

/* The older API tells the kind in `message` and what exactly in `details`. */
const sentenceOf = (body) => (typeof body?.details === "string" ? `${body.message}: ${body.details}` : body?.message);

export class ApiError extends Error {
  constructor(status, body, retryAfter = 0) {
    super(sentenceOf(body) ?? (status ? texts.error.odd(status) : texts.error.offline));
    this.status = status; // 0 = no answer at all
    this.code = body?.code ?? "";
    this.field = body?.field ?? "";
    this.requestId = body?.request_id ?? "";
    this.errors = Array.isArray(body?.errors) ? body.errors : [];
    this.stages = Array.isArray(body?.stages) ? body.stages : []; // of a refused package
    this.retryAfter = retryAfter;
    this.cancelled = false;
  }
}

/* A template whose parts are escaped: path`/api/orgs/${id}/plugins`. */
export const path = (fixed, ...parts) => fixed.reduce((text, piece, i) => text + encodeURIComponent(parts[i - 1]) + piece);

let expired = null; // () => Promise<boolean>: true = signed in again
let asking = null; // one question for all calls that failed meanwhile
let noteReach = () => {}; // told whether the server answered
let notePlace = () => {}; // told where the events stood at an answer

export function onExpired(ask) {
  expired = ask;
}

export function onReach(note) {
  noteReach = note;
}

export function onPlace(note) {
  notePlace = note;
}

function signInAgain() {
  asking ??= (expired ? expired() : Promise.resolve(false)).finally(() => {
    asking = null;
  });
  return asking;
}

/* The second field shows the server that no mere form of another site made this request. */
const always = { Accept: "application/json", "X-Larder-CSRF": "1" };

async function once(method, where, { json, signal, accept } = {}) {
  const headers = { ...always, ...(accept && { Accept: accept }) };
  if (json !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(where, {
      method,
      headers,
      body: json === undefined ? undefined : JSON.stringify(json),
      credentials: "same-origin",
      cache: "no-cache",
      signal,
    });
  } catch (wrong) {
    const error = new ApiError(0);
    error.cancelled = wrong?.name === "AbortError";
    if (!error.cancelled) noteReach(false);
    throw error;
  }
  noteReach(true);
  const isJson = (answer.headers.get("Content-Type") ?? "").includes("json");
  if (!answer.ok) {
    const body = isJson ? await answer.json().catch(() => undefined) : undefined;
    throw new ApiError(answer.status, body, Number(answer.headers.get("Retry-After")) || 0);
  }
  const place = answer.headers.get("X-Last-Event-ID");
  if (place) notePlace(place);
  const content = isJson && !accept ? await answer.json() : accept ? await answer.blob() : undefined;
  return { content, headers: answer.headers };
}

/* A 401 that blames a field is about that field (a wrong present password), not about the session. */
const isExpiry = (wrong) => wrong.status === 401 && !wrong.field;

async function whole(method, where, options) {
  try {
    return await once(method, where, options);
  } catch (wrong) {
    if (!isExpiry(wrong) || !(await signInAgain())) throw wrong;
    return once(method, where, options);
  }
}

export const call = async (method, where, options) => (await whole(method, where, options)).content;

/* One page of a list: {rows, next}; next is "" on the last one. */
export async function listPage(where, query = {}, options = {}) {
  const filled = Object.entries(query).filter(([, value]) => value !== "" && value !== undefined && value !== null);
  const { content, headers } = await whole("GET", `${where}?${new URLSearchParams(filled)}`, options);
  return { rows: content, next: headers.get("X-Next-Cursor") ?? "" };
}

/* ---- upload ------------------------------------------------------------------------------------ */

function sendOnce(where, file, { name, form, key, type = "application/zip", onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch cannot tell how much has been sent
    const stop = () => request.abort();
    const end = (error, value) => {
      signal?.removeEventListener("abort", stop);
      if (error) reject(error);
      else resolve(value);
    };
    request.open("POST", where);
    request.responseType = "json";
    for (const [field, value] of Object.entries(always)) request.setRequestHeader(field, value);
    if (key) request.setRequestHeader("Idempotency-Key", key);
    request.upload.onprogress = (event) => onProgress?.(event.loaded, event.total);
    request.onerror = () => (noteReach(false), end(new ApiError(0)));
    request.onabort = () => end(Object.assign(new ApiError(0), { cancelled: true }));
    request.onload = () => {
      noteReach(true);
      if (request.status < 300) return end(null, request.response);
      const wait = Number(request.getResponseHeader("Retry-After")) || 0;
      return end(new ApiError(request.status, request.response ?? undefined, wait));
    };
    signal?.addEventListener("abort", stop);
    if (!form) {
      request.setRequestHeader("Content-Type", type);
      return request.send(file);
    }
    const body = new FormData();
    body.append("file", file, name);
    for (const [field, value] of Object.entries(form)) body.append(field, value);
    return request.send(body);
  });
}

export async function sendFile(where, file, options) {
  try {
    return await sendOnce(where, file, options);
  } catch (wrong) {
    if (!isExpiry(wrong) || !(await signInAgain())) throw wrong;
    return sendOnce(where, file, options);
  }
}

/* ---- where the plugins of a scope stand ---------------------------------------------------------- */

/* A scope is "system" or the id of an organization. */
export const pluginsPath = (scope) => (scope === "system" ? "/api/admin/plugins" : path`/api/orgs/${scope}/plugins`);
/* One row is changed where it lives: a system plugin seen in an organization stays the system's. */
export const homeOf = (plugin, scope) => (plugin.source === "system" ? "system" : (plugin.org_id ?? scope));
export const pluginPath = (plugin, scope) => pluginsPath(homeOf(plugin, scope)) + path`/${plugin.id}`;

export const api = {
  /* Before somebody is signed in */
  setupState: async () => (await once("GET", "/api/setup")).content,
  setup: (token, username, password) => once("POST", "/api/setup", { json: { token, username, password, cookie: true } }),
  signIn: (username, password) => once("POST", "/api/auth/login", { json: { username, password, cookie: true } }),
  spec: () => call("GET", "/openapi.json"),
  /* Whether anybody is there, and who one is, without asking to sign in */
  alive: () => once("GET", "/livez"),
  isReady: () => once("GET", "/readyz").then(() => true, () => false),
  whoAmI: async () => (await once("GET", "/api/me")).content,

  /* The person */
  me: () => call("GET", "/api/me"),
  saveProfile: (changes) => call("PATCH", "/api/me/profile", { json: changes }),
  sessions: () => call("GET", "/api/me/sessions"),
  revokeSession: (id) => call("DELETE", path`/api/me/sessions/${id}`),
  signOut: () => call("DELETE", "/api/auth/logout"),

  /* Organizations */
  replicationState: () => call("GET", "/api/admin/replication"),
  orgs: () => call("GET", "/api/orgs"),
  orgPermissions: async (id) => (await call("GET", path`/api/orgs/${id}/permissions`)).permissions,

  /* The catalog */
  plugins: (scope, cursor, signal) =>
    listPage(pluginsPath(scope), { include_disabled: true, limit: 200, cursor }, { signal }),
  versions: (scope, pid, source) =>
    call("GET", `${pluginsPath(scope)}${path`/${pid}/versions`}${source && scope !== "system" ? `?source=${source}` : ""}`),
  plugin: (scope, id) => call("GET", pluginsPath(scope) + path`/${id}`),
  changePlugin: (plugin, scope, changes) => call("PATCH", pluginPath(plugin, scope), { json: changes }),
  downloadPath: (plugin, scope) => `${pluginsPath(scope)}${path`/${plugin.id}/download`}`,
  /* For links and scripts of the pages: from here, never from the bucket, which is another origin */
  downloadLink: (plugin, scope) => `${api.downloadPath(plugin, scope)}?redirect=false`,
  download: (plugin, scope) => call("GET", api.downloadLink(plugin, scope), { accept: "application/zip" }),
  loadExamples: () => call("POST", "/api/admin/examples"),

  /* One version: read where it is seen, changed where it lives */
  files: (row, scope) => call("GET", `${pluginsPath(scope)}${path`/${row.id}/files`}`),
  filePath: (row, scope, name) => `${pluginsPath(scope)}${path`/${row.id}/files/`}${name.split("/").map(encodeURIComponent).join("/")}`,
  file: (row, scope, name) => call("GET", api.filePath(row, scope, name), { accept: "*/*" }),
  difference: (row, other, scope) => call("GET", `${pluginsPath(scope)}${path`/${row.id}/diff?with=${other.id}`}`),
  downloads: (row, scope, days) => call("GET", `${pluginsPath(scope)}${path`/${row.id}/downloads?days=${days}`}`),
  report: (row, scope) => call("GET", `${pluginsPath(scope)}${path`/${row.id}/report`}`),
  healthChecks: (row, scope, cursor) => listPage(`${pluginsPath(scope)}${path`/${row.id}/health`}`, { limit: 20, cursor }),
  askHealth: (row, scope) => call("POST", `${pluginPath(row, scope)}/health`),
  pluginJob: (row, scope, id) =>
    call("GET", homeOf(row, scope) === "system" ? path`/api/admin/jobs/${id}` : path`/api/orgs/${homeOf(row, scope)}/jobs/${id}`),
  networkPath: (row) => `/api/admin${row.source === "system" ? "" : path`/orgs/${row.org_id}`}${path`/plugins/${row.id}/network`}`,
  network: (row) => call("GET", api.networkPath(row)),
  allowNetwork: (row, allowed) => call("PUT", api.networkPath(row), { json: { allowed } }),
  rollback: (row, scope) => call("POST", `${pluginPath(row, scope)}/rollback`),
  auditOf: (subject) => listPage("/api/admin/audit", { subject, limit: 50 }),
  v1Delete: (name, version) => call("DELETE", path`/api/v1/plugins/uploaded/${name}/${version}`),
  v1Reload: () => call("POST", "/api/v1/plugins/reload"),

  /* Uploads; options: {name, dryRun, backport, key, onProgress, signal} */
  upload: (scope, file, options) => {
    const query = new URLSearchParams({ filename: options.name });
    if (options.dryRun) query.set("dry_run", "true");
    if (options.backport) query.set("allow_backport", "true");
    return sendFile(`${pluginsPath(scope)}/upload?${query}`, file, options);
  },
  /* The older API takes packages of the older layout, and alone may replace a version. */
  v1Upload: (id) => call("GET", path`/api/v1/plugins/uploads/${id}`),
  uploadV1: (file, options) =>
    sendFile("/api/v1/plugins/upload", file, { ...options, form: { force_overwrite: String(Boolean(options.force)) } }),
};

/* The stream of events after the one that is named; live.js says what they mean. */
export const openEvents = (after) => new EventSource(`/api/events${after ? path`?last_event_id=${after}` : ""}`);
