/*
 * shell.js - what stands around every view: the side with switcher and pages, the banner of the
 * connection, the view of the address, and what floats above all of them.
 *
 * The side shows what the signed-in person may see and nothing else; the server decides again. A
 * view is fetched when it is first shown, and the one before stays until it has arrived.
 */
import { html, useEffect, useErrorBoundary, useLayoutEffect, useRef, useState } from "./preact.js";
import { api } from "./api.js";
import { DropLayer, UploadPanel } from "./droplayer.js";
import { keep } from "./kept.js";
import { useKeys } from "./keys.js";
import { line, tryNow, useLive } from "./live.js";
import { catalogPath, hasPage, loadPage, pageAt, pages } from "./pages.js";
import { Brand, Button, EmptyState, ErrorPanel, Icon, IconButton, Menu, Skeleton, toast, toastOffline } from "./parts.js";
import { setTheme, theme, themes } from "./parts/theme.js";
import { address, go, useRoute } from "./router.js";
import { enter, firstScope, knowsGrants, leave, loadGrants, may, scopeOf, scopesOf, targetsOf, useCan, useSession } from "./session.js";
import { useStore } from "./store.js";
import { texts } from "./texts.js";
import { isActive, openUploads, uploads } from "./uploads.js";

const t = texts.nav;

const LOOK_AGAIN = 20000;
const QUIET = ["disabled", "online", "starting", "single-writer"]; /* states of replication without a banner */

let localOnlyHidden = false;

/* ---- the side --------------------------------------------------------------------------------- */

const letterOf = (name) => [...name.trim()][0]?.toUpperCase() ?? "?";

function Switcher({ state, scope, page }) {
  const scopes = scopesOf(state);
  const at = scopes.find((one) => one.id === scope);
  if (scopes.length === 0) return null;
  const items = scopes.map((one) => ({
    id: one.id, label: one.name, checked: one.id === scope, icon: one.id === "system" ? "system" : "org",
    href: address(page?.nav?.group === "scope" && hasPage(page, one.id) ? page.path.replace(":scope", encodeURIComponent(one.id)) : catalogPath(one.id)),
  }));
  const name = at?.name ?? texts.scope.label;
  const note = at ? (at.id === "system" ? texts.scope.systemNote : (at.domain ?? texts.scope.roles[at.role] ?? "")) : "";
  const face = html`<span class="face" aria-hidden="true">${letterOf(name)}</span><span class="unseen">${texts.scope.at}</span>
    <span class="switcher-text"><strong class="cut">${name}</strong><span class="cut">${note}</span></span><${Icon} name="down" />`;
  return html`<${Menu} label=${texts.scope.label} look="switcher switcher-framed" face=${face} items=${items} search=${items.length > 8} />`;
}

function NavGroup({ title, rows }) {
  if (rows.length === 0) return null;
  return html`<div>
    <p class="side-title">${title}</p>
    <ul class="side-list">
      ${rows.map(
        (row) =>
          html`<li key=${row.id}>
            <a class="side-link" href=${row.href} aria-current=${row.here ? "page" : undefined}><${Icon} name=${row.icon} />${row.title}</a>
          </li>`,
      )}
    </ul>
  </div>`;
}

function rowsOf(state, group, scope, at) {
  return pages
    .filter((page) => page.nav?.group === group && hasPage(page, scope))
    .filter((page) => !page.needs || may(state, page.needs, scope))
    .map((page) => ({
      id: page.id, title: page.title, icon: page.nav.icon, here: page === at,
      href: address(page.path.replace(":scope", encodeURIComponent(scope))),
    }));
}

function UploadLink() {
  const items = useStore(uploads, (now) => now.items);
  const active = items.filter(isActive).length;
  return html`<button type="button" class="side-link side-button" onClick=${() => openUploads()}>
    <${Icon} name="upload" />${t.upload}${items.length > 0 && html`<span class="count">${items.length - active} / ${items.length}</span>`}
  </button>`;
}

function Person({ me, onSignOut, onHelp }) {
  const at = useStore(theme);
  const name = me.display_name || me.username;
  const note = me.is_sys_admin ? texts.scope.roles.sys_admin : (me.email ?? texts.scope.roles.member);
  const items = [
    { id: "account", label: t.account, icon: "person", href: address("/account") },
    { id: "docs", label: t.docs, icon: "file", href: "/docs" },
    { id: "keys", label: t.keys, icon: "keyboard", onPick: onHelp },
    { line: true },
    { title: texts.theme.label },
    ...themes.map((id) => ({ id, label: texts.theme[id], icon: id, checked: at === id, onPick: () => setTheme(id) })),
    { line: true },
    { id: "out", label: t.signOut, icon: "out", onPick: onSignOut },
  ];
  const face = html`<span class="face face-round" aria-hidden="true">${letterOf(name)}</span><span class="unseen">${t.person}</span>
    <span class="switcher-text"><strong class="cut">${name}</strong><span class="cut">${note}</span></span>`;
  return html`<${Menu} label=${t.account} look="switcher" face=${face} items=${items} />`;
}

