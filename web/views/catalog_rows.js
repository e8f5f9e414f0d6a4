/*
 * catalog_rows.js - plugins as cards or as a table, of which only those in sight are drawn.
 *
 * Both have one height per row, so nothing moves while more of them arrive. A switch acts at once
 * and goes back when the server refuses.
 */
import { html, useLayoutEffect, useRef } from "../preact.js";
import { api, homeOf } from "../api.js";
import { patchRows } from "../catalog.js";
import { commands } from "../commands.js";
import { changing } from "../own.js";
import { Badge, copyItems, Menu, Still, Switch, Time, toast } from "../parts.js";
import { useColumns, useVirtual } from "../parts/virtual.js";
import { pluginPagePath } from "../pages.js";
import { address } from "../router.js";
import { useCan } from "../session.js";
import { texts } from "../texts.js";

const t = texts.catalog;
const CARD = { least: 288, height: 156, gap: 16 };
const ROW = 56;
const WORDS = 2; // capabilities shown on a card
const BONES = 12;

/* ---- what both show -------------------------------------------------------------------------------- */

/* At once here, then there; back again when it was refused. */
export async function setEnabled(row, scope, on, { undo = true } = {}) {
  const before = row.enabled;
  patchRows(scope, { [row.id]: { enabled: on } });
  try {
    await changing(row.id, () => api.changePlugin(row, scope, { enabled: on }));
    if (undo) toast({ text: on ? t.enabled(row.name) : t.disabled(row.name), undo: () => setEnabled(row, scope, before, { undo: false }) });
  } catch (error) {
    patchRows(scope, { [row.id]: { enabled: before } });
    toast({ error });
  }
}

export function Logo({ row }) {
  const text = [...(row.name || row.pid)][0]?.toUpperCase() ?? "?";
  return html`<span class="logo" aria-hidden="true">${row.logo ? html`<img src=${`data:image/png;base64,${row.logo}`} alt="" loading="lazy" />` : text}</span>`;
}

const HEALTH = { healthy: ["ok", "check"], failed: ["danger", "attention"], unchecked: ["", "clock"] };

export function Health({ row }) {
  const [kind, icon] = HEALTH[row.health] ?? HEALTH.unchecked;
  return html`<${Badge} kind=${kind} icon=${icon}>${t.health[row.health] ?? row.health}<//>`;
}

function Copy({ row }) {
  if (row.artifact !== "present") return html`<${Badge} kind="danger" icon="attention">${texts.plugin.artifact[row.artifact] ?? t.broken}<//>`;
  if (row.copy === "conflict") return html`<${Badge} kind="warn" icon="cloud">${t.copy.conflict}<//>`;
  return null;
}

function actionsOf(row, scope, writes) {
  return [
    { id: "open", label: t.open, icon: "file", href: address(pluginPagePath(scope, row.pid)) },
    { id: "download", label: t.download, icon: "download", href: api.downloadLink(row, scope) },
    ...(writes ? [{ id: "switch", label: row.enabled ? t.disable : t.enable, icon: row.enabled ? "pause" : "check", onPick: () => setEnabled(row, scope, !row.enabled) }] : []),
    { line: true },
    ...copyItems(writes ? commands.enable(row, scope, !row.enabled) : commands.download(row, scope)),
  ];
}

const Pick = ({ row, chosen, onChoose }) =>
  html`<input type="checkbox" class="check" checked=${chosen} aria-label=${t.selectOne(row.name)} onChange=${(e) => onChoose([row.id], e.target.checked)} />`;

const Title = ({ row, scope }) => html`<a class="plugin-name cut" href=${address(pluginPagePath(scope, row.pid))}>${row.name}</a>`;

function useRows(handle, virtual, count, columns = 1) {
  useLayoutEffect(() => {
    handle.current = { count, reach: (i) => virtual.reach(Math.floor(i / columns)) };
  });
}

/* A row or card that is drawn again only when it has changed, however often the list is. */
function useStill(scope, chosen, onChoose) {
  const can = useCan();
  return (Part, row, index) => {
    const writes = can("plugins:write", homeOf(row, scope));
    const picked = chosen.has(row.id);
    return html`<${Still} key=${row.id} deps=${[row, index, scope, writes, picked]}>
      ${() => html`<${Part} row=${row} index=${index} scope=${scope} chosen=${picked} onChoose=${onChoose} writes=${writes} />`}
    <//>`;
  };
}

/* ---- cards ------------------------------------------------------------------------------------------- */

