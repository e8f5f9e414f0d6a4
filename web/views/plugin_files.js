/*
 * plugin_files.js - the files of a version as a tree, and one of them with its lines.
 *
 * ?file= and ?line= in the address lead to a place, so that findings and colleagues can point at it.
 * Text is text: whatever a file holds is drawn as characters. What is no text is a picture (a PNG,
 * which the server made sure of) or only a size. Long files are shown in part first.
 */
import { html, useEffect, useMemo, useRef, useState } from "../preact.js";
import { api } from "../api.js";
import { linesOf } from "../highlight.js";
import { Button, bytesText, Card, EmptyState, ErrorPanel, Icon, Skeleton, useLoad } from "../parts.js";
import { CopyButton } from "../parts/copy.js";
import { address, route, setQuery } from "../router.js";
import { texts } from "../texts.js";

const t = texts.plugin.files;
const FIRST_LINES = 1500;

/* ---- the tree ---------------------------------------------------------------------------------------------- */

function treeOf(files) {
  const root = { folders: new Map(), files: [] };
  for (const file of files) {
    const parts = file.name.split("/");
    const own = parts.pop();
    let at = root;
    for (const part of parts) {
      if (!at.folders.has(part)) at.folders.set(part, { folders: new Map(), files: [] });
      at = at.folders.get(part);
    }
    at.files.push({ ...file, own });
  }
  return root;
}

const here = (changes) => address(route().path, { ...route().query, tab: "files", line: "", ...changes });

function Branch({ node, at }) {
  return html`<ul class="tree">
    ${[...node.folders].map(
      ([name, inside]) =>
        html`<li key=${`/${name}`}><details open><summary><${Icon} name="folder" /><span class="cut">${name}</span></summary><${Branch} node=${inside} at=${at} /></details></li>`,
    )}
    ${node.files.map(
      (one) =>
        html`<li key=${one.name}>
          <a class="tree-file" href=${here({ file: one.name })} aria-current=${one.name === at ? "true" : undefined} title=${one.name}>
            <${Icon} name="file" /><span class="cut">${one.own}</span><span class="tree-size num">${bytesText(one.size)}</span>
          </a>
        </li>`,
    )}
  </ul>`;
}

/* ---- the viewer ----------------------------------------------------------------------------------------------- */

function Line({ pieces, n, at }) {
  return html`<li class=${n === at ? "line is-here" : "line"} id=${`L${n}`}>
    <a class="line-no" href=${here({ line: String(n) })} aria-label=${t.line(n)}>${n}</a><code class="line-text">${pieces.map((one, i) => (one.kind ? html`<span key=${i} class=${`hl-${one.kind}`}>${one.text}</span>` : one.text))}</code>
  </li>`;
}

function Source({ name, text, line }) {
  const lines = useMemo(() => linesOf(text, name), [text, name]);
  const [all, setAll] = useState(false);
  const box = useRef(null);
  const most = all ? lines.length : Math.max(FIRST_LINES, line + 50);
  useEffect(() => {
    if (line) box.current?.querySelector(".is-here")?.scrollIntoView({ block: "center" });
  }, [line, name]);
  return html`<div class="source" tabindex="0" role="region" aria-label=${t.sourceOf(name)} ref=${box}>
      <ol class="lines">${lines.slice(0, most).map((pieces, i) => html`<${Line} key=${i} pieces=${pieces} n=${i + 1} at=${line} />`)}</ol>
    </div>
    ${most < lines.length && html`<p class="source-more"><${Button} small onClick=${() => setAll(true)}>${t.showAll(lines.length)}<//></p>`}`;
}

/* What it is, by what the server says; a picture is read as its bytes, never as a page. */
async function load(row, scope, name) {
  const blob = await api.file(row, scope, name);
  if (blob.type.startsWith("text/plain")) return { kind: "text", text: await blob.text() };
  return { kind: blob.type === "image/png" ? "image" : "bytes" };
}

function Viewer({ row, scope, file, line }) {
  const from = useLoad(() => load(row, scope, file.name), [row.id, row.artifact, file.name]);
  const found = from.value;
  const head = html`<header class="source-head">
    <h2 class="cut"><code>${file.name}</code></h2><span class="soft small num">${bytesText(file.size)}</span>
    <div class="actions">
      ${found?.kind === "text" && html`<${CopyButton} text=${found.text} label=${t.copy} />`}
      <${Button} small kind="quiet" icon="download" href=${api.filePath(row, scope, file.name)} download=${file.name.split("/").pop()}>${t.save}<//>
    </div>
  </header>`;
  const body = () => {
    if (!found) return from.wrong ? html`<${ErrorPanel} error=${from.wrong} onRetry=${from.reload} />` : html`<div class="source-wait"><${Skeleton} lines=${10} /></div>`;
    if (found.kind === "image") return html`<div class="source-image"><img src=${api.filePath(row, scope, file.name)} alt=${file.name} /></div>`;
    if (found.kind === "bytes") return html`<${EmptyState} icon="file" title=${t.binary}><p>${t.binaryNote}</p><//>`;
    if (found.text === "") return html`<p class="soft source-wait">${t.empty}</p>`;
    return html`<${Source} name=${file.name} text=${found.text} line=${line} />`;
  };
  return html`<section class="card source-card" aria-label=${file.name}>${head}${body()}</section>`;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------ */

/* A finding may name a file below the top folder that the package was packed in. */
function find(files, name) {
  const without = (name ?? "").replace(/^[^/]+\//, "");
  return files.find((one) => one.name === name) ?? files.find((one) => one.name === without);
}

export function PluginFiles({ row, scope, query }) {
  const list = useLoad(() => api.files(row, scope), [row.id, row.artifact]);
  const files = list.value?.files;
  const tree = useMemo(() => files && treeOf(files), [files]);
  if (!files) return html`<${Card}>${list.wrong ? html`<${ErrorPanel} error=${list.wrong} onRetry=${list.reload} />` : html`<${Skeleton} lines=${8} />`}<//>`;
  const chosen = query.file ? find(files, query.file) : (find(files, "plugin.py") ?? files[0]);
  return html`<div class="files">
    <nav class="card files-tree" aria-label=${t.tree}>
      <p class="files-sum soft small">${t.sum(files.length, bytesText(list.value.total_bytes))}</p>
      <${Branch} node=${tree} at=${chosen?.name} />
    </nav>
    ${chosen
      ? html`<${Viewer} key=${chosen.name} row=${row} scope=${scope} file=${chosen} line=${Number(query.line) || 0} />`
      : html`<${Card}><${EmptyState} icon="search" title=${t.gone}><p>${t.goneNote(query.file)}</p><${Button} onClick=${() => setQuery({ file: "", line: "" })}>${t.all}<//><//><//>`}
  </div>`;
}

/* The address of a place in the files, for findings and tools. */
export const placeOf = (file, line) => address(route().path, { version: route().query.version, source: route().query.source, tab: "files", file, line: line ? String(line) : "" });