function Side({ state, scope, page, onSignOut, onHelp, onPalette }) {
  return html`<aside class="side" id="side" aria-label=${t.side}>
    <${Brand} />
    <${Switcher} state=${state} scope=${scope} page=${page} />
    <button type="button" class="side-link side-button side-search" onClick=${onPalette}>
      <${Icon} name="search" />${t.search}<kbd>Ctrl K</kbd>
    </button>
    <nav class="side-nav" aria-label=${t.label}>
      <${NavGroup} title=${t.groups.scope} rows=${rowsOf(state, "scope", scope, page)} />
      <${NavGroup} title=${t.groups.people} rows=${rowsOf(state, "people", scope, page)} />
      <${NavGroup} title=${t.groups.system} rows=${rowsOf(state, "system", scope, page)} />
    </nav>
    <div class="side-foot">
      ${targetsOf(state).length > 0 && html`<${UploadLink} />`}
      <${Person} me=${state.me} onSignOut=${onSignOut} onHelp=${onHelp} />
    </div>
  </aside>`;
}

/* ---- the view --------------------------------------------------------------------------------- */

/* The view's component, the one before until it has arrived. */
function useView(page) {
  const [shown, show] = useState(null);
  const [wrong, setWrong] = useState(null);
  useEffect(() => {
    let here = true;
    setWrong(null);
    if (page) loadPage(page).then(
      (file) => here && show({ page, View: file[page.view] }),
      (error) => here && setWrong(error),
    );
    return () => {
      here = false;
    };
  }, [page]);
  return { shown: shown?.page === page ? shown : null, wrong };
}

const Lost = () => html`<${EmptyState} whole icon="search" title=${texts.lost.title}><p>${texts.lost.note}</p><${Button} href="#/">${texts.lost.back}<//><//>`;
const Gone = () => html`<${EmptyState} whole icon="org" title=${texts.scope.gone}><p>${texts.scope.goneNote}</p><//>`;

function Denied({ page, scope }) {
  const name = page.needs.startsWith("cadence:") ? page.needs : `cadence:${scope === "system" ? "system" : "org"}:${page.needs}`;
  return html`<${EmptyState} whole icon="shield" title=${texts.denied.title}><p>${texts.denied.note(name)}</p><//>`;
}

function View({ state, found, route, scope }) {
  const page = found?.page;
  const { shown, wrong } = useView(page);
  const [broken] = useErrorBoundary();
  const scoped = page?.path.includes(":scope");
  if (broken)
    return html`<${ErrorPanel} error=${{ message: texts.error.broken, errors: [] }} /><p class="actions"><${Button} onClick=${() => location.reload()}>${texts.error.reload}<//></p>`;
  if (route.path === "/") return html`<${Skeleton} />`; /* on the way to the catalog */
  if (!found) return html`<${Lost} />`;
  if (scoped && !scopeOf(state, scope)) return html`<${Gone} />`;
  if (scoped && !knowsGrants(state, scope)) return html`<${Skeleton} />`;
  if (page.needs && !may(state, page.needs, scope)) return html`<${Denied} page=${page} scope=${scope} />`;
  if (wrong) return html`<${ErrorPanel} error=${wrong} onRetry=${() => location.reload()} />`;
  if (!shown) return html`<${Skeleton} />`;
  return html`<${shown.View} key=${[page.id, ...Object.values(found.params)].join(" ")} me=${state.me} scope=${scope} params=${found.params} query=${route.query} />`;
}

/* Somebody has to add this person to an organization; then it goes on by itself. */
function Homeless({ me }) {
  useEffect(() => {
    const timer = setInterval(() => enter(me).catch(() => {}), LOOK_AGAIN);
    return () => clearInterval(timer);
  }, []);
  return html`<${EmptyState} whole icon="org" title=${texts.scope.none}><p>${texts.scope.noneNote}</p><//>`;
}

/* Nothing is copied elsewhere: said quietly, once a session, to who could do something about it. */
function LocalOnly() {
  const can = useCan();
  const [reason, setReason] = useState("");
  const [hidden, hide] = useState(localOnlyHidden);
  const allowed = can("cadence:system:storage:read");
  const look = () => allowed && api.replicationState().then((now) => setReason(QUIET.includes(now.state) ? "" : (now.reason ?? now.state)), () => {});
  useEffect(() => void look(), [allowed]);
  useLive(["replication.state"], look);
  if (!allowed || !reason || hidden) return null;
  const close = () => {
    localOnlyHidden = true;
    hide(true);
  };
  const r = texts.replication;
  return html`<div class="banner banner-quiet"><${Icon} name="cloud" /><span>${r.banner} <a href=${address("/admin/replication")}>${r.bannerMore}</a></span>
    <${IconButton} small icon="close" label=${r.bannerHide} onClick=${close} /></div>`;
}

