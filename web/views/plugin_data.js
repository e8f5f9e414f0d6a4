/*
 * plugin_data.js - the versions of one plugin as its page knows them, and what can be done with one.
 *
 * usePlugin(scope, pid, query) reads them, picks the one that the address means, and keeps them
 * fresh. Switches act at once and go back when the server refuses. `beat` grows with every event
 * about this plugin, so that a tab that shows more than its row reads that again.
 */
import { api, homeOf } from "../api.js";
import { commands } from "../commands.js";
import { PLUGIN_KINDS, useLive } from "../live.js";
import { changing, newerThan } from "../own.js";
import { confirm, copySections, toast, useLoad } from "../parts.js";
import { useEffect, useState } from "../preact.js";
import { setQuery } from "../router.js";
import { can, session } from "../session.js";
import { texts } from "../texts.js";

const t = texts.plugin;
const c = texts.catalog;

export const fileName = (row) => `${row.pid}-${row.version}.zip`;
export const writable = (row, scope) => can("plugins:write", homeOf(row, scope));
/* A plugin of the first generation is known by its bare name over the v1 API. */
export const v1Name = (row) => (row.source === "system" && row.pid.startsWith("legacy.") ? row.pid.slice("legacy.".length) : "");

/* The same id may stand in the system and in the organization: the organization's own is meant. */
function pick(all, query) {
  const sources = [...new Set(all.map((row) => row.source))];
  const source = sources.includes(query.source) ? query.source : sources.includes("org") ? "org" : sources[0];
  const rows = all.filter((row) => row.source === source);
  const latest = rows.find((row) => row.is_latest) ?? rows[0];
  const asked = query.version ? rows.find((row) => row.version === query.version) : latest;
  return { rows, sources, source, latest, row: asked ?? latest, lost: query.version && !asked ? query.version : "" };
}

async function versionsNow(scope, pid) {
  const begun = performance.now();
  return { begun, rows: await api.versions(scope, pid) };
}

export function usePlugin(scope, pid, query) {
  const list = useLoad(() => versionsNow(scope, pid), [scope, pid]);
  const [changes, change] = useState({});
  const [beat, setBeat] = useState(0);
  useLive([...PLUGIN_KINDS, "replication.state"], (event) => {
    if (event.pid && event.pid !== pid) return;
    setBeat((n) => n + 1);
    list.reload();
  });
  useEffect(() => {
    const own = newerThan(list.value?.begun ?? 0);
    change((now) => Object.fromEntries(Object.entries(now).filter(([id]) => own.has(id)))); /* of the others the server knows better */
  }, [list.value]);
  const patch = (id, what) => change((now) => ({ ...now, [id]: what }));
  const all = (list.value?.rows ?? []).map((row) => (changes[row.id] ? { ...row, ...changes[row.id] } : row));
  return { scope, pid, list, patch, beat, ...(all.length > 0 ? pick(all, query) : { rows: [] }) };
}

/* At once here, then there; back again when it was refused. */
export async function flip(plugin, row, on, undo = true) {
  const { scope, patch, list } = plugin;
  const name = `${row.name} ${row.version}`;
  patch(row.id, { enabled: on });
  try {
    await changing(row.id, () => api.changePlugin(row, scope, { enabled: on }));
    toast({ text: on ? c.enabled(name) : c.disabled(name), undo: undo ? () => flip(plugin, row, !on, false) : undefined });
  } catch (error) {
    patch(row.id, { enabled: row.enabled });
    toast({ error });
  }
  list.reload();
}

export async function rollBack(plugin) {
  const { scope, rows, list } = plugin;
  const enabled = rows.filter((row) => row.enabled);
  const [from, to] = enabled;
  if (!to || !(await confirm({ title: t.rollbackTitle, text: t.rollbackText(from.version, to.version), action: t.rollback, danger: true, call: commands.rollback(from, scope) }))) return;
  try {
    const now = await api.rollback(from, scope);
    setQuery({ version: "" });
    toast({ text: t.rolledBack(now.version), undo: () => flip(plugin, from, true, false) });
  } catch (error) {
    toast({ error });
  }
  list.reload();
}

/* A word to filter by, or none: at once here, then there; back again when it was refused. */
export async function setTag(plugin, row, tag, undo = true) {
  plugin.patch(row.id, { tag: tag || null });
  try {
    await changing(row.id, () => api.changePlugin(row, plugin.scope, { tag: tag || null }));
    toast({ text: tag ? t.tagDone(row.version, tag) : t.tagGone(row.version), undo: undo ? () => setTag(plugin, row, row.tag, false).catch(() => {}) : undefined });
  } catch (error) {
    plugin.patch(row.id, { tag: row.tag });
    if (!undo) toast({ error });
    throw error;
  } finally {
    plugin.list.reload();
  }
}

/* For safety: out of use on all nodes, until somebody who runs the platform lifts it. */
export async function quarantine(plugin, row, on) {
  if (on && !(await confirm({ title: t.quarantineTitle, text: t.quarantineText(row.version), action: t.quarantine, danger: true, call: commands.quarantine(row, plugin.scope, true) }))) return;
  try {
    await api.changePlugin(row, plugin.scope, { quarantined: on });
    toast(on ? t.quarantineDone(row.version) : t.liftDone(row.version));
  } catch (error) {
    toast({ error });
  }
  plugin.list.reload();
}

/* Resolves when the job has ended; tells its state meanwhile. */
export async function runCheck(row, scope, onState) {
  const { job_id: id } = await api.askHealth(row, scope);
  for (;;) {
    const job = await api.pluginJob(row, scope, id);
    onState(job.state);
    if (job.finished_at) return job;
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}

const POLL = 400;

export async function reloadStores(plugin) {
  try {
    const found = await api.v1Reload();
    toast(t.reloaded(found.loaded.length, found.failed.length));
  } catch (error) {
    toast({ error });
  }
  plugin.list.reload();
}

/* The menu beside the title: what is rarely done, and the same as command lines. */
export function menuOf(plugin, row, ask) {
  const { scope, rows } = plugin;
  const writes = writable(row, scope);
  const items = [];
  if (writes && rows.filter((one) => one.enabled).length > 1) items.push({ id: "back", label: t.rollback, icon: "undo", onPick: () => rollBack(plugin) });
  if (writes) items.push({ id: "tag", label: row.tag ? t.tagChange : t.tagAdd, icon: "tag", onPick: () => ask("tag") });
  if (session.get().me?.is_sys_admin && !row.quarantined) items.push({ id: "quarantine", label: t.quarantine, icon: "shield", onPick: () => quarantine(plugin, row, true) });
  if (writes && v1Name(row)) {
    items.push({ id: "reload", label: t.reload, icon: "sync", onPick: () => reloadStores(plugin) });
    items.push({ id: "delete", label: t.remove, icon: "trash", danger: true, onPick: () => ask("delete") });
  }
  const sections = [[t.asDownload, commands.download(row, scope)]];
  if (writes) sections.push([t.tag, commands.tag(row, scope, row.tag ?? "")], [row.enabled ? t.asDisable : t.asEnable, commands.enable(row, scope, !row.enabled)]);
  if (writes && v1Name(row)) sections.push([t.reload, commands.v1Reload()]);
  const copies = copySections(sections);
  return items.length > 0 ? [...items, ...copies] : copies.slice(1);
}
