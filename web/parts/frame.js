/*
 * frame.js - the mark, the foot, and a page with one box on it (sign-in, setup).
 */
import { html } from "../preact.js";
import { texts } from "../texts.js";
import { ThemeChoice } from "./theme.js";

export const mark = new URL("../mark.svg", import.meta.url).href;

export function Brand() {
  return html`<a class="brand" href="/#/"><img src=${mark} alt="" width="26" height="26" />${texts.name}</a>`;
}

export function Foot({ children }) {
  return html`<footer class="foot"><a href="/docs">${texts.footer.docs}</a>${children}</footer>`;
}

export function Alone({ title, tagline, children }) {
  return html`<div class="alone-page">
    <main class="alone" id="content" tabindex="-1">
      <div class="alone-box">
        <div class="alone-head">
          <img src=${mark} alt="" width="52" height="52" />
          <h1>${title}</h1>
          <p class="soft">${tagline}</p>
        </div>
        <div class="card"><div class="card-body">${children}</div></div>
      </div>
    </main>
    <${Foot}><${ThemeChoice} /><//>
  </div>`;
}