function Banner() {
  const state = useStore(line);
  return html`<div role="status">
    ${state !== "down" && html`<${LocalOnly} />`}
    ${state === "down" && html`<div class="banner banner-warn"><${Icon} name="cloud" />${texts.line.down}<${Button} small onClick=${tryNow}>${texts.line.tryNow}<//></div>`}
  </div>`;
}

/* ---- the whole --------------------------------------------------------------------------------- */

/* What the palette and the help need is fetched when one of them is first opened. */
function useFloating() {
  const [at, setAt] = useState(null);
  const open = async (name) => {
    try {
      const file = name === "help" ? await import("./help.js") : await import("./palette.js");
      setAt({ name, Part: name === "help" ? file.Help : file.Palette });
    } catch {
      toastOffline();
    }
  };
  return { at, open, close: () => setAt(null) };
}

async function signOut() {
  try {
    await api.signOut();
    toast(texts.signin.signedOut);
  } catch (error) {
    if (error.status !== 401) return toast({ error });
  }
  return leave();
}

export function House() {
  const state = useSession();
  const route = useRoute();
  const found = pageAt(route.path);
  const [last, setLast] = useState("");
  const scope = found?.params.scope ?? (last || firstScope(state));
  const main = useRef(null);
  const first = useRef(true);
  const [side, setSide] = useState(false);
  const floating = useFloating();
  /* at once: later it would take the focus from whoever has already gone on */
  useLayoutEffect(() => {
    setSide(false);
    const name = scopeOf(state, scope)?.name;
    document.title = [found?.page.title, found?.params.scope && name, texts.name].filter(Boolean).join(" · ");
    if (!first.current) main.current?.focus({ preventScroll: true }); /* a new view is read from its top */
    first.current = false;
  }, [route.path]);
  useLayoutEffect(() => {
    /* before anything of "/" is seen, and before somebody could have gone on from there */
    if (route.path === "/" && scope) go(catalogPath(scope), {}, { replace: true });
  }, [route.path, scope]);
  useEffect(() => {
    if (!scope || !scopeOf(state, scope)) return;
    setLast(scope);
    keep("scope", scope);
    loadGrants(scope);
  }, [scope]);
  const canUpload = targetsOf(state).length > 0;
  useEffect(() => {
    (window.requestIdleCallback ?? setTimeout)(() => import("./palette.js").catch(() => {})); /* there when the first letter is typed */
  }, []);
  useKeys({ "?": () => floating.open("help"), u: () => (canUpload ? openUploads() : false) });
  useKeys({ "mod+k": () => (floating.at ? floating.close() : floating.open("palette")) }, { always: true });
  const actions = [
    { id: "keys", label: t.keys, icon: "keyboard", note: texts.palette.action, run: () => floating.open("help") },
    { id: "out", label: t.signOut, icon: "out", note: texts.palette.action, run: signOut },
  ];
  return html`<div class=${side ? "shell side-open" : "shell"}>
    <a class="skip" href="#content" onClick=${(e) => (e.preventDefault(), main.current?.focus())}>${texts.skip}</a>
    <header class="top">
      <${IconButton} icon="menu" label=${t.open} aria-expanded=${side ? "true" : "false"} aria-controls="side" onClick=${() => setSide(true)} />
      <${Brand} /><span class="top-space"></span>
      <${IconButton} icon="search" label=${t.search} onClick=${() => floating.open("palette")} />
    </header>
    ${side && html`<div class="side-veil" onClick=${() => setSide(false)}></div>`}
    <${Side}
      state=${state}
      scope=${scope}
      page=${found?.page}
      onSignOut=${signOut}
      onHelp=${() => floating.open("help")}
      onPalette=${() => floating.open("palette")}
    />
    <div class="body">
      <${Banner} />
      <main class="view" id="content" tabindex="-1" ref=${main}>
        ${route.path === "/"
          ? scope ? html`<${Skeleton} />` : html`<${Homeless} me=${state.me} />`
          : html`<${View} key=${found?.page.id ?? "lost"} state=${state} found=${found} route=${route} scope=${scope} />`}
      </main>
    </div>
    <${DropLayer} scope=${scope} />
    <${UploadPanel} scope=${scope} />
    ${floating.at && html`<${floating.at.Part} scope=${scope} actions=${actions} onClose=${floating.close} />`}
  </div>`;
}

