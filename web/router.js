/*
 * router.js - addresses: "#/o/{scope}/catalog?q=mail", read, written and followed.
 *
 * Everything one would want to send to a colleague stands in the fragment: the organization, the
 * page and its filters; the server needs to know one page only. `scope` is an organization's id or
 * the word "system". Which view stands behind which path is pages.js. The place on the page is kept
 * with each entry of the history, so that "back" leads to where one was.
 *
 * For views: useRoute() gives {path, query}; setQuery({q: "mail"}) changes the address without a
 * new entry, setQuery(changes, {push: true}) with one; address(path, query) makes an href, go() goes.
 */
import { createStore, useStore } from "./store.js";

function read() {
  const raw = location.hash.replace(/^#/, "");
  const at = raw.indexOf("?");
  const path = (at < 0 ? raw : raw.slice(0, at)).replace(/\/+$/, "") || "/";
  return { path, query: Object.fromEntries(new URLSearchParams(at < 0 ? "" : raw.slice(at + 1))) };
}

const place = createStore(read());

export function address(path, query = {}) {
  const filled = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const text = new URLSearchParams(filled).toString();
  return `#${path}${text ? `?${text}` : ""}`;
}

export const useRoute = () => useStore(place);
export const route = () => place.get();

export function go(path, query = {}, { replace = false } = {}) {
  const to = address(path, query);
  if (to === location.hash) return;
  if (replace) history.replaceState(history.state, "", to);
  else history.pushState(null, "", to);
  place.set(read());
}

/* Changes some words of the query and leaves the rest; an empty value takes its word away. */
export function setQuery(changes, { push = false } = {}) {
  const { path, query } = place.get();
  go(path, { ...query, ...changes }, { replace: !push });
}

/* "/o/:scope/plugins/:pid" against a path: the named parts, or null. */
export function match(pattern, path) {
  const want = pattern.split("/");
  const have = path.split("/");
  if (want.length !== have.length) return null;
  const params = {};
  for (let i = 0; i < want.length; i++) {
    if (want[i].startsWith(":")) params[want[i].slice(1)] = decodeURIComponent(have[i]);
    else if (want[i] !== have[i]) return null;
  }
  return params;
}

/* Goes on until the page is long enough again, since its content may still be on its way. */
function restore(y, tries = 40) {
  scrollTo(0, y);
  if (Math.abs(scrollY - y) > 2 && tries > 0) requestAnimationFrame(() => restore(y, tries - 1));
}

function follow() {
  const before = place.get();
  const now = read();
  if (before.path === now.path && JSON.stringify(before.query) === JSON.stringify(now.query)) return;
  place.set(now);
  const y = history.state?.y;
  if (typeof y === "number") requestAnimationFrame(() => restore(y));
  else if (before.path !== now.path) scrollTo(0, 0);
}

let noting = 0;

function noteScroll() {
  clearTimeout(noting);
  noting = setTimeout(() => history.replaceState({ ...history.state, y: Math.round(scrollY) }, ""), 120);
}

export function startRouter() {
  history.scrollRestoration = "manual";
  addEventListener("popstate", follow);
  addEventListener("hashchange", follow);
  addEventListener("scroll", noteScroll, { passive: true });
}
