/*
 * error.js - what went wrong: the sentence, its code, the request to look for, and a way on.
 *
 * Takes an ApiError (api.js), any Error, or a text. The server's sentence is shown as it came; its
 * single findings stand below it. The whole can be copied, for whoever has to look into it.
 */
import { html } from "../preact.js";
import { texts } from "../texts.js";
import { CopyButton } from "./copy.js";

const t = texts.error;

export function errorText(error) {
  const lines = [error.message ?? String(error)];
  if (error.code) lines.push(`${t.code} ${error.code}`);
  if (error.requestId) lines.push(t.requestId(error.requestId));
  for (const one of error.errors ?? []) lines.push(`${one.code}: ${one.message}`);
  return lines.join("\n");
}

/* brief: the sentence stands elsewhere already. */
export function ErrorPanel({ error, onRetry, onClose, findings = true, brief }) {
  const known = typeof error === "string" ? { message: error } : error;
  const list = findings && (known.errors?.length ?? 0) > 1 ? known.errors : [];
  return html`<div class=${brief ? "error error-brief" : "error"}>
    ${!brief && html`<p>${known.message} ${known.retryAfter > 0 && t.retryAfter(known.retryAfter)}</p>`}
    ${list.length > 0 && html`<ul class="error-list">${list.map((one, i) => html`<li key=${i}>${one.message}</li>`)}</ul>`}
    <div class="error-foot">
      ${known.code && html`<span class="mono">${known.code}</span>`}
      ${known.requestId && html`<span class="mono">${t.requestId(known.requestId)}</span>`}
      ${onRetry && html`<button type="button" class="button button-small" onClick=${onRetry}>${t.retry}</button>`}
      ${known.requestId && html`<${CopyButton} text=${errorText(known)} label=${t.copy} />`}
      ${onClose && html`<button type="button" class="button button-small" onClick=${onClose}>${t.close}</button>`}
    </div>
  </div>`;
}
