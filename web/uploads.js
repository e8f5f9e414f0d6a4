/*
 * uploads.js - the uploads that are under way, whichever view is shown.
 *
 * Every file goes the same way: checked by a dry run first, and sent by itself when nothing was
 * found; with findings it waits until somebody says "anyway" or takes it away. Two go at a time. A
 * retry carries the same key, so that it cannot store twice. A package of the older layout is sent
 * to the older API when somebody says so; only there a version can be replaced. What can be seen of
 * it all is views/upload.js; opening the panel and dropping files is in droplayer.js.
 */
import { api } from "./api.js";
import { createStore } from "./store.js";

const AT_ONCE = 2;
const BUSY_TRIES = 6;

/* {items, open}; an item: {id, name, blob, target, state, sent, total, rate, error, findings, result} */
export const uploads = createStore({ items: [], open: false });

/* The catalog that the open panel aims at: what is dropped meanwhile goes there. */
export const panelTarget = createStore("");

export const openUploads = (open = true) => uploads.set((now) => ({ ...now, open }));

const stops = new Map(); // id -> AbortController of what is running
let ids = 0;
let running = 0;

const change = (id, changes) =>
  uploads.set((now) => ({ ...now, items: now.items.map((one) => (one.id === id ? { ...one, ...changes } : one)) }));
const find = (id) => uploads.get().items.find((one) => one.id === id);

export const isActive = (item) => ["queued", "checking", "sending", "storing"].includes(item.state);
export const needsLook = (item) => ["target", "asking", "refused", "failed"].includes(item.state);

/* A key that nobody else has; randomUUID is missing where the page came over plain HTTP. */
const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

/* ---- findings: what the check said, in one shape --------------------------------------------------- */

const shape = (one, stage) => ({
  level: one.level ?? "error", stage, rule: one.rule ?? one.code ?? "", file: one.file ?? one.details?.file ?? "",
  line: one.line ?? one.details?.line ?? 0, message: one.message, remedy: one.remedy ?? one.details?.remedy ?? "",
});

/* Of an answer to a dry run, or of the error that refused it; by stage where stages are told. */
export function findingsOf(source) {
  const staged = (source.stages ?? []).flatMap((stage) => stage.findings.map((one) => shape(one, stage.stage)));
  if (staged.length > 0) return staged;
  return (source.errors ?? source.warnings ?? []).map((one) => shape(one, one.stage ?? one.details?.stage ?? ""));
}

/* ---- one file ---------------------------------------------------------------------------------------- */

const wait = (ms, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });

/* Bytes per second, smoothed, and how far it is. */
function meter(id) {
  let last = performance.now();
  let sentBefore = 0;
  let rate = 0;
  return (sent, total) => {
    const now = performance.now();
    const seconds = (now - last) / 1000;
    if (seconds > 0.08 || sent === total) {
      const fresh = (sent - sentBefore) / Math.max(seconds, 0.001);
      rate = rate ? rate * 0.7 + fresh * 0.3 : fresh;
      last = now;
      sentBefore = sent;
      change(id, { sent, total, rate, ...(sent === total && find(id)?.state === "sending" && { state: "storing" }) });
    }
  };
}

async function sendPatiently(item, options, signal) {
  for (let tries = 0; ; tries++) {
    try {
      return await api.upload(item.target, item.blob, { ...options, signal });
    } catch (wrong) {
      if (!wrong.retryAfter || wrong.status < 429 || tries >= BUSY_TRIES || signal.aborted) throw wrong;
      await wait(wrong.retryAfter * 1000, signal);
    }
  }
}

async function goThrough(id, signal) {
  const item = find(id);
  const options = { name: item.name, backport: item.backport, onProgress: meter(id) };
  if (!item.anyway) {
    change(id, { state: "checking", sent: 0, total: item.blob.size });
    const checked = await sendPatiently(item, { ...options, dryRun: true }, signal);
    const findings = findingsOf(checked);
    if (findings.some((one) => one.level !== "info")) return change(id, { state: "asking", findings });
  }
  change(id, { state: "sending", sent: 0, total: item.blob.size });
  const result = await sendPatiently(item, { ...options, key: item.key }, signal);
  return change(id, { state: result.unchanged ? "same" : "done", result, sent: item.blob.size });
}