function Card({ row, index, scope, chosen, onChoose, writes }) {
  return html`<li class=${`plugin-card${row.enabled ? "" : " is-off"}${chosen ? " is-chosen" : ""}`} data-index=${index}>
    <div class="plugin-top">
      <${Logo} row=${row} />
      <div class="plugin-title"><${Title} row=${row} scope=${scope} /><span class="plugin-id cut">${row.pid}</span></div>
      <${Pick} row=${row} chosen=${chosen} onChoose=${onChoose} />
    </div>
    <p class="plugin-about">${row.description}</p>
    <div class="plugin-foot">
      <span class="num plugin-version cut" title=${t.versionOf(row.version)}>${row.version}</span>
      <div class="tags">
        ${!row.enabled && html`<${Badge} kind="warn" icon="pause">${t.state.off}<//>`} <${Copy} row=${row} />
        ${row.health === "failed" && html`<${Health} row=${row} />`} ${row.tag && html`<${Badge} kind="accent">${row.tag}<//>`}
        ${row.capabilities.slice(0, WORDS).map((word) => html`<${Badge} key=${word}>${word}<//>`)}
      </div>
      <${Menu} bare small label=${t.more(row.name)} items=${() => actionsOf(row, scope, writes)} />
    </div>
  </li>`;
}

export function Cards({ rows, waiting, scope, chosen, onChoose, handle }) {
  const still = useStill(scope, chosen, onChoose);
  const box = useRef(null);
  const columns = useColumns(box, CARD.least, CARD.gap);
  const lines = Math.ceil((waiting ? BONES : rows.length) / columns);
  const virtual = useVirtual({ count: lines, height: CARD.height + CARD.gap });
  useRows(handle, virtual, rows.length, columns);
  const grid = { gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`, gridAutoRows: `${CARD.height}px`, gap: `${CARD.gap}px` };
  const from = virtual.from * columns;
  return html`<div class=${chosen.size > 0 ? "plugins plugins-chosen" : "plugins"} ref=${box}>
    <div ref=${virtual.ref}>
      <div style=${{ height: `${virtual.before}px` }}></div>
      ${waiting
        ? html`<div class="plugin-grid" style=${grid} aria-busy="true">${Array.from({ length: BONES }, (_, i) => html`<div class="plugin-card plugin-bone" key=${i}></div>`)}</div>`
        : html`<ul class="plugin-grid" style=${grid} aria-label=${t.list}>
            ${rows.slice(from, virtual.to * columns).map((row, i) => still(Card, row, from + i))}
          </ul>`}
      <div style=${{ height: `${virtual.after}px` }}></div>
    </div>
  </div>`;
}

/* ---- table --------------------------------------------------------------------------------------------- */

function Row({ row, index, scope, chosen, onChoose, writes }) {
  return html`<tr class=${`${row.enabled ? "" : "is-off"}${chosen ? " is-chosen" : ""}`} data-index=${index} aria-rowindex=${index + 2}>
    <td class="col-pick"><${Pick} row=${row} chosen=${chosen} onChoose=${onChoose} /></td>
    <td class="col-name">
      <div class="plugin-top"><${Logo} row=${row} /><div class="plugin-title"><${Title} row=${row} scope=${scope} /><span class="plugin-id cut">${row.pid}</span></div></div>
    </td>
    <td class="col-version num"><span class="cut">${row.version}</span></td>
    <td class="col-tags"><div class="tags tags-one">${row.tag && html`<${Badge} kind="accent">${row.tag}<//>`}<${Copy} row=${row} />${row.capabilities.slice(0, 1).map((word) => html`<${Badge} key=${word}>${word}<//>`)}</div></td>
    <td class="col-health"><${Health} row=${row} /></td>
    <td class="col-changed soft"><${Time} at=${row.changed} /></td>
    <td class="col-state">
      ${writes
        ? html`<${Switch} on=${row.enabled} label=${t.switch(row.name)} onFlip=${(on) => setEnabled(row, scope, on)} />`
        : html`<${Badge} kind=${row.enabled ? "ok" : "warn"}>${row.enabled ? t.state.on : t.state.off}<//>`}
    </td>
    <td class="col-more"><${Menu} bare small label=${t.more(row.name)} items=${() => actionsOf(row, scope, writes)} /></td>
  </tr>`;
}

const Gap = ({ height }) => (height > 0 ? html`<tr class="gap" aria-hidden="true"><td style=${{ height: `${height}px` }}></td></tr>` : null);

export function Rows({ rows, waiting, scope, chosen, onChoose, handle }) {
  const still = useStill(scope, chosen, onChoose);
  const virtual = useVirtual({ count: waiting ? BONES : rows.length, height: ROW });
  useRows(handle, virtual, rows.length);
  const all = rows.length > 0 && rows.every((row) => chosen.has(row.id));
  const c = t.columns;
  const head = [["name", c.name], ["version", c.version], ["tags", c.tags], ["health", c.health], ["changed", c.changed], ["state", c.state]];
  return html`<div class="plugins plugin-sheet">
    <table class="plugin-table" aria-label=${t.list} aria-rowcount=${rows.length + 1} aria-busy=${waiting ? "true" : undefined}>
      <thead>
        <tr aria-rowindex="1">
          <th class="col-pick" scope="col"><input type="checkbox" class="check" checked=${all} aria-label=${t.selectAll} onChange=${(e) => onChoose(rows.map((row) => row.id), e.target.checked)} /></th>
          ${head.map(([key, title]) => html`<th key=${key} class=${`col-${key}`} scope="col">${title}</th>`)}
          <th class="col-more" scope="col"><span class="unseen">${c.more}</span></th>
        </tr>
      </thead>
      <tbody ref=${virtual.ref}>
        <${Gap} key="before" height=${virtual.before} />
        ${rows.slice(virtual.from, virtual.to).map((row, i) => still(Row, row, virtual.from + i))}
        <${Gap} key="after" height=${virtual.after} />
      </tbody>
    </table>
  </div>`;
}

