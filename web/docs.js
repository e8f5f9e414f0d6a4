/*
 * docs.js - the reference at /docs, drawn from /openapi.json.
 *
 * The document is the only source; this file knows how one looks, not what stands in it. It turns
 * no text into markup.
 */
import { html, render, useEffect, useState } from "./preact.js";
import { api } from "./api.js";
import { Brand, Command, Field, Loaded, ThemeChoice, useLoad } from "./parts.js";
import { texts } from "./texts.js";

const t = texts.docs;
const METHODS = ["get", "post", "put", "patch", "delete"];
const TAG_OF = { get: "tag-info", post: "tag-accent", put: "tag-warn", patch: "tag-warn", delete: "tag-danger" };

/* Follows {"$ref": "#/components/..."} to what it names. */
function follow(spec, value) {
  if (!value?.$ref) return value;
  return value.$ref
    .slice(2)
    .split("/")
    .reduce((at, key) => at?.[key], spec);
}

/* All operations in the order of the document, as flat rows. */
function operationsOf(spec) {
  return Object.entries(spec.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({
      method,
      path,
      id: item[method].operationId,
      group: item[method].tags?.[0] ?? "",
      parameters: [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map((p) => follow(spec, p)),
      ...item[method],
    })),
  );
}

function matches(op, words) {
  const text = [op.method, op.path, op.summary, op["x-permission"], op.group].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

/* The first content of a body or an answer: its media type, schema and example. */
function contentOf(spec, holder) {
  const [type, media] = Object.entries(follow(spec, holder)?.content ?? {})[0] ?? [];
  if (!type) return null;
  const schema = follow(spec, media.schema);
  const item = schema?.type === "array" ? follow(spec, schema.items) : schema;
  const example = media.example ?? schema?.example ?? (schema?.type === "array" && item?.example ? [item.example] : undefined);
  return { type, schema: item, example };
}

const shown = (example) => (typeof example === "string" ? example : JSON.stringify(example, null, 2));

const quoted = (text) => `'${String(text).replaceAll("'", `'\\''`)}'`;

/* The call as a command line, with the document's own examples in place of what is variable. */
function curlOf(spec, op) {
  const filled = op.path.replace(/\{([^}]+)\}/g, (whole, name) => {
    const found = op.parameters.find((p) => p.in === "path" && p.name === name);
    return found?.example ?? `$${name.toUpperCase().replace(/\W/g, "")}`;
  });
  const lines = [`curl ${op.method === "get" ? "" : `-X ${op.method.toUpperCase()} `}${location.origin}${filled}`];
  if (op["x-permission"] !== "public") lines.push('-H "Authorization: Bearer $TOKEN"');
  const body = contentOf(spec, op.requestBody);
  if (body?.type === "application/json") {
    lines.push('-H "Content-Type: application/json"');
    lines.push(`-d ${quoted(JSON.stringify(body.example))}`);
  } else if (body?.type === "application/x-www-form-urlencoded") {
    for (const [key, value] of Object.entries(body.example)) lines.push(`-d ${quoted(`${key}=${value}`)}`);
  } else if (body?.type === "multipart/form-data") {
    lines.push("-F file=@plugin.zip");
  }
  return lines.join(" \\\n  ");
}

const typeOf = (schema) => [schema?.type].flat().filter(Boolean).join(" or ") || "any";

function Sheet({ rows }) {
  return html`<table class="sheet">
    <thead>
      <tr>
        <th scope="col">${t.name}</th>
        <th scope="col">${t.about}</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr key=${row.key}>
            <td><code>${row.name}</code><br /><span class="soft">${row.note}</span></td>
            <td>${row.about}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function Parameters({ op, spec }) {
  if (op.parameters.length === 0) return null;
  const rows = op.parameters.map((p) => ({
    key: `${p.in} ${p.name}`,
    name: p.name,
    note: [typeOf(follow(spec, p.schema)), t.place[p.in], p.required && p.in !== "path" ? t.required : null].filter(Boolean).join(", "),
    about: p.description,
  }));
  return html`<section><h3>${t.parameters}</h3><${Sheet} rows=${rows} /></section>`;
}

function Body({ op, spec }) {
  const body = contentOf(spec, op.requestBody);
  if (!body) return null;
  const required = body.schema?.required ?? [];
  const rows = Object.entries(body.schema?.properties ?? {}).map(([name, property]) => {
    const schema = follow(spec, property);
    const note = [typeOf(schema), required.includes(name) ? t.required : null].filter(Boolean).join(", ");
    return { key: name, name, note, about: schema?.description };
  });
  return html`<section>
    <h3>${t.body} <span class="soft small mono">${body.type}</span></h3>
    ${rows.length > 0 && html`<${Sheet} rows=${rows} />`}
  </section>`;
}

function Answers({ op, spec }) {
  return html`<section>
    <h3>${t.answers}</h3>
    ${Object.entries(op.responses).map(([status, answer]) => {
      const content = contentOf(spec, answer);
      return html`<div key=${status}>
        <p><span class=${`tag ${status < "400" ? "tag-accent" : "tag-warn"}`}>${status}</span> ${follow(spec, answer).description}</p>
        ${status < "400" && content?.example !== undefined && html`<${Command}>${shown(content.example)}<//>`}
      </div>`;
    })}
  </section>`;
}

function Operation({ op, spec }) {
  const [open, setOpen] = useState(location.hash === `#${op.id}`);
  const content = () => html`<div class="op-body">
    ${op.description && html`<p>${op.description}</p>`}
    <p class="soft">${t.permission}: <code>${op["x-permission"]}</code></p>
    <${Parameters} op=${op} spec=${spec} />
    <${Body} op=${op} spec=${spec} />
    <section><h3>${t.try}</h3><${Command}>${curlOf(spec, op)}<//></section>
    <${Answers} op=${op} spec=${spec} />
  </div>`;
  return html`<details class="op" id=${op.id} open=${open} onToggle=${(e) => setOpen(e.target.open)}>
    <summary>
      <span class=${`tag op-verb ${TAG_OF[op.method]}`}>${op.method.toUpperCase()}</span>
      <span class="op-path">${op.path}</span>
      <span class="op-says">${op.summary}</span>
    </summary>
    ${open && content()}
  </details>`;
}

const anchor = (group) => `group-${group.toLowerCase().replace(/\W+/g, "-")}`;

function Side({ search, onSearch, groups, count }) {
  return html`<div class="docs-side">
    <${Field} label=${t.search} type="search" hint=${t.searchHint} value=${search} onValue=${onSearch} />
    <p class="soft small" role="status">${count === 0 ? t.nothing : t.found(count)}</p>
    <nav aria-label=${t.groups}>
      <ul>
        ${groups.map((group) => html`<li key=${group}><a href="#${anchor(group)}">${group}</a></li>`)}
      </ul>
    </nav>
  </div>`;
}

function Reference({ spec }) {
  const [search, setSearch] = useState("");
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = operationsOf(spec).filter((op) => matches(op, words));
  const groups = spec.tags.filter((tag) => found.some((op) => op.group === tag.name));
  useEffect(() => {
    if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, []);
  return html`<div class="docs">
    <${Side} search=${search} onSearch=${setSearch} groups=${groups.map((g) => g.name)} count=${found.length} />
    <div>
      ${groups.map(
        (group) =>
          html`<section class="docs-group" key=${group.name} aria-labelledby=${anchor(group.name)}>
            <div>
              <h2 id=${anchor(group.name)}>${group.name}</h2>
              <p class="soft">${group.description}</p>
            </div>
            ${found.filter((op) => op.group === group.name).map((op) => html`<${Operation} key=${op.id} op=${op} spec=${spec} />`)}
          </section>`,
      )}
    </div>
  </div>`;
}

function Docs() {
  const spec = useLoad(api.spec);
  return html`<div class="page">
    <header class="bar">
      <div class="bar-inner">
        <${Brand} />
        <nav class="bar-nav" aria-label=${texts.nav.label}>
          <a href="/#/">${t.home}</a>
          <a href="/docs" aria-current="page">${t.title}</a>
        </nav>
        <div class="bar-side"><${ThemeChoice} /></div>
      </div>
    </header>
    <main class="page-body" id="content" tabindex="-1">
      <div class="page-head">
        <div>
          <h1>${t.title}</h1>
          <p class="soft">${t.intro}</p>
        </div>
        <a href="/openapi.json">${t.download}</a>
      </div>
      <${Loaded} from=${spec}>${(value) => html`<${Reference} spec=${value} />`}<//>
    </main>
  </div>`;
}

render(html`<${Docs} />`, document.getElementById("app"));
