/*
 * catalog.js - the catalog of one scope: search, filters, cards or table, many at once.
 *
 * Everything that is chosen stands in the address, but for cards or table, which this browser
 * remembers. The rows come from ../catalog.js, how one looks from catalog_rows.js, what is done
 * with many of them from catalog_bulk.js.
 */
import { html, useEffect, useRef, useState } from "../preact.js";
import { catalogOf, facets, loadCatalog, refreshPlugin, search, sorts } from "../catalog.js";
import { commands } from "../commands.js";
import { keep, kept } from "../kept.js";
import { useKeys } from "../keys.js";
import { PLUGIN_KINDS, useLive } from "../live.js";
import { Button, Choice, CopyAs, ErrorPanel, Icon, Menu, ViewHead } from "../parts.js";
import { setQuery } from "../router.js";
import { scopeOf, useCan, useSession } from "../session.js";
import { useStore } from "../store.js";
import { texts } from "../texts.js";
import { openUploads } from "../uploads.js";
import { Bulk } from "./catalog_bulk.js";
import { FirstDay, NothingFits } from "./catalog_empty.js";
import { Cards, Rows } from "./catalog_rows.js";

const t = texts.catalog;
const BURST = 5; // more events than this at once: the list is read again as a whole
const SETTLE = 250;
const PACE = 3000; // between two readings of the whole list, however much happens

/* ---- what is shown ------------------------------------------------------------------------------- */

/* The rows that fit the address; the ones before stay until the search is through. */
function useFound(rows, query) {
  const [state, set] = useState({ found: [], counts: {}, of: null });
  useEffect(() => search(rows, query, (result) => set({ ...result, of: rows })), [rows, JSON.stringify(query)]);
  return state;
}

/* Events come in bursts: a few are looked up one by one, many by reading the list again. */
function useFresh(scope) {
  const waiting = useRef({ pids: new Map(), timer: 0, read: -PACE });
  const look = () => {
    const now = waiting.current;
    const isMany = now.pids.size > BURST || now.pids.has("");
    const early = now.read + PACE - performance.now();
    now.timer = isMany && early > 0 ? setTimeout(look, early) : 0;
    if (now.timer) return;
    const events = [...now.pids.values()];
    now.pids.clear();
    if (!isMany) return events.forEach((one) => refreshPlugin(scope, one));
    now.read = performance.now();
    loadCatalog(scope, { again: true });
  };
  useLive([...PLUGIN_KINDS, "replication.state"], (event) => {
    const now = waiting.current;
    if (event.org_id && event.org_id !== scope) return;
    now.pids.set(event.pid ? `${event.org_id} ${event.pid}` : "", event);
    now.timer ||= setTimeout(look, SETTLE);
  });
  useEffect(() => () => clearTimeout(waiting.current.timer), []);
}

/* ---- above the list --------------------------------------------------------------------------------- */

function Search({ query, field }) {
  const [text, setText] = useState(query.q ?? "");
  const typed = (e) => {
    setText(e.target.value);
    setQuery({ q: e.target.value });
  };
  useEffect(() => {
    if ((query.q ?? "") !== text) setText(query.q ?? ""); /* "back", or another link */
  }, [query.q]);
  return html`<div class="find">
    <${Icon} name="search" />
    <input class="input" type="search" ref=${field} aria-label=${t.search} placeholder=${t.searchHint} value=${text} onInput=${typed} autocomplete="off" spellcheck="false" />
    <kbd aria-hidden="true">/</kbd>
  </div>`;
}

const nameOf = (facet, value) => t[facet]?.[value] ?? value;

function Filter({ facet, counts, at }) {
  const values = [...(counts ?? [])].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  if (values.length < 2 && !at) return null;
  const pick = (value) => () => setQuery({ [facet]: value }, { push: true });
  const items = [
    { id: "", label: t.any, checked: !at, onPick: pick("") },
    ...values.map(([value, n]) => ({ id: value, label: nameOf(facet, value), end: n, checked: at === value, onPick: pick(value) })),
  ];
  const label = at ? `${t.filter[facet]}: ${nameOf(facet, at)}` : t.filter[facet];
  return html`<${Menu} small kind=${at ? "chosen" : "quiet"} label=${label} icon=${at ? "filter" : "down"} items=${items} search=${items.length > 12} />`;
}

