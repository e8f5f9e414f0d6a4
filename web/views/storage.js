/*
 * storage.js - the disk: what stands on it, and removing what no version names.
 *
 * What a sweep would remove is shown before it is done; the server counts again when it does it.
 */
import { html } from "../preact.js";
import { admin, adminCommands } from "../admin.js";
import { PLUGIN_KINDS, useLive } from "../live.js";
import { Badge, Button, bytesText, Card, Command, confirm, CopyAs, countText, Loaded, toast, useLoad, useTask, ViewHead } from "../parts.js";
import { Figures, Share } from "../parts/figures.js";
import { useCan } from "../session.js";
import { texts } from "../texts.js";
import { pageOf } from "./attention.js";

const t = texts.storage;

/* What is missing or damaged, each with the place that mends it. */
function ToMend({ now }) {
  const can = useCan();
  const reads = can("cadence:system:metrics:read");
  const list = useLoad(async () => (reads ? (await admin.attention()).filter((one) => one.kind === "artifact") : []), [now]);
  const all = now.missing + now.corrupt;
  return html`<${Card} title=${t.mendTitle}>
    <p class="soft">${t.mendNote}</p>
    ${reads
      ? html`<${Loaded} from=${list} lines=${2}>
          ${(items) => html`<ul class="rows after">
              ${items.map(
                (one) =>
                  html`<li key=${one.id}>
                    <p class="row-title row-main"><${Badge} kind="danger" icon="attention">${texts.plugin.artifact[one.reason] ?? one.reason}<//> ${one.name} <span class="num soft">${one.version}</span></p>
                    <${Button} small href=${pageOf(one)}>${t.mend}<//>
                  </li>`,
              )}
            </ul>
            ${all > items.length && items.length > 0 && html`<p class="soft small after">${t.mendMore(all - items.length)}</p>`}`}
        <//>`
      : html`<p class="soft after">${t.mendHidden}</p>`}
    <p class="soft small after">${t.verifyNote}</p>
    <${Command}>larder verify --deep<//>
  <//>`;
}

function Sweep({ now, onDone }) {
  const can = useCan();
  const would = t.sweepWould(now.orphans, bytesText(now.orphan_bytes), now.temp_files);
  const task = useTask(async () => {
    if (!(await confirm({ title: t.sweepAsk, text: would, action: t.sweep, danger: true, call: adminCommands.sweep() }))) return;
    const done = await admin.sweep();
    toast(t.swept(done.removed, bytesText(done.removed_bytes)));
    onDone();
  });
  const nothing = now.orphans === 0 && now.temp_files === 0;
  return html`<${Card} title=${t.sweepTitle} actions=${html`<${CopyAs} small call=${adminCommands.sweep()} />`}>
    <p class="soft">${t.sweepNote}</p>
    <p class="after">${nothing ? t.sweepNothing : would}</p>
    ${now.kept_for_undo > 0 && html`<p class="soft small after">${t.kept(now.kept_for_undo, bytesText(now.kept_for_undo_bytes))}</p>`}
    ${can("cadence:system:storage:write") && html`<p class="actions after"><${Button} icon="trash" disabled=${nothing} busy=${task.busy} onClick=${task.run}>${t.sweep}<//></p>`}
  <//>`;
}

export function Storage() {
  const look = useLoad(admin.storage);
  useLive(PLUGIN_KINDS, look.reload);
  return html`<div>
    <${ViewHead} title=${t.title} lead=${t.lead}><${Button} icon="retry" onClick=${look.reload}>${texts.reload}<//><//>
    <${Loaded} from=${look}>
      ${(now) => {
        const database = now.database_bytes + now.wal_bytes;
        const other = Math.max(0, now.disk_total - now.disk_free - database - now.blob_bytes);
        return html`<div class="cards">
          <${Figures} items=${[
            { id: "plugins", label: t.plugins, value: countText(now.plugins), note: t.versions(now.versions) },
            { id: "blobs", label: t.blobs, value: countText(now.blobs), note: bytesText(now.blob_bytes) },
            { id: "missing", label: t.missing, value: countText(now.missing), kind: now.missing > 0 ? "danger" : "" },
            { id: "corrupt", label: t.corrupt, value: countText(now.corrupt), kind: now.corrupt > 0 ? "danger" : "" },
            { id: "free", label: t.free, value: bytesText(now.disk_free), kind: now.disk_free < 0.05 * now.disk_total ? "danger" : "" },
          ]} />
          ${now.missing + now.corrupt > 0 && html`<${ToMend} now=${now} />`}
          <${Card} title=${t.share}>
            <${Share} label=${t.share} parts=${[
              { id: "packages", label: t.parts.packages, n: now.blob_bytes, text: bytesText(now.blob_bytes), tone: "accent" },
              { id: "database", label: t.parts.database, n: database, text: bytesText(database), tone: "info" },
              { id: "other", label: t.parts.other, n: other, text: bytesText(other), tone: "other" },
              { id: "free", label: t.parts.free, n: now.disk_free, text: bytesText(now.disk_free), tone: "free" },
            ]} />
          <//>
          <${Sweep} now=${now} onDone=${look.reload} />
        </div>`;
      }}
    <//>
  </div>`;
}
