/*
 * uploads.js - the uploads that are under way, whichever view is shown.
 *
 * Every file goes the same way: checked by a dry run first, and sent by itself when nothing was
 * found; with findings it waits until somebody says "anyway" or takes it away. Two go at a time. A
 * retry carries the same key, so that it cannot store twice. What can be seen of it is
 * views/upload.js; opening the panel and dropping files is in droplayer.js.
 */
import { api } from "./api.js";
import { createStore } from "./store.js";

const AT_ONCE = 2;
const BUSY_TRIES = 6;

/* {items, open}; an item: {id, name, blob, target, state, sent, total, rate, error, findings, result} */
export const uploads = createStore({ items: [], open: false });

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

export function findingsOf(source) {
  const list = source.errors ?? source.warnings ?? [];
  return list.map((one) => ({
    stage: one.stage ?? one.details?.stage ?? "",
    rule: one.rule ?? one.code ?? "",
    file: one.file ?? one.details?.file ?? "",
    line: one.line ?? one.details?.line ?? 0,
    message: one.message,
    remedy: one.remedy ?? one.details?.remedy ?? "",
  }));
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
    if (findings.length > 0) return change(id, { state: "asking", findings, checked });
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

/* Over the older API, which alone lets bytes of a version be replaced. */
export async function replaceVersion(id) {
  const item = find(id);
  change(id, { state: "sending", error: null, findings: [], sent: 0 });
  try {
    const result = await api.uploadV1(item.blob, { name: item.name, force: true, onProgress: meter(id) });
    change(id, { state: "done", result: { pid: item.checkedPid ?? result.plugin_name, version: result.plugin_version, v1: true } });
  } catch (wrong) {
    change(id, { state: "refused", error: wrong, findings: findingsOf(wrong) });
  }
}

export const removeUpload = (id) => uploads.set((now) => ({ ...now, items: now.items.filter((one) => one.id !== id) }));

export const clearFinished = () =>
  uploads.set((now) => ({ ...now, items: now.items.filter((one) => isActive(one) || needsLook(one)) }));
