/*
 * plugin_diff.js - what one version has otherwise than another: settings, dependencies, tools, files.
 *
 * Two choices in the address (?from=&to=, versions) and the server's comparison of the two. Signs
 * and words tell what was added and removed, colours only help. Long files are shown in part first.
 */
import { html, useState } from "../preact.js";
import { api } from "../api.js";
import { commands } from "../commands.js";
import { Badge, Button, bytesText, Card, CopyAs, EmptyState, ErrorPanel, Field, IconButton, Skeleton, useLoad } from "../parts.js";
import { setQuery } from "../router.js";
import { texts } from "../texts.js";

const t = texts.plugin.diff;
const FIRST_LINES = 400;

/* ---- lists: what went, what came, what changed ------------------------------------------------------------ */

const spell = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/* Items with a key stand on both sides when they changed: one row then, with the fields that differ. */
function matched({ removed, added }, keyOf) {
  const rows = [];
  const left = [...removed];
  for (const now of added) {
    const at = left.findIndex((one) => keyOf(one) === keyOf(now));
    const was = at < 0 ? null : left.splice(at, 1)[0];
    rows.push({ key: keyOf(now), was, now });
  }
  return [...left.map((was) => ({ key: keyOf(was), was, now: null })), ...rows].sort((a, b) => (a.key < b.key ? -1 : 1));
}

function Fields({ was, now }) {
  const keys = [...new Set([...Object.keys(was), ...Object.keys(now)])].filter((key) => JSON.stringify(was[key]) !== JSON.stringify(now[key]) && key !== "line");
  return html`<ul class="diff-fields">
    ${keys.map((key) => html`<li key=${key}><span class="soft">${key}</span> <del>${spell(was[key] ?? null)}</del> <ins>${spell(now[key] ?? null)}</ins></li>`)}
    ${keys.length === 0 && html`<li class="soft">${t.moved}</li>`}
  </ul>`;
}

const KINDS = { added: "ok", removed: "danger", changed: "info" };

function Items({ title, rows }) {
  if (rows.length === 0) return null;
  return html`<section class="diff-part">
    <h3>${title}</h3>
    <ul class="rows">
      ${rows.map(({ key, was, now }) => {
        const change = was && now ? "changed" : now ? "added" : "removed";
        return html`<li key=${`${change} ${key}`}>
          <div class="row-main"><p class="row-title"><code>${key}</code></p>${change === "changed" && typeof now === "object" && html`<${Fields} was=${was} now=${now} />`}
            ${change !== "changed" && typeof (now ?? was) === "object" && html`<p class="row-note">${(now ?? was).description}</p>`}</div>
          <${Badge} kind=${KINDS[change]}>${t.change[change]}<//>
        </li>`;
      })}
    </ul>
  </section>`;
}

/* ---- files ---------------------------------------------------------------------------------------------------- */

const SIGN = { "+": "is-added", "-": "is-removed", " ": "" };

