/*
 * plugin_trust.js - why one may believe that these are the bytes that somebody uploaded, and who.
 *
 * The hash is the server's own, kept with the version and checked when it is read; the record of
 * what happened to the version is shown to those who may read it.
 */
import { html } from "../preact.js";
import { api } from "../api.js";
import { Badge, Card, Command, countText, EmptyState, Loaded, Table, Time, useLoad } from "../parts.js";
import { CopyButton } from "../parts/copy.js";
import { can } from "../session.js";
import { texts } from "../texts.js";
import { fileName } from "./plugin_data.js";

const t = texts.plugin.trust;
const c = texts.catalog;

const oldest = (rows) => rows.reduce((first, one) => (one.created_at < first.created_at ? one : first), rows[0]);

/* The people of the record have names; without it there is an id, and oneself. */
function uploader(row, me, audit) {
  if (row.created_by && row.created_by === me?.user_id) return t.you(me.display_name || me.username);
  const seen = audit?.find((one) => one.actor_id === row.created_by && one.actor_name);
  return seen?.actor_name ?? row.created_by ?? texts.plugin.unknown;
}

function Bytes({ plugin, row, me, audit }) {
  const first = oldest(plugin.rows);
  return html`<${Card} title=${t.title}>
    <div class="stack">
      <div class="hash"><span class="soft small">SHA-256</span><code>${row.sha256}</code><${CopyButton} text=${row.sha256} label=${t.copyHash} /></div>
      <dl class="facts">
        <dt>${t.uploader}</dt><dd>${uploader(row, me, audit)}</dd>
        <dt>${t.uploaded}</dt><dd><${Time} at=${row.created_at} /></dd>
        <dt>${t.firstSeen}</dt><dd><${Time} at=${first.created_at} />${first.id !== row.id && html` <span class="soft">(${c.versionOf(first.version)})</span>`}</dd>
        <dt>${t.changed}</dt><dd><${Time} at=${row.updated_at} /></dd>
        <dt>${texts.plugin.size}</dt><dd class="num">${t.bytes(countText(row.size_bytes))}</dd>
        <dt>${t.belongs}</dt><dd>${row.source === "system" ? t.toSystem : t.toOrg}</dd>
        <dt>${t.artifact}</dt><dd>${row.artifact !== "present" ? html`<${Badge} kind="danger" icon="attention">${texts.plugin.artifact[row.artifact] ?? c.broken}<//>` : html`<${Badge} kind="ok" icon="check">${t.present}<//>`}</dd>
        <dt>${t.replication}</dt><dd>${t.copies[row.replication] ?? row.replication}${row.s3_path && html` <code class="wrap">${row.s3_path}</code>`}</dd>
        <dt>${t.id}</dt><dd><code class="wrap">${row.id}</code></dd>
      </dl>
      <p class="small soft">${t.verify}</p>
      <${Command}>${`echo "${row.sha256}  ${fileName(row)}" | sha256sum --check`}<//>
    </div>
  <//>`;
}

/* What the detail of a row says, without what stands beside it already. */
function detailOf(detail) {
  return Object.entries(detail ?? {})
    .filter(([key, value]) => !["pid", "version", "sha256"].includes(key) && value !== null)
    .map(([key, value]) => `${key}: ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(", ");
}

function Record({ from }) {
  const columns = [
    { key: "at", title: t.when, render: (one) => html`<${Time} at=${one.at} />` },
    { key: "who", title: t.who, render: (one) => html`${one.actor_name ?? t.nobody}${one.actor_via && html` <span class="soft">${t.via(one.actor_via)}</span>`}` },
    { key: "what", title: t.what, render: (one) => html`<code>${one.action}</code>` },
    { key: "detail", title: t.detail, render: (one) => html`<span class="soft wrap">${detailOf(one.detail)}</span>` },
    { key: "request", title: t.request, render: (one) => html`<code class="soft">${one.request_id}</code>` },
  ];
  return html`<${Card} title=${t.record}>
    <${Loaded} from=${from} lines=${5}>
      ${(page) => html`<${Table} caption=${t.recordRows} columns=${columns} rows=${page} keyOf=${(one) => one.seq} empty=${html`<${EmptyState} icon="audit" title=${t.noRecord} />`} />`}
    <//>
  <//>`;
}

export function PluginTrust({ plugin, row, me }) {
  const reads = can("cadence:system:audit:read");
  const audit = useLoad(async () => (reads ? (await api.auditOf(row.id)).rows : []), [row.id, plugin.beat]);
  return html`<div class="cards">
    <${Bytes} plugin=${plugin} row=${row} me=${me} audit=${audit.value} />
    ${reads ? html`<${Record} from=${audit} />` : html`<p class="soft">${t.noRight}</p>`}
  </div>`;
}