function Tools({ query, counts, look, onLook, field, all, found, loading, settled, many }) {
  const said = useRef(texts.waiting); /* nothing is counted before it is known */
  if (loading && all > 0) said.current = t.loading(all);
  else if (settled) said.current = t.found(found, all);
  const filtered = facets.some((facet) => query[facet]);
  const sort = sorts.includes(query.sort) ? query.sort : "name";
  const items = sorts.map((id) => ({ id, label: t.sorts[id], checked: id === sort, onPick: () => setQuery({ sort: id === "name" ? "" : id }, { push: true }) }));
  const looks = [{ id: "cards", label: t.cards, icon: "cards" }, { id: "table", label: t.table, icon: "table" }];
  return html`<div class="tools">
    <div class="tools-line">
      <${Search} query=${query} field=${field} />
      <${Choice} label=${t.look} options=${looks} at=${look} onAt=${onLook} />
    </div>
    <div class="tools-line">
      <p class="found num" role="status">${said.current}</p>
      <div class="tools-filters" role="group" aria-label=${t.filters}>
        ${facets.map((facet) => html`<${Filter} key=${facet} facet=${facet} counts=${counts[facet]} at=${query[facet]} />`)}
        ${filtered &&
        html`<${Button} small kind="quiet" icon="close" onClick=${() => setQuery(Object.fromEntries(facets.map((f) => [f, ""])), { push: true })}>${t.clear}<//>`}
      </div>
      ${many && html`<${Menu} small kind="quiet" label=${`${t.sort}: ${t.sorts[sort]}`} icon="down" items=${items} />`}
    </div>
  </div>`;
}

/* ---- the view ------------------------------------------------------------------------------------------ */

/* Which row the keyboard is at, as the focus of its link; the list scrolls along. */
function useCursor(list) {
  const at = useRef(-1);
  const focus = (tries) => {
    const link = document.querySelector(`[data-index="${at.current}"] a`);
    if (link) link.focus({ preventScroll: true });
    else if (tries > 0) requestAnimationFrame(() => focus(tries - 1)); /* it has to be drawn first */
  };
  /* where the focus is counts more than where it last was */
  const here = () => Number(document.activeElement?.closest("[data-index]")?.dataset.index ?? at.current);
  const move = (by) => {
    if (!list.current?.count) return;
    at.current = Math.max(0, Math.min(here() + by, list.current.count - 1));
    list.current.reach(at.current);
    focus(10);
  };
  return { here, move };
}

function toggled(chosen, ids, on) {
  const next = new Set(chosen);
  for (const id of ids) if (on) next.add(id);
    else next.delete(id);
  return next;
}

export function Catalog({ scope, query }) {
  const state = useSession();
  const can = useCan();
  const { rows, done, wrong, loading, rounds } = useStore(catalogOf(scope));
  const { found, counts, of } = useFound(rows, query);
  const [look, setLook] = useState(() => kept("look", "cards"));
  const [chosen, setChosen] = useState(() => new Set());
  const field = useRef(null);
  const list = useRef(null);
  const cursor = useCursor(list);
  useEffect(() => {
    loadCatalog(scope);
  }, [scope]);
  useFresh(scope);
  const choose = (ids, on) => setChosen((now) => toggled(now, ids, on));
  const flip = (row) => (row ? choose([row.id], !chosen.has(row.id)) : false);
  useKeys({
    "/": () => field.current?.focus(),
    j: () => cursor.move(1),
    k: () => cursor.move(-1),
    x: () => flip(found[cursor.here()]),
    Escape: () => {
      if (document.activeElement === field.current && (query.q || "")) setQuery({ q: "" });
      else if (document.activeElement === field.current) field.current.blur();
      else if (chosen.size > 0) setChosen(new Set());
      else return false;
      return true;
    },
  });
  const setAndKeep = (name) => {
    keep("look", name);
    setLook(name);
  };
  const writes = can("plugins:write", scope);
  const name = scopeOf(state, scope)?.name ?? "";
  const lead = scope === "system" ? t.lead.system : t.lead.org(name);
  const List = look === "table" ? Rows : Cards;
  const empty = done && rows.length === 0;
  const waiting = rows.length === 0 && !done && !wrong;
  return html`<div class="catalog">
    <${ViewHead} title=${t.title} lead=${lead}>
      <${CopyAs} call=${commands.list(scope)} />
      ${writes && !empty && html`<${Button} kind="main" icon="upload" onClick=${() => openUploads()}>${t.upload}<//>`}
    <//>
    ${wrong && html`<${ErrorPanel} error=${wrong} onRetry=${() => loadCatalog(scope)} />`}
    ${empty
      ? html`<${FirstDay} scope=${scope} writes=${writes} />`
      : html`<${Tools}
            query=${query} counts=${counts} look=${look} onLook=${setAndKeep} field=${field}
            all=${rows.length} found=${found.length} loading=${loading && rounds === 0} settled=${of === rows && done} many=${rows.length > 1}
          />
          ${found.length === 0 && of === rows && done
            ? html`<${NothingFits} query=${query} />`
            : html`<${List} rows=${found} waiting=${waiting} scope=${scope} query=${query} chosen=${chosen} onChoose=${choose} handle=${list} />`}`}
    ${chosen.size > 0 && html`<${Bulk} scope=${scope} rows=${rows.filter((row) => chosen.has(row.id))} onClear=${() => setChosen(new Set())} />`}
  </div>`;
}
