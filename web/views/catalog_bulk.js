/*
 * catalog_bulk.js - what can be done with all plugins that are selected: enable, disable, download.
 *
 * Each is one call of the public API; what is not one's own is skipped and said so. Downloads come
 * as one archive, made here from the uploaded ZIPs as they are.
 */
import { html, useState } from "../preact.js";
import { api, homeOf } from "../api.js";
import { patchRows } from "../catalog.js";
import { commands, together } from "../commands.js";
import { changing } from "../own.js";
import { Button, bytesText, copySections, IconButton, Menu, toast, toastOffline } from "../parts.js";
import { can } from "../session.js";
import { texts } from "../texts.js";

const t = texts.catalog;
const AT_ONCE = 4;
const DOWNLOAD_MAX = 200e6; // held in memory while it is packed

/* work(row) for all rows, a few at a time; gives those that failed. */
async function forAll(rows, work, onStep) {
  const failed = [];
  let next = 0;
  const worker = async () => {
    while (next < rows.length) {
      const row = rows[next++];
      await work(row).catch((error) => failed.push({ row, error }));
      onStep?.();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return failed;
}

async function switchAll(rows, scope, on, undo) {
  const mine = rows.filter((row) => can("plugins:write", homeOf(row, scope)));
  const due = mine.filter((row) => row.enabled !== on);
  if (mine.length === 0) return toast({ text: t.bulkNothing, bad: true });
  const set = (list, value) => patchRows(scope, Object.fromEntries(list.map((row) => [row.id, { enabled: value }])));
  set(due, on);
  const failed = await forAll(due, (row) => changing(row.id, () => api.changePlugin(row, scope, { enabled: on })));
  set(failed.map((one) => one.row), !on);
  if (failed.length > 0) toast({ error: failed[0].error });
  if (failed.length > 1) toast({ text: t.bulkFailed(failed.length), bad: true });
  if (rows.length > mine.length) toast(t.bulkSkipped(rows.length - mine.length));
  const back = due.map((row) => ({ ...row, enabled: on }));
  if (due.length > failed.length) toast({ text: t.bulkDone[on](due.length - failed.length), undo: undo ? () => switchAll(back, scope, !on, false) : undefined });
  return undefined;
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

async function downloadAll(rows, scope, onStep) {
  if (rows.reduce((sum, row) => sum + row.size, 0) > DOWNLOAD_MAX) return toast({ text: t.tooLarge(bytesText(DOWNLOAD_MAX)), bad: true });
  const { zip } = await import("../zip.js");
  const files = [];
  const failed = await forAll(
    rows,
    async (row) => {
      const bytes = new Uint8Array(await (await api.download(row, scope)).arrayBuffer());
      files.push({ name: `${row.pid}-${row.version}.zip`, bytes });
    },
    onStep,
  );
  if (failed.length > 0) toast({ error: failed[0].error });
  if (files.length > 0) save(zip(files), t.archive);
  return undefined;
}

/* One line for each plugin; what is not one's own to change is left out. */
function copiesOf(rows, scope) {
  const mine = rows.filter((row) => can("plugins:write", homeOf(row, scope)));
  const switching = (on) => together(mine.map((row) => commands.enable(row, scope, on)));
  const sections = mine.length > 0 ? [[t.enable, switching(true)], [t.disable, switching(false)]] : [];
  return copySections([...sections, [t.download, together(rows.map((row) => commands.download(row, scope)))]]).slice(1);
}

export function Bulk({ scope, rows, onClear }) {
  const [busy, setBusy] = useState("");
  const writes = rows.some((row) => can("plugins:write", homeOf(row, scope)));
  const download = async () => {
    let done = 0;
    setBusy(t.packing(0, rows.length));
    await downloadAll(rows, scope, () => setBusy(t.packing(++done, rows.length))).catch(toastOffline);
    setBusy("");
  };
  return html`<div class="bulk" role="region" aria-label=${texts.bulkBar}>
    <span class="bulk-count" role="status">${busy || t.chosen(rows.length)}</span>
    ${writes && html`<${Button} small kind="quiet" icon="check" onClick=${() => switchAll(rows, scope, true, true)}>${t.enable}<//>`}
    ${writes && html`<${Button} small kind="quiet" icon="pause" onClick=${() => switchAll(rows, scope, false, true)}>${t.disable}<//>`}
    <${Button} small kind="quiet" icon="download" disabled=${busy !== ""} onClick=${download}>${t.download}<//>
    <span class="bulk-end">
      <${Menu} bare small icon="copy" label=${texts.copy.as} items=${() => copiesOf(rows, scope)} />
      <${IconButton} small icon="close" label=${t.unselect} onClick=${onClear} />
    </span>
  </div>`;
}
