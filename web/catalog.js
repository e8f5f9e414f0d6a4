/*
 * catalog.js - the rows of each scope as the pages know them: loaded, searched, kept fresh.
 *
 * A scope is read page by page and shown from the first page on; the index (one lower-case text per
 * row) is made once, when a row arrives. Searching and sorting go in slices of a few milliseconds,
 * so that typing never waits for ten thousand rows. What was loaded stays while one looks elsewhere.
 * It draws nothing; views/catalog.js does.
 */
import { api } from "./api.js";
import { newerThan } from "./own.js";
import { createStore } from "./store.js";

const SLICE_MS = 8;
const SLICE_ROWS = 500;
const DRAW_EVERY = 120; // ms between two pages that are shown while loading

const catalogs = new Map(); // scope -> store of {rows, done, wrong}

/* ---- rows ----------------------------------------------------------------------------------------- */

/* "find: Finds what was lost" is the capability `find`. */
const nameOfCapability = (text) => text.split(":")[0].trim();

/* What a list shows of a row, and nothing that would only fill the memory. */
export function slim(row) {
  return {
    id: row.id, pid: row.pid, name: row.name, version: row.version, description: row.description ?? "", tag: row.tag ?? "",
    capabilities: (row.capabilities ?? []).map(nameOfCapability), source: row.source, org_id: row.org_id, enabled: row.enabled, logo: row.logo_image,
    size: row.size_bytes, created: row.created_at, changed: row.updated_at ?? row.created_at, artifact: row.artifact,
    health: row.health ?? "unchecked", copy: (row.artifact ?? "present") === "present" ? (row.replication ?? "") : row.artifact,
    key: `${row.source} ${row.pid}`, sortName: row.name.toLowerCase(),
    text: [row.name, row.pid, row.tag, ...(row.capabilities ?? [])].join("\n").toLowerCase(),
  };
}

const compare = {
  name: (a, b) => (a.sortName < b.sortName ? -1 : a.sortName > b.sortName ? 1 : a.key < b.key ? -1 : 1),
  new: (a, b) => (a.created > b.created ? -1 : a.created < b.created ? 1 : compare.name(a, b)),
  changed: (a, b) => (a.changed > b.changed ? -1 : a.changed < b.changed ? 1 : compare.name(a, b)),
  size: (a, b) => b.size - a.size || compare.name(a, b),
};

export const sorts = Object.keys(compare);

/* ---- slices: long work with room for the page in between --------------------------------------------- */

/* A message is handled after what the user did, and before a timer would be. */
const pause = () =>
  new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(0);
  });

function merge(a, b, by) {
  const out = new Array(a.length + b.length);
  for (let i = 0, j = 0, n = 0; n < out.length; n++)
    out[n] = j >= b.length || (i < a.length && by(a[i], b[j]) <= 0) ? a[i++] : b[j++];
  return out;
}

async function sortInSlices(rows, by, isOver) {
  let runs = [];
  for (let at = 0; at < rows.length; at += SLICE_ROWS) {
    runs.push(rows.slice(at, at + SLICE_ROWS).sort(by));
    if (at % (4 * SLICE_ROWS) === 0) await pause();
    if (isOver()) return null;
  }
  while (runs.length > 1) {
    const next = [];
    for (let i = 0; i < runs.length; i += 2) {
      next.push(i + 1 < runs.length ? merge(runs[i], runs[i + 1], by) : runs[i]);
      await pause();
      if (isOver()) return null;
    }
    runs = next;
  }
  return runs[0] ?? [];
}

/* ---- loading ------------------------------------------------------------------------------------------ */

export function catalogOf(scope) {
  if (!catalogs.has(scope)) catalogs.set(scope, createStore({ rows: [], done: false, loading: false, wrong: null, rounds: 0 }));
  return catalogs.get(scope);
}

const stale = new Set(); // scopes in which something changed while they were being read
const readings = new Map(); // scope -> promise of the reading that is under way

/* What is switched here at this moment stays as it is shown: the answer may be older. */
function withOwn(shown, rows, begun) {
  const own = newerThan(begun);
  if (own.size === 0) return rows;
  const enabled = new Map(shown.filter((row) => own.has(row.id)).map((row) => [row.id, row.enabled]));
  return rows.map((row) => (enabled.has(row.id) ? { ...row, enabled: enabled.get(row.id) } : row));
}

async function read(scope) {
  const store = catalogOf(scope);
  const begun = performance.now();
  const first = store.get().rounds === 0;
  store.set((now) => ({ ...now, loading: true, wrong: null }));
  const rows = [];
  let shown = 0;
  let cursor = "";
  try {
    do {
      const page = await api.plugins(scope, cursor);
      for (const row of page.rows) rows.push(slim(row));
      cursor = page.next;
      if (first && performance.now() - shown > DRAW_EVERY) {
        shown = performance.now();
        store.set((now) => ({ ...now, rows: withOwn(now.rows, rows.slice(), begun) }));
      }
    } while (cursor);
    store.set((now) => ({ rows: withOwn(now.rows, rows, begun), done: true, loading: false, wrong: null, rounds: now.rounds + 1 }));
  } catch (wrong) {
    store.set((now) => ({ ...now, loading: false, wrong }));
  }
  if (stale.delete(scope) && !store.get().wrong) await read(scope);
}

