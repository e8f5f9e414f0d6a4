/*
 * plugin_tools.js - what a plugin can do and what it needs: tools, capabilities, dependencies.
 *
 * Tools come from the syntax tree of the package, so each has its place in the source. Where a
 * health check has run, it also saw the parameters; they stand beside the tool of that name.
 */
import { html } from "../preact.js";
import { api } from "../api.js";
import { Badge, Card, EmptyState, Icon, useLoad } from "../parts.js";
import { texts } from "../texts.js";
import { placeOf } from "./plugin_files.js";

const t = texts.plugin.tools;

/* The tools that the newest check which got that far has seen: name -> parameters. */
async function seenTools(row, scope) {
  const { rows } = await api.healthChecks(row, scope);
  const check = rows.find((one) => (one.detail?.tools ?? []).length > 0);
  return Object.fromEntries((check?.detail.tools ?? []).map((one) => [one.name, one]));
}

const Parameters = ({ list }) => html`<ul class="parameters" aria-label=${t.parameters}>
  ${list.map((one) => html`<li key=${one.name}><code>${one.name}${!one.required && "?"}${one.type && html`<span class="soft">: ${one.type}</span>`}</code></li>`)}
</ul>`;

function Tool({ tool, seen }) {
  return html`<li class="tool">
    <span class="tool-sign" aria-hidden="true"><${Icon} name="gear" /></span>
    <div class="row-main">
      <p class="row-title"><code>${tool.name}</code> ${seen?.async && html`<${Badge}>${t.async}<//>`}</p>
      ${tool.description && html`<p class="row-note tool-text">${tool.description}</p>`}
      ${seen?.parameters?.length > 0 && html`<${Parameters} list=${seen.parameters} />`}
    </div>
    ${tool.file && html`<a class="small place" href=${placeOf(tool.file, tool.line)}>${texts.upload.line(tool.file, tool.line)}</a>`}
  </li>`;
}

function Capability({ text }) {
  const [name, ...rest] = text.split(":");
  return html`<li><${Badge} kind="accent">${name}<//>${rest.length > 0 && html`<span class="soft">${rest.join(":").trim()}</span>`}</li>`;
}

/* "requests[socks]>=2.28,<3; python_version > '3'" -> its name, and the rest as it is. */
function Dependency({ text }) {
  const [, name, rest] = /^\s*([\w.-]+(?:\[[^\]]*\])?)\s*([\s\S]*)$/.exec(text) ?? [null, text, ""];
  return html`<li><code class="dependency-name">${name}</code>${rest ? html`<code class="soft">${rest}</code>` : html`<span class="soft small">${t.anyVersion}</span>`}</li>`;
}

export function PluginTools({ plugin, row, scope }) {
  const seen = useLoad(() => seenTools(row, scope).catch(() => ({})), [row.id, plugin.beat]);
  return html`<div class="cards cards-two">
    <${Card} title=${t.title} note=${t.note}>
      ${row.tools.length > 0
        ? html`<ul class="rows">${row.tools.map((one, i) => html`<${Tool} key=${i} tool=${one} seen=${seen.value?.[one.name]} />`)}</ul>`
        : html`<${EmptyState} icon="gear" title=${t.none}><p>${t.noneNote}</p><//>`}
    <//>
    <div class="cards">
      <${Card} title=${t.capabilities}>
        ${row.capabilities.length > 0
          ? html`<ul class="pairs">${row.capabilities.map((one, i) => html`<${Capability} key=${i} text=${one} />`)}</ul>`
          : html`<p class="soft">${t.noCapabilities}</p>`}
      <//>
      <${Card} title=${texts.plugin.dependencies}>
        ${row.dependencies.length > 0
          ? html`<ul class="pairs">${row.dependencies.map((one, i) => html`<${Dependency} key=${i} text=${one} />`)}</ul>`
          : html`<p class="soft">${t.noDependencies}</p>`}
      <//>
    </div>
  </div>`;
}
