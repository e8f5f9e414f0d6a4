/*
 * plugin.js - one plugin: its title, what can be done with it, and its tabs.
 *
 * The address says what is shown: ?version= (the latest without it), ?source= where the same id
 * stands twice, ?tab=, and in the files ?file=&line=. Each tab is a file of its own beside this one
 * and gets {plugin, row, scope, query}; plugin_data.js holds what they share.
 */
import { html, useState } from "../preact.js";
import { api } from "../api.js";
import { commands } from "../commands.js";
import { catalogPath } from "../pages.js";
import {
  Badge, Button, Choice, ConfirmTyped, copyText, EmptyState, ErrorPanel, Icon, IconButton, Menu, Skeleton, Switch, Tabs, toast, useTask,
} from "../parts.js";
import { PluginMark } from "../parts/mark.js";
import { address, go, setQuery } from "../router.js";
import { texts } from "../texts.js";
import { Ask } from "../parts/ask.js";
import { Health } from "./catalog_rows.js";
import { Awaited } from "./plugin_awaited.js";
import { PluginChecks } from "./plugin_checks.js";
import { flip, menuOf, quarantine, setTag, usePlugin, v1Name, writable } from "./plugin_data.js";
import { PluginDiff } from "./plugin_diff.js";
import { PluginFiles } from "./plugin_files.js";
import { PluginOverview } from "./plugin_overview.js";
import { PluginSettings } from "./plugin_settings.js";
import { PluginTools } from "./plugin_tools.js";
import { PluginTrust } from "./plugin_trust.js";
import { PluginVersions } from "./plugin_versions.js";

const t = texts.plugin;
const c = texts.catalog;

const PARTS = {
  readme: PluginOverview, versions: PluginVersions, diff: PluginDiff, settings: PluginSettings,
  files: PluginFiles, tools: PluginTools, checks: PluginChecks, trust: PluginTrust,
};

/* ---- the title ------------------------------------------------------------------------------------- */

const COPY = { replicated: ["ok", "cloud"], pending: ["info", "clock"], conflict: ["warn", "attention"], local: ["", "storage"] };

/* For all a way to its like; for those who may write it can be changed. */
function Tag({ row, scope, ask }) {
  const writes = writable(row, scope);
  if (row.tag)
    return html`<li><a class="tag tag-accent" href=${address(catalogPath(scope), { tag: row.tag })} aria-label=${t.tagFilter(row.tag)}><${Icon} name="tag" size="12" />${row.tag}</a>
      ${writes && html`<${IconButton} small icon="pen" label=${t.tagChange} onClick=${() => ask("tag")} />`}</li>`;
  return writes ? html`<li><button type="button" class="tag tag-add" onClick=${() => ask("tag")}><${Icon} name="plus" size="12" />${t.tagAdd}</button></li>` : null;
}

function TagForm({ plugin, row, onClose }) {
  const call = ({ tag }) => commands.tag(row, plugin.scope, tag.trim());
  return html`<${Ask} title=${t.tagTitle(row.version)} action=${t.tagSave} fields=${[{ key: "tag", label: t.tag, hint: t.tagHint }]} start=${{ tag: row.tag ?? "" }}
    call=${call} onClose=${onClose} onSubmit=${({ tag }) => setTag(plugin, row, tag.trim())} />`;
}

