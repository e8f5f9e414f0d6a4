/*
 * api.js - the only file that calls fetch.
 *
 * The pages have no private API: everything goes over the routes of /docs. The session travels in a
 * cookie that no script can read. When it has ended, whoever listens with onSignedOut is told.
 */
import { texts } from "./texts.js";

export class ApiError extends Error {
  constructor(status, body, retryAfter) {
    super(body?.message ?? texts.error.offline);
    this.status = status; // 0 = no answer at all
    this.code = body?.code ?? "";
    this.field = body?.field ?? "";
    this.requestId = body?.request_id ?? "";
    this.retryAfter = retryAfter;
  }
}

let signedOut = () => {};

/* Tells who is to be called when the session has ended. */
export function onSignedOut(then) {
  signedOut = then;
}

async function send(method, path, body) {
  /* The second shows the server that no mere form of another site made this request. */
  const headers = { Accept: "application/json", "X-Larder-CSRF": "1" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
    });
  } catch {
    throw new ApiError(0);
  }
  const json = (answer.headers.get("Content-Type") ?? "").includes("json");
  const content = json ? await answer.json().catch(() => undefined) : undefined;
  if (!answer.ok) throw new ApiError(answer.status, content, Number(answer.headers.get("Retry-After")) || 0);
  return content;
}

/* Calls of somebody who is signed in: when that is over, the sign-in page comes back. */
async function call(method, path, body) {
  try {
    return await send(method, path, body);
  } catch (wrong) {
    if (wrong.status === 401 && !wrong.field) signedOut();
    throw wrong;
  }
}

export const api = {
  /* Before somebody is signed in */
  setupState: () => send("GET", "/api/setup"),
  setup: (token, username, password) => send("POST", "/api/setup", { token, username, password, cookie: true }),
  signIn: (username, password) => send("POST", "/api/auth/login", { username, password, cookie: true }),
  spec: () => send("GET", "/openapi.json"),

  /* The person */
  me: () => call("GET", "/api/me"),
  saveProfile: (changes) => call("PATCH", "/api/me/profile", changes),
  sessions: () => call("GET", "/api/me/sessions"),
  revokeSession: (id) => call("DELETE", `/api/me/sessions/${encodeURIComponent(id)}`),
  signOut: () => call("DELETE", "/api/auth/logout"),

  /* Organizations */
  orgs: () => call("GET", "/api/orgs"),
};
