/*
 * home.js - the overview: who is here, which organizations, which sessions.
 */
import { html } from "../preact.js";
import { texts } from "../texts.js";
import { Orgs } from "./orgs.js";
import { Sessions } from "./sessions.js";

const t = texts.home;

export function Home({ me }) {
  return html`<div>
    <div class="page-head">
      <div>
        <h1>${t.title(me.display_name || me.username)}</h1>
        <p class="soft">${me.is_sys_admin ? t.admin : t.member}</p>
      </div>
    </div>
    <div class="cards cards-two"><${Orgs} me=${me} /><${Sessions} /></div>
  </div>`;
}