function Lines({ name, lines }) {
  const [all, setAll] = useState(lines.length <= FIRST_LINES * 1.2);
  const shown = all ? lines : lines.slice(0, FIRST_LINES);
  return html`<div class="diff-scroll" tabindex="0" role="region" aria-label=${t.linesOf(name)}>
      <table class="diff">
        <caption class="unseen">${t.linesOf(name)}</caption>
        <thead class="unseen"><tr><th scope="col">${t.oldLine}</th><th scope="col">${t.newLine}</th><th scope="col">${t.sign}</th><th scope="col">${t.text}</th></tr></thead>
        <tbody>
          ${shown.map((line, i) =>
            line === null
              ? html`<tr key=${i} class="diff-gap"><td colspan="4">${t.equal}</td></tr>`
              : html`<tr key=${i} class=${SIGN[line[0]]}><td class="diff-no">${line[1]}</td><td class="diff-no">${line[2]}</td><td class="diff-sign">${line[0]}</td><td class="diff-text">${line[3]}</td></tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${!all && html`<p><${Button} small onClick=${() => setAll(true)}>${t.showAll(lines.length)}<//></p>`}`;
}

const countOf = (lines, sign) => lines?.filter((one) => one?.[0] === sign).length ?? 0;

function File({ file }) {
  const [open, setOpen] = useState(true);
  const { name, change, lines } = file;
  return html`<details class="diff-file" open=${open} onToggle=${(e) => setOpen(e.currentTarget.open)}>
    <summary>
      <code class="diff-name">${name}</code> <${Badge} kind=${KINDS[change]}>${t.change[change]}<//>
      ${lines && html`<span class="num diff-plus">+${countOf(lines, "+")}</span> <span class="num diff-minus">−${countOf(lines, "-")}</span>`}
    </summary>
    ${open && (lines ? html`<${Lines} name=${name} lines=${lines} />` : html`<p class="diff-none soft">${t.noText(bytesText(file.old_size), bytesText(file.new_size))}</p>`)}
  </details>`;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

function Shown({ found }) {
  const { files, settings, dependencies, capabilities, tools } = found;
  const plain = (list) => matched(list, spell);
  const parts = [
    [t.settings, matched(settings, (one) => one.key)],
    [t.dependencies, plain(dependencies)],
    [t.tools, matched(tools, (one) => one.name)],
    [t.capabilities, plain(capabilities)],
  ];
  const nothing = files.length === 0 && parts.every(([, rows]) => rows.length === 0);
  if (nothing) return html`<${Card}><${EmptyState} icon="check" title=${t.same}><p>${t.sameNote}</p><//><//>`;
  return html`<div class="cards">
    ${parts.some(([, rows]) => rows.length > 0) &&
    html`<${Card} title=${t.about}><div class="diff-parts">${parts.map(([title, rows]) => html`<${Items} key=${title} title=${title} rows=${rows} />`)}</div><//>`}
    <${Card} title=${t.files(files.length)}>
      <div class="diff-files">${files.map((file) => html`<${File} key=${file.name} file=${file} />`)}</div>
    <//>
  </div>`;
}

/* The newest of the others that is older than this one, else the one after it. */
function standard(rows, row) {
  const at = rows.indexOf(rows.find((one) => one.id === row.id));
  return rows[at + 1] ? [rows[at + 1], rows[at]] : [rows[at], rows[at - 1]];
}

export function PluginDiff({ plugin, row, query }) {
  const { rows, scope } = plugin;
  const [otherwiseFrom, otherwiseTo] = standard(rows, row);
  const from = rows.find((one) => one.version === query.from) ?? otherwiseFrom;
  const to = rows.find((one) => one.version === query.to) ?? otherwiseTo;
  const found = useLoad(() => api.difference(from, to, scope), [from.id, to.id]);
  const options = rows.map((one) => ({ id: one.version, label: one.version }));
  const fresh = found.value?.old.id === from.id && found.value?.new.id === to.id;
  return html`<div class="cards">
    <div class="diff-pick">
      <${Field} type="select" label=${t.from} value=${from.version} options=${options} onValue=${(version) => setQuery({ from: version, to: to.version })} />
      <${IconButton} icon="sync" label=${t.swap} kind="plain" onClick=${() => setQuery({ from: to.version, to: from.version })} />
      <${Field} type="select" label=${t.to} value=${to.version} options=${options} onValue=${(version) => setQuery({ from: from.version, to: version })} />
      <${CopyAs} call=${commands.difference(from, to, scope)} />
    </div>
    <div aria-live="polite">
      ${found.wrong && html`<${ErrorPanel} error=${found.wrong} onRetry=${found.reload} />`}
    </div>
    ${fresh ? html`<${Shown} found=${found.value} />` : !found.wrong && html`<${Card}><${Skeleton} lines=${8} /><//>`}
  </div>`;
}
