/*
 * app.js - the shell: which view stands behind which address, and who is signed in.
 *
 * Addresses are fragments ("/#/account"), so that the server needs to know one page only. A new
 * noun is one file in views/ and one row in the table below.
 */
import { html, render, useEffect, useRef, useState } from "./preact.js";
import { api, onSignedOut } from "./api.js";
import { Brand, Foot, ThemeChoice, Toasts, toast } from "./parts.js";
import { texts } from "./texts.js";
import { Account } from "./views/account.js";
import { Home } from "./views/home.js";
import { Setup } from "./views/setup.js";
import { SignIn } from "./views/signin.js";

const views = [
  { path: "/", title: texts.nav.home, view: Home },
  { path: "/account", title: texts.nav.account, view: Account },
];

function place() {
  const path = location.hash.replace(/^#/, "").replace(/\/+$/, "") || "/";
  return views.find((one) => one.path === path) ?? views[0];
}

function Bar({ me, at, onSignOut }) {
  return html`<header class="bar">
    <div class="bar-inner">
      <${Brand} />
      <nav class="bar-nav" aria-label=${texts.nav.label}>
        ${views.map(
          (one) =>
            html`<a key=${one.path} href="#${one.path}" aria-current=${one === at ? "page" : undefined}>${one.title}</a>`,
        )}
        <a href="/docs">${texts.nav.docs}</a>
      </nav>
      <div class="bar-side">
        <span class="who">${me.display_name || me.username}</span>
        <${ThemeChoice} />
        <button type="button" class="button button-small" onClick=${onSignOut}>${texts.nav.signOut}</button>
      </div>
    </div>
  </header>`;
}

/* The pages of somebody who is signed in. */
function House({ me, onMe, onSignOut }) {
  const [at, go] = useState(place);
  const main = useRef(null);
  const first = useRef(true);
  useEffect(() => {
    const moved = () => go(place());
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  useEffect(() => {
    document.title = `${at.title} - ${texts.name}`;
    if (!first.current) main.current?.focus(); /* a new view is read from its top */
    first.current = false;
  }, [at]);
  return html`<div class="page">
    <a class="skip" href="#content" onClick=${(e) => (e.preventDefault(), main.current?.focus())}>${texts.skip}</a>
    <${Bar} me=${me} at=${at} onSignOut=${onSignOut} />
    <main class="page-body" id="content" tabindex="-1" ref=${main}>
      <${at.view} me=${me} onMe=${onMe} />
    </main>
    <${Foot} />
  </div>`;
}

function App() {
  const [me, setMe] = useState(undefined); // undefined = not known yet, null = nobody
  const setup = location.pathname === "/setup";
  useEffect(() => {
    onSignedOut(() => setMe(null));
    if (setup) setMe(null);
    else api.me().then(setMe, () => setMe(null));
  }, []);
  const enter = async () => {
    setMe(await api.me());
  };
  const signOut = async () => {
    try {
      await api.signOut();
      toast(texts.signin.signedOut);
      setMe(null);
    } catch (wrong) {
      toast(wrong.message, true);
    }
  };
  let page = html`<p class="waiting" aria-busy="true">${texts.waiting}</p>`;
  if (me) page = html`<${House} me=${me} onMe=${setMe} onSignOut=${signOut} />`;
  else if (me === null && setup) page = html`<${Setup} onDone=${enter} />`;
  else if (me === null) page = html`<${SignIn} onDone=${enter} />`;
  return html`${page}<${Toasts} />`;
}

render(html`<${App} />`, document.getElementById("app"));
