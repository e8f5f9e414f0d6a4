/*
 * conflicts.js - what this node wanted and lost to what another had published before.
 *
 * Each one is shown with both sides as the log has them. The package that lost can be taken out,
 * and handed in again under a higher version; settling ends the conflict, and only then is that
 * package no longer kept. Part of the page of replication.js.
 */
import { html } from "../preact.js";
import { admin, adminCommands } from "../admin.js";
import { useLive } from "../live.js";
import { pluginPagePath } from "../pages.js";
import { Badge, Button, bytesText, Card, confirm, Loaded, Table, Time, toast, useLoad } from "../parts.js";
import { address } from "../router.js";
import { useCan } from "../session.js";
import { texts } from "../texts.js";

const t = texts.conflicts;

/* Whichever of these was wanted here is compared; everything else of a record follows from them. */
const FIELDS = ["sha256", "size", "enabled", "quarantined", "tag", "name", "domain", "status", "is_deleted", "removed"];

function valueText(field, value) {
  if (value === undefined || value === null || value === "") return texts.none;
  if (field === "size") return bytesText(value);
  if (typeof value === "boolean") return value ? texts.yes : texts.no;
  return String(value);
}

function Sides({ one }) {
  const rows = FIELDS.filter((field) => one.mine?.[field] !== undefined).map((id) => ({ id, mine: one.mine[id], theirs: one.theirs?.[id] }));
  if (rows.length === 0) return null;
  const side = (key, title) => ({ key, title, render: (row) => html`<span class=${row.id === "sha256" ? "mono" : ""}>${valueText(row.id, row[key])}</span>` });
  const columns = [{ key: "what", title: t.what, render: (row) => html`<strong>${t.fields[row.id]}</strong>` }, side("mine", t.mine), side("theirs", t.theirs)];
  return html`<${Table} caption=${t.sides(one.pid ?? one.mine?.name ?? one.kind)} columns=${columns} rows=${rows} />`;
}

function Conflict({ one, writes, onSettle }) {
  const name = one.pid ?? one.mine?.name ?? one.kind;
  return html`<li class="conflict">
    <div class="row-main">
      <p class="row-title"><${Badge} kind="danger" icon="sync">${t.kinds[one.kind] ?? one.kind}<//> ${name} ${one.version && html`<span class="num soft">${one.version}</span>`}</p>
      <p class="row-note">${t.lost} <${Time} at=${one.seen_at} />. ${one.sha256 ? t.wayPackage : t.way}</p>
    </div>
    <div class="actions">
      ${one.pid && html`<${Button} small href=${address(pluginPagePath(one.org_id ?? "system", one.pid), { version: one.version })}>${t.open}<//>`}
      ${one.sha256 && html`<${Button} small icon="download" href=${admin.conflictPath(one.id)} download>${t.get}<//>`}
      ${writes && html`<${Button} small kind="main" icon="check" onClick=${() => onSettle(one)}>${t.settle}<//>`}
    </div>
    <div class="conflict-sides"><${Sides} one=${one} /></div>
  </li>`;
}

export function Conflicts({ count, onChange }) {
  const can = useCan();
  const list = useLoad(() => admin.conflicts(false), [count]);
  useLive(["replication.state"], list.reload);
  const settle = async (one) => {
    if (!(await confirm({ title: t.settleTitle, text: one.sha256 ? t.settlePackage : t.settleText, action: t.settle, danger: true, call: adminCommands.resolveConflict(one.id) }))) return;
    try {
      await admin.resolveConflict(one.id);
      toast(t.settled);
    } catch (error) {
      toast({ error });
    }
    list.reload();
    onChange();
  };
  const writes = can("cadence:system:storage:write");
  return html`<${Card} title=${t.title}>
    <${Loaded} from=${list} lines=${2}>
      ${(rows) =>
        rows.length === 0
          ? html`<p class="soft">${t.none}</p>`
          : html`<ul class="rows">${rows.map((one) => html`<${Conflict} key=${one.id} one=${one} writes=${writes} onSettle=${settle} />`)}</ul>`}
    <//>
  <//>`;
}
