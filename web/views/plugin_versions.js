/*
 * plugin_versions.js - every version of a plugin, newest first, and how often one was downloaded.
 *
 * Who may write here switches versions and goes back to the one before; everybody may download any
 * of them, and compare it with the one before it.
 */
import { html, useMemo, useState } from "../preact.js";
import { api } from "../api.js";
import { commands } from "../commands.js";
import { Badge, Button, bytesText, Card, Choice, copyItems, countText, ErrorPanel, Menu, Skeleton, Switch, Time, useLoad } from "../parts.js";
import { Chart } from "../parts/chart.js";
import { address, setQuery } from "../router.js";
import { texts } from "../texts.js";
import { Health } from "./catalog_rows.js";
import { flip, rollBack, writable } from "./plugin_data.js";

const t = texts.plugin;
const c = texts.catalog;
const SPANS = [30, 90, 365];

/* The server counts days of UTC. */
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", timeZone: "UTC" });
const wholeText = (n) => (Number.isInteger(n) ? countText(n) : "");

function Version({ plugin, row, before }) {
  const { scope } = plugin;
  const writes = writable(row, scope);
  const compare = before && (() => setQuery({ tab: "diff", from: before.version, to: row.version }, { push: true }));
  const items = [
    ...(compare ? [{ id: "diff", label: t.compareWith(before.version), icon: "table", onPick: compare }, { line: true }] : []),
    { title: t.asDownload }, ...copyItems(commands.download(row, scope)),
  ];
  const here = address(`/o/${encodeURIComponent(scope)}/plugins/${encodeURIComponent(row.pid)}`, { version: row.is_latest ? "" : row.version, source: plugin.sources.length > 1 ? row.source : "" });
  return html`<li class=${`version${row.enabled ? "" : " is-off"}${row.is_latest ? " is-latest" : ""}`}>
    <span class="version-dot" aria-hidden="true"></span>
    <div class="row-main">
      <p class="row-title"><a class="num" href=${here}>${row.version}</a>
        ${row.is_latest && html`<${Badge} kind="ok">${t.latest}<//>`} ${!row.enabled && html`<${Badge} kind="warn" icon="pause">${c.state.off}<//>`}
        ${row.health !== "unchecked" && html`<${Health} row=${row} />`} ${row.artifact !== "present" && html`<${Badge} kind="danger" icon="attention">${t.artifact[row.artifact] ?? c.broken}<//>`}
        ${row.quarantined && html`<${Badge} kind="danger" icon="shield">${t.quarantined}<//>`} ${row.tag && html`<${Badge} kind="accent" icon="tag">${row.tag}<//>`}
      </p>
      <p class="row-note"><${Time} at=${row.created_at} /> · <span class="num">${bytesText(row.size_bytes)}</span> · <code title=${row.sha256}>${row.sha256.slice(0, 12)}</code></p>
    </div>
    <div class="actions">
      ${writes && !row.quarantined && html`<${Switch} on=${row.enabled} label=${c.switch(`${row.name} ${row.version}`)} onFlip=${(on) => flip(plugin, row, on)} />`}
      <${Button} small icon="download" href=${api.downloadLink(row, scope)} download aria-label=${t.downloadOf(row.version)}>${t.download}<//>
      <${Menu} bare small label=${c.more(row.version)} items=${items} />
    </div>
  </li>`;
}

function Downloads({ plugin, row }) {
  const [days, setDays] = useState(SPANS[0]);
  const from = useLoad(() => api.downloads(row, plugin.scope, days), [row.id, days]);
  const shown = useMemo(() => from.value && { times: from.value.days.map((one) => day.format(new Date(one.day))), series: [{ label: t.downloads, values: from.value.days.map((one) => one.count) }] }, [from.value]);
  const spans = SPANS.map((n) => ({ id: n, label: t.days(n) }));
  return html`<${Card} title=${t.downloadsOf(row.version)} note=${from.value && t.downloadCount(from.value.total)}
    actions=${html`<${Choice} label=${t.span} at=${days} onAt=${setDays} options=${spans} />`}>
    ${!shown && (from.wrong ? html`<${ErrorPanel} error=${from.wrong} onRetry=${from.reload} />` : html`<${Skeleton} lines=${5} />`)}
    ${shown &&
    (shown.series[0].values.some((n) => n > 0)
      ? html`<${Chart} key=${days} title=${t.downloadsOf(row.version)} times=${shown.times} series=${shown.series} bars format=${wholeText} height=${180} />`
      : html`<p class="soft">${t.noDownloads}</p>`)}
  <//>`;
}

export function PluginVersions({ plugin, row }) {
  const { rows } = plugin;
  const back = writable(row, plugin.scope) && rows.filter((one) => one.enabled).length > 1;
  return html`<div class="cards">
    <${Card} title=${t.versions} note=${t.versionsNote} actions=${back && html`<${Button} small icon="undo" onClick=${() => rollBack(plugin)}>${t.rollback}<//>`}>
      <ol class="rows versions">${rows.map((one, i) => html`<${Version} key=${one.id} plugin=${plugin} row=${one} before=${rows[i + 1]} />`)}</ol>
    <//>
    <${Downloads} plugin=${plugin} row=${row} />
  </div>`;
}
