/*
 * palette.js - Ctrl+K: go to a page, an organization or a plugin, or do something, by typing.
 *
 * It offers what the side and the menus offer, and nothing one may not do. Plugins come from the
 * catalog that is loaded; nothing is asked of the server.
 */
import { html, useEffect, useId, useRef, useState } from "./preact.js";
import { Icon } from "./parts.js";
import { Float } from "./parts/dialog.js";
import { setTheme, themes } from "./parts/theme.js";
import { address } from "./router.js";
import { catalogPath, hasPage, pages, pluginPagePath } from "./pages.js";
import { may, scopesOf, targetsOf, useSession } from "./session.js";
import { shownPlugins } from "./catalog.js";
import { openUploads } from "./uploads.js";
import { texts } from "./texts.js";

const t = texts.palette;
const MOST = 40;
const MOST_PLUGINS = 12;

function pageRows(state, scope) {
  return pages
    .filter((page) => page.nav || !page.path.includes(":"))
    .filter((page) => hasPage(page, scope) && (!page.needs || may(state, page.needs, scope)))
    .map((page) => ({
      id: `page ${page.id}`, label: page.title, icon: page.nav?.icon ?? "file", note: t.page,
      run: () => location.assign(address(page.path.replace(":scope", encodeURIComponent(scope)))),
    }));
}

function allRows(state, scope, actions) {
  return [
    ...pageRows(state, scope),
    ...(targetsOf(state).length > 0 ? [{ id: "upload", label: texts.nav.upload, icon: "upload", note: t.action, run: () => openUploads() }] : []),
    ...actions,
    ...scopesOf(state).map((one) => ({ id: `scope ${one.id}`, label: one.name, icon: "org", note: t.scope, run: () => location.assign(address(catalogPath(one.id))) })),
    ...themes.map((name) => ({ id: `theme ${name}`, label: t.theme(texts.theme[name]), icon: name, note: t.action, run: () => setTheme(name) })),
  ];
}

function pluginRows(words, scope) {
  if (words.length === 0) return [];
  return shownPlugins(scope, words, MOST_PLUGINS).map((one) => ({
    id: `plugin ${one.id}`, label: one.name, icon: "box", note: one.pid,
    run: () => location.assign(address(pluginPagePath(scope, one.pid))),
  }));
}

export function Palette({ scope, actions, onClose }) {
  const id = useId();
  const state = useSession();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef(null);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (row) => words.every((word) => `${row.label} ${row.note}`.toLowerCase().includes(word));
  const rows = [...allRows(state, scope, actions).filter(fits), ...pluginRows(words, scope)].slice(0, MOST);
  const here = Math.min(at, rows.length - 1);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [here]);
  const run = (row) => {
    onClose();
    row.run();
  };
  const keys = (e) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (by && rows.length > 0) setAt((here + by + rows.length) % rows.length);
    else if (e.key === "Enter" && rows[here]) run(rows[here]);
    else return;
    e.preventDefault();
  };
  return html`<${Float} className="layer-high" box="dialog palette" label=${t.title} onClose=${onClose}>
    <input
      class="palette-input"
      type="text"
      role="combobox"
      aria-expanded="true"
      aria-autocomplete="list"
      aria-controls="${id}-list"
      aria-activedescendant=${rows[here] ? `${id}-${here}` : undefined}
      aria-label=${t.title}
      placeholder=${t.hint}
      autocomplete="off"
      spellcheck="false"
      value=${text}
      onInput=${(e) => (setText(e.target.value), setAt(0))}
      onKeyDown=${keys}
    />
    ${rows.length === 0
      ? html`<p class="dialog-body soft">${t.nothing}</p>`
      : html`<div class="palette-list" role="listbox" id="${id}-list" aria-label=${t.title} ref=${list}>
          ${rows.map(
            (row, i) =>
              html`<div
                class="palette-item"
                role="option"
                key=${row.id}
                id="${id}-${i}"
                aria-selected=${i === here ? "true" : "false"}
                onMouseMove=${() => i !== here && setAt(i)}
                onClick=${() => run(row)}
              >
                <${Icon} name=${row.icon} /><span class="cut">${row.label}</span><span class="soft cut">${row.note}</span>
              </div>`,
          )}
        </div>`}
  <//>`;
}