function Badges({ row, scope, ask }) {
  const [kind, icon] = COPY[row.replication] ?? COPY.local;
  return html`<ul class="tags plugin-badges" aria-label=${t.state}>
    <li><${Badge} icon=${row.source === "system" ? "system" : "org"}>${c.source[row.source]}<//></li>
    <li><${Badge} kind=${row.is_latest ? "ok" : "warn"}>${row.is_latest ? t.latest : t.notLatest}<//></li>
    <li><${Badge} kind=${row.enabled ? "ok" : "warn"} icon=${row.enabled ? "check" : "pause"}>${row.enabled ? c.state.on : c.state.off}<//></li>
    <li><${Health} row=${row} /></li>
    ${row.artifact !== "present"
      ? html`<li><${Badge} kind="danger" icon="attention">${t.artifact[row.artifact] ?? c.broken}<//></li>`
      : html`<li><${Badge} kind=${kind} icon=${icon}>${c.copy[row.replication] ?? row.replication}<//></li>`}
    ${row.quarantined && html`<li><${Badge} kind="danger" icon="shield">${t.quarantined}<//></li>`}
    <${Tag} row=${row} scope=${scope} ask=${ask} />
  </ul>`;
}

function VersionMenu({ plugin, row }) {
  const items = plugin.rows.map((one) => ({
    id: one.id, label: one.version, checked: one.id === row.id, end: [one.is_latest && t.latest, !one.enabled && t.off].filter(Boolean).join(", "),
    onPick: () => setQuery({ version: one.is_latest ? "" : one.version, file: "", line: "" }, { push: true }),
  }));
  return html`<${Menu} label=${t.versionIs(row.version)} icon="down" items=${items} search=${items.length > 8} />`;
}

async function copyId(pid) {
  toast((await copyText(pid)) ? texts.copy.done : { text: texts.copy.failed, bad: true });
}

function Head({ plugin, row, ask }) {
  const { scope } = plugin;
  return html`<header class="plugin-head">
    <${PluginMark} row=${row} />
    <div class="plugin-head-text">
      <p class="plugin-trail"><a href=${address(catalogPath(scope))}>${t.back}</a></p>
      <h1>${row.name}</h1>
      <p class="plugin-pid"><code>${row.pid}</code><${IconButton} small icon="copy" label=${t.copyId} onClick=${() => copyId(row.pid)} /></p>
      ${row.description && html`<p class="plugin-lead">${row.description}</p>`}
      <${Badges} row=${row} scope=${scope} ask=${ask} />
    </div>
    <div class="plugin-do">
      ${plugin.sources.length > 1 &&
      html`<${Choice} label=${c.filter.source} at=${plugin.source} options=${plugin.sources.map((id) => ({ id, label: c.source[id] }))}
        onAt=${(source) => setQuery({ source, version: "", file: "", line: "" }, { push: true })} />`}
      <div class="actions">
        ${writable(row, scope) && !row.quarantined &&
        html`<${Switch} on=${row.enabled} label=${c.switch(`${row.name} ${row.version}`)} shown=${row.enabled ? c.state.on : c.state.off} onFlip=${(on) => flip(plugin, row, on)} />`}
        <${VersionMenu} plugin=${plugin} row=${row} />
        ${row.artifact === "present" && html`<${Button} kind="main" icon="download" href=${api.downloadLink(row, scope)} download>${t.download}<//>`}
        <${Menu} bare label=${c.more(row.name)} items=${() => menuOf(plugin, row, ask)} />
      </div>
    </div>
  </header>`;
}

/* ---- deletion over the v1 API -------------------------------------------------------------------------- */

function Delete({ plugin, row, onClose }) {
  const word = `${v1Name(row)}-${row.version}`;
  const task = useTask(async () => {
    await api.v1Delete(v1Name(row), row.version);
    toast(t.removed(word));
    onClose();
    if (plugin.rows.length === 1) go(catalogPath(plugin.scope));
    else setQuery({ version: "" });
    plugin.list.reload();
  });
  return html`<${ConfirmTyped} title=${t.removeTitle(word)} word=${word} action=${t.remove} call=${commands.v1Delete(v1Name(row), row.version)} busy=${task.busy} onConfirm=${task.run} onClose=${onClose}>
    <p>${t.removeText}</p>
    <div role="alert">${task.wrong && html`<${ErrorPanel} error=${task.wrong} />`}</div>
  <//>`;
}

/* ---- the whole ------------------------------------------------------------------------------------------ */

const Missing = ({ scope, pid }) =>
  html`<${EmptyState} whole icon="search" title=${t.notFound}><p>${t.notFoundNote(pid)}</p><${Button} href=${address(catalogPath(scope))}>${t.toCatalog}<//><//>`;

function Quarantined({ plugin, row, me }) {
  return html`<div class="notice notice-danger plugin-notice"><p>${t.quarantineNote}</p>
    ${me.is_sys_admin && html`<${Button} small icon="undo" onClick=${() => quarantine(plugin, row, false)}>${t.lift}<//>`}</div>`;
}

function tabsOf(plugin, row) {
  return [
    { id: "readme", title: t.tabs.readme },
    { id: "versions", title: t.tabs.versions, count: plugin.rows.length },
    ...(plugin.rows.length > 1 ? [{ id: "diff", title: t.tabs.diff }] : []),
    { id: "settings", title: t.tabs.settings, count: row.settings_schema.length },
    { id: "tools", title: t.tabs.tools, count: row.tools.length },
    { id: "files", title: t.tabs.files },
    { id: "checks", title: t.tabs.checks },
    { id: "trust", title: t.tabs.trust },
  ];
}

export function Plugin({ scope, params, query, me }) {
  const plugin = usePlugin(scope, params.pid, query);
  const [asked, ask] = useState("");
  const { list, row } = plugin;
  if (list.wrong?.status === 404) return html`<${Missing} scope=${scope} pid=${params.pid} />`;
  if (!row && list.wrong) return html`<${ErrorPanel} error=${list.wrong} onRetry=${list.reload} />`;
  if (!row) return list.value ? html`<${Missing} scope=${scope} pid=${params.pid} />` : html`<${Skeleton} lines=${6} />`;
  const tabs = tabsOf(plugin, row);
  const at = tabs.some((one) => one.id === query.tab) ? query.tab : "readme";
  const Part = PARTS[at];
  return html`<div class="plugin-page">
    <${Head} plugin=${plugin} row=${row} ask=${ask} />
    ${plugin.lost && html`<p class="notice notice-warn" role="status">${t.lost(plugin.lost, row.version)}</p>`}
    ${row.quarantined && html`<${Quarantined} plugin=${plugin} row=${row} me=${me} />`}
    ${row.artifact !== "present" && html`<${Awaited} row=${row} scope=${scope} />`}
    <${Tabs} label=${t.tabsLabel} tabs=${tabs} at=${at} onAt=${(tab) => setQuery({ tab: tab === "readme" ? "" : tab, file: "", line: "" }, { push: true })}>
      <${Part} key=${at === "versions" || at === "diff" ? plugin.source : row.id} plugin=${plugin} row=${row} scope=${scope} query=${query} me=${me} />
    <//>
    ${asked === "tag" && html`<${TagForm} plugin=${plugin} row=${row} onClose=${() => ask("")} />`}
    ${asked === "delete" && html`<${Delete} plugin=${plugin} row=${row} onClose=${() => ask("")} />`}
  </div>`;
}