/* The organization's or the system's answer wins over what was there before. again: something has
 * changed, so that a reading which is under way is followed by another. */
export function loadCatalog(scope, { again = false } = {}) {
  if (again && readings.has(scope)) stale.add(scope);
  if (!readings.has(scope)) readings.set(scope, read(scope).finally(() => readings.delete(scope)));
  return readings.get(scope);
}

export const forgetCatalogs = () => catalogs.clear();

/* Changes rows where they are shown: {id: changes}. */
export function patchRows(scope, changes) {
  const store = catalogOf(scope);
  store.set((now) => ({ ...now, rows: now.rows.map((row) => (changes[row.id] ? { ...row, ...changes[row.id] } : row)) }));
}

const asked = new Map(); // scope and plugin -> when it was read last: an answer that was overtaken is too old

/* One plugin was changed by somebody: its newest enabled version is read again, or it is gone. */
export async function refreshPlugin(scope, event) {
  const store = catalogOf(scope);
  const source = event.org_id ? "org" : "system";
  const key = `${source} ${event.pid}`;
  const begun = performance.now();
  asked.set(`${scope} ${key}`, begun);
  const versions = await api.versions(scope, event.pid, source).catch((wrong) => (wrong.status === 404 ? [] : null));
  if (versions === null || asked.get(`${scope} ${key}`) !== begun) return;
  if (readings.has(scope)) stale.add(scope); /* the list may have been read before the change */
  const chosen = versions.find((one) => one.is_latest) ?? versions[0];
  store.set((now) => {
    const others = now.rows.filter((row) => row.key !== key);
    return { ...now, rows: chosen ? [...others, ...withOwn(now.rows, [slim(chosen)], begun)] : others };
  });
}

/* ---- searching ------------------------------------------------------------------------------------------ */

const has = {
  source: (row, want) => row.source === want,
  tag: (row, want) => row.tag === want,
  cap: (row, want) => row.capabilities.includes(want),
  state: (row, want) => row.enabled === (want === "on"),
  health: (row, want) => row.health === want,
  copy: (row, want) => row.copy === want,
};

export const facets = Object.keys(has);

const wordsOf = (text) => (text ?? "").toLowerCase().split(/\s+/).filter(Boolean);

function count(facetCounts, row) {
  const add = (facet, value) => {
    if (value) facetCounts[facet].set(value, (facetCounts[facet].get(value) ?? 0) + 1);
  };
  add("source", row.source);
  add("tag", row.tag);
  add("state", row.enabled ? "on" : "off");
  add("health", row.health);
  add("copy", row.copy);
  for (const one of row.capabilities) add("cap", one);
}

const sorted = new WeakMap(); // rows -> {sort: the same rows in that order}

async function inOrder(rows, sort, isOver) {
  const kept = sorted.get(rows) ?? {};
  if (!kept[sort]) {
    const order = await sortInSlices(rows, compare[sort], isOver);
    if (order === null) return null;
    kept[sort] = order;
    sorted.set(rows, kept);
  }
  return kept[sort];
}

/*
 * Calls done({found, counts}) once with the rows that fit, in order, and how many rows of all have
 * each value of each facet. Gives a function that stops it: the newest search wins.
 */
export function search(rows, query, done) {
  let over = false;
  const isOver = () => over;
  const words = wordsOf(query.q);
  const wanted = facets.filter((facet) => query[facet]);
  const run = async () => {
    const order = await inOrder(rows, sorts.includes(query.sort) ? query.sort : "name", isOver);
    if (order === null) return;
    const found = [];
    const counts = Object.fromEntries(facets.map((facet) => [facet, new Map()]));
    let since = performance.now();
    for (let i = 0; i < order.length; i++) {
      const row = order[i];
      count(counts, row);
      if (words.every((word) => row.text.includes(word)) && wanted.every((facet) => has[facet](row, query[facet]))) found.push(row);
      if (i % 200 === 199 && performance.now() - since > SLICE_MS) {
        await pause();
        if (over) return;
        since = performance.now();
      }
    }
    if (!over) done({ found, counts });
  };
  run();
  return () => {
    over = true;
  };
}

/* The first few rows with all words, for the palette. */
export function shownPlugins(scope, words, most) {
  const out = [];
  for (const row of catalogOf(scope).get().rows) {
    if (words.every((word) => row.text.includes(word))) out.push(row);
    if (out.length === most) break;
  }
  return out;
}