async function run(id) {
  const stop = new AbortController();
  stops.set(id, stop);
  running++;
  try {
    await goThrough(id, stop.signal);
  } catch (wrong) {
    const refused = wrong.status >= 400 && wrong.status < 500 && ![401, 408, 429].includes(wrong.status);
    if (find(id)) change(id, { state: wrong.cancelled ? "cancelled" : refused ? "refused" : "failed", error: wrong.cancelled ? null : wrong, findings: findingsOf(wrong) });
  }
  stops.delete(id);
  running--;
  next();
}

function next() {
  while (running < AT_ONCE) {
    const item = uploads.get().items.find((one) => one.state === "queued");
    if (!item) return;
    change(item.id, { state: "checking" });
    run(item.id);
  }
}

/* ---- what can be done with them ----------------------------------------------------------------------- */

/* archives: [{name, blob}]; target: a scope, or "" to be asked for one. */
export function addUploads(archives, target) {
  const items = archives.map(({ name, blob }) => ({
    id: ++ids, name, blob, target, key: newKey(), state: target ? "queued" : "target",
    sent: 0, total: blob.size, rate: 0, error: null, findings: [], result: null, anyway: false, backport: false,
  }));
  uploads.set((now) => ({ items: [...now.items, ...items], open: true }));
  next();
}

export function aim(target) {
  uploads.set((now) => ({ ...now, items: now.items.map((one) => (one.state === "target" ? { ...one, target, state: "queued" } : one)) }));
  next();
}

export function cancelUpload(id) {
  if (stops.has(id)) stops.get(id).abort();
  else change(id, { state: "cancelled" });
}

export function retryUpload(id, changes = {}) {
  change(id, { state: "queued", error: null, findings: [], ...changes });
  next();
}

export const uploadAnyway = (id) => retryUpload(id, { anyway: true });

/* ---- the older API: packages of the older layout, and replacing a version of them ----------------------- */

const POLL_MS = 1500;

/* The server says which door such a package belongs to. */
export const isForV1 = (item) => item.target === "system" && /\/api\/v1\/plugins\/upload/.test(item.error?.message ?? "");
export const mayReplace = (item) => /force_overwrite/.test(item.error?.message ?? "");

/* Its dependencies are being installed: asked until that is over. */
async function installed(answer, signal) {
  let now = answer;
  while (["pending", "installing"].includes(now.details?.state)) {
    await wait(POLL_MS, signal);
    if (signal.aborted) return now;
    now = await api.v1Upload(answer.details.id);
  }
  if (now.details?.state === "failed") throw Object.assign(new Error(now.details.error ?? now.message), { status: 400 });
  return now;
}

export async function uploadV1(id, force = false) {
  const item = find(id);
  const stop = new AbortController();
  stops.set(id, stop);
  change(id, { state: "sending", error: null, findings: [], sent: 0 });
  try {
    const answer = await api.uploadV1(item.blob, { name: item.name, force, onProgress: meter(id), signal: stop.signal });
    change(id, { state: "storing" });
    const done = await installed(answer, stop.signal);
    change(id, { state: "done", result: { pid: `legacy.${done.plugin_name}`, version: done.plugin_version, v1: true } });
  } catch (wrong) {
    change(id, { state: wrong.cancelled ? "cancelled" : "refused", error: wrong.cancelled ? null : wrong, findings: findingsOf(wrong) });
  }
  stops.delete(id);
}

export const removeUpload = (id) => uploads.set((now) => ({ ...now, items: now.items.filter((one) => one.id !== id) }));

export const clearFinished = () =>
  uploads.set((now) => ({ ...now, items: now.items.filter((one) => isActive(one) || needsLook(one)) }));
