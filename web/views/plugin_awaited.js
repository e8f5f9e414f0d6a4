/*
 * plugin_awaited.js - a version whose package is missing or damaged: which file is awaited, and the
 * place to hand it in.
 *
 * The file goes the way of every upload (../uploads.js), aimed at where the version lives. The
 * server compares the bytes: the same ones mend the version, others are refused with the reason.
 */
import { html, useRef } from "../preact.js";
import { homeOf } from "../api.js";
import { commands } from "../commands.js";
import { Button, bytesText, CopyAs, Icon } from "../parts.js";
import { CopyButton } from "../parts/copy.js";
import { texts } from "../texts.js";
import { addUploads } from "../uploads.js";
import { fileName, writable } from "./plugin_data.js";

const t = texts.plugin.awaited;

function HandIn({ row, scope }) {
  const input = useRef(null);
  const take = (e) => {
    addUploads([...e.target.files].map((file) => ({ name: file.name, blob: file })), homeOf(row, scope));
    e.target.value = "";
  };
  return html`<div class="actions">
    <${Button} small kind="main" icon="upload" onClick=${() => input.current.click()}>${t.choose}<//>
    <${CopyAs} small call=${commands.upload(homeOf(row, scope), fileName(row))} />
    <input class="unseen" type="file" accept=".zip,application/zip" tabindex="-1" aria-hidden="true" data-for="awaited" ref=${input} onChange=${take} />
  </div>`;
}

export function Awaited({ row, scope }) {
  return html`<section class="awaited" aria-label=${t.file}>
    <p class="notice notice-danger"><${Icon} name="attention" /> ${t[row.artifact] ?? t.missing}</p>
    <div class="awaited-body">
      <dl class="facts">
        <dt>${t.file}</dt><dd><code class="wrap">${fileName(row)}</code></dd>
        <dt>${t.hash}</dt><dd class="awaited-hash"><code class="wrap">${row.sha256}</code><${CopyButton} text=${row.sha256} /></dd>
        <dt>${t.size}</dt><dd class="num">${bytesText(row.size_bytes)}</dd>
      </dl>
      <p class="small soft">${writable(row, scope) ? t.note : t.reader}</p>
      ${writable(row, scope) && html`<${HandIn} row=${row} scope=${scope} />`}
    </div>
  </section>`;
}
