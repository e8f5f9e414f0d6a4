/*
 * settings.js - what is in effect and who said so. To be looked at only: settings are said where
 * the appliance is started. Secrets arrive masked.
 */
import { html } from "../preact.js";
import { admin, adminCommands } from "../admin.js";
import { Badge, CopyAs, EmptyState, Loaded, Switch, Table, useLoad, ViewHead } from "../parts.js";
import { setQuery } from "../router.js";
import { texts } from "../texts.js";

const t = texts.settings;
const KINDS = { default: "", file: "info", environment: "info", flag: "accent" };

const columns = [
  { key: "key", title: t.columns.key, render: (one) => html`<span class="row-title mono">${one.key}</span><span class="row-note">${one.help}</span>` },
  { key: "value", title: t.columns.value, render: (one) => (one.value ? html`<code class="value">${one.value}</code>` : html`<span class="soft">${t.empty}</span>`) },
  {
    key: "origin", title: t.columns.origin,
    render: (one) => html`<${Badge} kind=${KINDS[one.origin]}>${t.origins[one.origin] ?? one.origin}<//>
      <span class="row-note mono">${one.origin === "default" ? one.variable : one.where}</span>${one.live && html`<span class="row-note">${t.live}</span>`}`,
  },
];

export function Settings({ query }) {
  const list = useLoad(admin.settings);
  const words = (query.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (one) => (query.set !== "1" || one.origin !== "default") && words.every((word) => `${one.key} ${one.variable} ${one.help} ${one.value ?? ""}`.toLowerCase().includes(word));
  return html`<div>
    <${ViewHead} title=${t.title} lead=${t.lead}><${CopyAs} call=${adminCommands.settings()} /><//>
    <${Loaded} from=${list}>
      ${(all) => {
        const rows = all.filter(fits);
        return html`<div class="filters">
            <input class="input input-small filter-words" type="search" aria-label=${t.search} placeholder=${t.search} value=${query.q ?? ""} onInput=${(e) => setQuery({ q: e.target.value })} />
            <${Switch} on=${query.set === "1"} label=${t.changed} shown=${t.changed} onFlip=${(on) => setQuery({ set: on ? "1" : "" })} />
            <span class="soft small" role="status">${t.count(rows.length)}</span>
          </div>
          <div class="card sheet"><${Table} caption=${t.title} columns=${columns} rows=${rows} keyOf=${(one) => one.key} empty=${html`<${EmptyState} icon="gear" title=${t.none} />`} /></div>`;
      }}
    <//>
  </div>`;
}
