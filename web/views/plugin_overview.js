/*
 * plugin_overview.js - what a plugin says of itself, and how one gets it.
 *
 * The README comes out of the package and goes through parts/readme.js; its pictures are files of
 * the same package or nothing. Beside it stand the facts of the version and lines to install it.
 */
import { html, useState } from "../preact.js";
import { api } from "../api.js";
import { curl, orgFlag } from "../commands.js";
import { Badge, bytesText, Card, Choice, Command, EmptyState, ErrorPanel, Skeleton, Time, useLoad } from "../parts.js";
import { Readme } from "../parts/readme.js";
import { address } from "../router.js";
import { texts } from "../texts.js";
import { fileName, v1Name } from "./plugin_data.js";

const t = texts.plugin;

/* ---- README -------------------------------------------------------------------------------------------- */

const README = /^readme(\.(md|markdown|txt|rst))?$/i;

async function loadReadme(row, scope) {
  const { files } = await api.files(row, scope);
  const name = files.map((one) => one.name).find((one) => README.test(one));
  if (!name) return { files };
  return { files, name, text: await (await api.file(row, scope, name)).text() };
}

/* "./docs/shot.png" of a README is that file of the same package, where there is one. */
function imageOf(row, scope, files) {
  const known = new Set(files.map((one) => one.name));
  return (source) => {
    const name = source.replace(/^(\.\/)+/, "");
    return /\.png$/i.test(name) && known.has(name) ? api.filePath(row, scope, name) : "";
  };
}

function ReadmeCard({ row, scope }) {
  const from = useLoad(() => loadReadme(row, scope), [row.id, row.artifact]);
  if (row.artifact !== "present" && from.wrong) return html`<${Card}><${EmptyState} icon="attention" title=${t.artifact[row.artifact] ?? texts.catalog.broken}><p>${t.readmeLater}</p><//><//>`;
  if (from.value === undefined) return html`<${Card}>${from.wrong ? html`<${ErrorPanel} error=${from.wrong} onRetry=${from.reload} />` : html`<${Skeleton} lines=${8} />`}<//>`;
  const { name, text, files } = from.value;
  if (!name) return html`<${Card}><${EmptyState} icon="file" title=${t.noReadme}><p>${t.noReadmeNote}</p><//><//>`;
  return html`<${Card} title=${name}>
    ${/\.(md|markdown)$/i.test(name) || !name.includes(".")
      ? html`<${Readme} text=${text} image=${imageOf(row, scope, files)} />`
      : html`<pre class="readme readme-plain" tabindex="0">${text}</pre>`}
  <//>`;
}

/* ---- how one gets it -------------------------------------------------------------------------------------- */

/* A Cadence takes the same ZIP over the same route; orchestrators name it by source, id and version. */
function snippets(row, scope) {
  const name = fileName(row);
  const there = row.source === "system" ? "/api/admin/plugins/upload" : "/api/orgs/$ORG_ID/plugins/upload";
  const upload = `curl "$CADENCE_URL${there}" \\\n  -H "Authorization: Bearer $CADENCE_TOKEN" \\\n  -F file=@${name}`;
  return {
    larder: `larder download ${row.pid}@${row.version}${orgFlag(scope)}`,
    curl: curl("GET", api.downloadPath(row, scope), { output: name }),
    cadence: v1Name(row) ? `unzip ${name} -d "$PLUGIN_DIR/${v1Name(row)}-${row.version}"` : upload,
  };
}

function Install({ row, scope }) {
  const [at, setAt] = useState("larder");
  const options = ["larder", "curl", "cadence"].map((id) => ({ id, label: t.install[id] }));
  return html`<${Card} title=${t.install.title} actions=${html`<${Choice} label=${t.install.with} at=${at} onAt=${setAt} options=${options} />`}>
    <div class="stack">
      <${Command} key=${at}>${snippets(row, scope)[at]}<//>
      <p class="soft small">${t.install.notes[at]}</p>
      ${at === "cadence" && html`<p class="small">${t.install.reference} <code class="wrap">${row.source}:${row.pid}@${row.version}</code></p>`}
    </div>
  <//>`;
}

/* ---- facts -------------------------------------------------------------------------------------------------- */

const kindsOf = (row) => [t.kinds[row.agent_type] ?? row.agent_type, row.stateless ? t.stateless : t.stateful].join(", ");

function Facts({ row, plugin }) {
  const link = (tab, text) => html`<a href=${address(`/o/${encodeURIComponent(plugin.scope)}/plugins/${encodeURIComponent(row.pid)}`, { tab, version: row.is_latest ? "" : row.version, source: plugin.sources.length > 1 ? row.source : "" })}>${text}</a>`;
  return html`<${Card} title=${t.about}>
    <dl class="facts">
      <dt>${t.version}</dt><dd class="num">${row.version}</dd>
      <dt>${t.uploaded}</dt><dd><${Time} at=${row.created_at} /></dd>
      <dt>${t.size}</dt><dd class="num">${bytesText(row.size_bytes)}</dd>
      <dt>${t.kind}</dt><dd>${kindsOf(row)}</dd>
      <dt>${t.sdk}</dt><dd>${row.sdk_version ? html`<code>${row.sdk_version}</code>` : html`<span class="soft">${t.unknown}</span>`}</dd>
      <dt>${t.tabs.tools}</dt><dd>${link("tools", t.toolCount(row.tools.length))}</dd>
      <dt>${t.dependencies}</dt><dd>${link("tools", t.dependencyCount(row.dependencies.length))}</dd>
    </dl>
    ${row.capabilities.length > 0 &&
    html`<ul class="tags plugin-words" aria-label=${t.capabilities}>
      ${row.capabilities.map((one) => html`<li key=${one}><${Badge}>${one.split(":")[0]}<//></li>`)}
    </ul>`}
  <//>`;
}

export function PluginOverview({ plugin, row, scope }) {
  return html`<div class="cards cards-two">
    <${ReadmeCard} row=${row} scope=${scope} />
    <div class="cards">
      <${Install} row=${row} scope=${scope} />
      <${Facts} row=${row} plugin=${plugin} />
    </div>
  </div>`;
}
