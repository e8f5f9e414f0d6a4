/*
 * upload.js - the panel of uploads: where to, which files, what was found in each, what to do.
 *
 * What happens to a file is ../uploads.js; here it is only shown and decided. Closing the panel
 * stops nothing.
 */
import { html, useEffect, useRef } from "../preact.js";
import { api } from "../api.js";
import { commands } from "../commands.js";
import { takeFiles } from "../droplayer.js";
import { pluginPagePath } from "../pages.js";
import { Badge, Button, bytesText, confirm, CopyAs, Dialog, ErrorPanel, Field, Icon, IconButton, Progress, toast } from "../parts.js";
import { address } from "../router.js";
import { scopeOf, targetsOf, useSession } from "../session.js";
import { createStore, useStore } from "../store.js";
import { texts } from "../texts.js";
import { aim, cancelUpload, clearFinished, isActive, isForV1, mayReplace, needsLook, panelTarget, removeUpload, retryUpload, uploadAnyway, uploads, uploadV1 } from "../uploads.js";

const t = texts.upload;
const KIND = { done: "ok", same: "ok", refused: "danger", failed: "danger", asking: "warn", target: "warn" };
const ICON = { done: "check", same: "check", refused: "attention", failed: "attention", asking: "attention", target: "help", cancelled: "close" };

/* Where the next files go; null = the scope that is shown, as long as one may. */
const chosenTarget = createStore(null);

function Findings({ list }) {
  return html`<ul class="findings">
    ${list.map(
      (one, i) =>
        html`<li key=${i}>
          <p>${one.message}</p>
          ${one.remedy && html`<p class="finding-remedy">${one.remedy}</p>`}
          <p class="finding-place">
            ${one.stage && html`<span>${t.steps[one.stage] ?? one.stage}</span>`} ${one.rule && html`<code>${one.rule}</code>`}
            ${one.file && html`<span>${t.line(one.file, one.line)}</span>`}
          </p>
        </li>`,
    )}
  </ul>`;
}

async function disableAgain(item) {
  try {
    await api.changePlugin({ id: item.result.id, source: item.target === "system" ? "system" : "org", org_id: item.result.org_id }, item.target, { enabled: false });
    toast(t.disabled(item.result.pid));
    removeUpload(item.id);
  } catch (error) {
    toast({ error });
  }
}

const isOlder = (item) => item.findings.some((one) => /BACKPORT|OLDER|LOWER/i.test(one.rule)) || /allow_backport/.test(item.error?.message ?? "");

async function askReplace(item) {
  if (await confirm({ title: t.forceTitle, text: t.forceText(item.name), action: t.force, danger: true })) uploadV1(item.id, true);
}

function Actions({ item }) {
  if (isActive(item)) return html`<${Button} small kind="quiet" onClick=${() => cancelUpload(item.id)}>${t.cancel}<//>`;
  const rows = [];
  if (item.state === "asking") rows.push(html`<${Button} small kind="main" onClick=${() => uploadAnyway(item.id)}>${t.anyway}<//>`);
  if (item.state === "refused" && isOlder(item)) rows.push(html`<${Button} small onClick=${() => retryUpload(item.id, { backport: true })}>${t.backport}<//>`);
  if (item.state === "refused" && isForV1(item)) rows.push(html`<${Button} small kind="main" onClick=${() => uploadV1(item.id)}>${t.v1}<//>`);
  if (item.state === "refused" && mayReplace(item)) rows.push(html`<${Button} small kind="danger" onClick=${() => askReplace(item)}>${t.force}<//>`);
  if (["refused", "failed", "cancelled"].includes(item.state)) rows.push(html`<${Button} small icon="retry" onClick=${() => retryUpload(item.id)}>${t.retry}<//>`);
  if (item.result) rows.push(html`<${Button} small href=${address(pluginPagePath(item.target, item.result.pid))}>${t.open}<//>`);
  if (item.state === "done" && item.result?.id) rows.push(html`<${Button} small kind="quiet" icon="undo" onClick=${() => disableAgain(item)}>${t.disable}<//>`);
  return html`${rows}${item.target && html`<${CopyAs} small call=${commands.upload(item.target, item.name)} />`}`;
}

