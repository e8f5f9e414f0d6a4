/*
 * figures.js - a few numbers in a row, each with its name, and a bar of parts of a whole.
 *
 *   Figures {items: [{id, label, value, note, kind}]}   kind: warn | danger, never the only sign
 *   Share {label, parts: [{id, label, n, tone, text}]}  the parts are named and counted below the bar
 */
import { html } from "../preact.js";

export function Figures({ items }) {
  /* up to five stand in one row, more in two */
  const beside = items.length > 5 ? Math.ceil(items.length / 2) : items.length;
  return html`<dl class="figures" style=${{ "--figures": beside }}>
    ${items.map(
      (one) =>
        html`<div key=${one.id} class=${one.kind ? `figure figure-${one.kind}` : "figure"}>
          <dt>${one.label}</dt>
          <dd><span class="figure-value num">${one.value}</span>${one.note && html`<span class="figure-note">${one.note}</span>`}</dd>
        </div>`,
    )}
  </dl>`;
}

export function Share({ label, parts }) {
  const all = parts.reduce((sum, one) => sum + one.n, 0) || 1;
  return html`<div class="share">
    <div class="share-bar" role="img" aria-label="${label}: ${parts.map((one) => `${one.label} ${one.text}`).join(", ")}">
      ${parts.map((one) => html`<span key=${one.id} class="share-part share-${one.tone}" style=${{ width: `${(100 * one.n) / all}%` }}></span>`)}
    </div>
    <ul class="share-names">
      ${parts.map((one) => html`<li key=${one.id}><span class="share-dot share-${one.tone}" aria-hidden="true"></span>${one.label} <span class="soft num">${one.text}</span></li>`)}
    </ul>
  </div>`;
}