function Item({ item, state }) {
  const where = scopeOf(state, item.target)?.name;
  const moving = item.state === "sending" || item.state === "checking" || item.state === "storing";
  const name = item.result?.pid ? `${item.result.pid} ${item.result.version}` : item.name;
  return html`<li class="upload" data-state=${item.state}>
    <div class="upload-head">
      <div class="row-main">
        <p class="row-title cut">${name}</p>
        <p class="row-note num">${[where, bytesText(item.blob.size)].filter(Boolean).join(" · ")}${moving && item.rate > 0 && ` · ${t.speed(bytesText(item.rate))}`}</p>
      </div>
      <${Badge} kind=${KIND[item.state]} icon=${ICON[item.state]}>${t.states[item.state]}<//>
      ${!isActive(item) && html`<${IconButton} small icon="close" label=${t.remove} onClick=${() => removeUpload(item.id)} />`}
    </div>
    ${moving && html`<${Progress} value=${item.sent / (item.total || 1)} label=${t.progress(item.name)} />`}
    ${item.findings.length > 0 && html`<${Findings} list=${item.findings} />`}
    ${item.error && html`<${ErrorPanel} error=${item.error} findings=${false} brief=${item.findings.length > 0} />`}
    <div class="actions"><${Actions} item=${item} /></div>
  </li>`;
}

function Choose({ target }) {
  const files = useRef(null);
  const folder = useRef(null);
  useEffect(() => folder.current.setAttribute("webkitdirectory", ""), []);
  const take = (e) => {
    takeFiles({ files: [...e.target.files] }, target);
    e.target.value = "";
  };
  return html`<div class="upload-choose">
    <${Icon} name="upload" size="22" />
    <p>${t.none}</p>
    <div class="actions">
      <${Button} kind="main" onClick=${() => files.current.click()}>${t.choose}<//>
      <${Button} icon="folder" onClick=${() => folder.current.click()}>${t.folder}<//>
    </div>
    <input class="unseen" type="file" multiple accept=".zip,application/zip" tabindex="-1" aria-hidden="true" data-for="files" ref=${files} onChange=${take} />
    <input class="unseen" type="file" tabindex="-1" aria-hidden="true" data-for="folder" ref=${folder} onChange=${take} />
  </div>`;
}

export function Uploads({ scope, onClose }) {
  const state = useSession();
  const items = useStore(uploads, (now) => now.items);
  const chosen = useStore(chosenTarget);
  const targets = targetsOf(state);
  const fits = (id) => targets.some((one) => one.id === id);
  const target = [chosen, scope, targets.length === 1 ? targets[0].id : ""].find((id) => id && fits(id)) ?? "";
  useEffect(() => panelTarget.set(target), [target]);
  const pick = (id) => {
    chosenTarget.set(id);
    if (id) aim(id);
  };
  const options = [...(target ? [] : [{ id: "", label: t.targetNone }]), ...targets.map((one) => ({ id: one.id, label: one.name }))];
  const waiting = items.some((one) => one.state === "target");
  const finished = items.some((one) => !isActive(one) && !needsLook(one));
  const foot = finished && html`<${Button} onClick=${clearFinished}>${t.clear}<//>`;
  if (targets.length === 0) return html`<${Dialog} side title=${t.title} onClose=${onClose}><p>${t.notAllowed}</p><//>`;
  return html`<${Dialog} side title=${t.title} onClose=${onClose} foot=${foot}>
    <${Field} type="select" label=${t.target} value=${waiting ? "" : target} options=${waiting && target ? [{ id: "", label: t.targetNone }, ...options] : options} onValue=${pick} />
    <${Choose} target=${target} />
    <ul class="uploads" aria-live="polite">
      ${items.map((item) => html`<${Item} key=${item.id} item=${item} state=${state} />`)}
    </ul>
  <//>`;
}
