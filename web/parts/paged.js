/*
 * paged.js - lists that come in pages, newest first.
 *
 *   const list = usePaged(cursor => listPage(...), deps)   -> {rows, wrong, loading, more, reload, renew}
 *   Paged {list, empty, children: rows => ...}             bones, error, emptiness, and "show more"
 */
import { html, useEffect, useRef, useState } from "../preact.js";
import { texts } from "../texts.js";
import { Button, Skeleton } from "./basic.js";
import { ErrorPanel } from "./error.js";

export function usePaged(load, deps = []) {
  const [state, set] = useState({ loading: true, next: "" });
  const round = useRef(0);
  /* From the cursor on, until there are as many rows as are wanted. */
  const read = async (cursor, rows, wanted = 1) => {
    const mine = ++round.current;
    set((now) => ({ ...now, loading: true, wrong: undefined }));
    try {
      let page = { next: cursor };
      const all = [...rows];
      do {
        page = await load(page.next);
        all.push(...page.rows);
      } while (page.next && all.length < wanted && mine === round.current);
      if (mine === round.current) set({ rows: all, next: page.next, loading: false });
    } catch (wrong) {
      if (mine === round.current) set((now) => ({ ...now, wrong, loading: false }));
    }
  };
  useEffect(() => {
    read("", []);
    return () => {
      round.current++;
    };
  }, deps);
  return {
    ...state,
    more: state.next && !state.loading ? () => read(state.next, state.rows) : null,
    reload: () => read("", []),
    renew: () => !state.loading && read("", [], state.rows?.length), // what is shown, all pages of it
  };
}

export function Paged({ list, empty, children }) {
  if (!list.rows) return list.wrong ? html`<${ErrorPanel} error=${list.wrong} onRetry=${list.reload} />` : html`<${Skeleton} lines=${6} />`;
  if (list.rows.length === 0 && !list.wrong) return empty;
  return html`${children(list.rows)}
    ${list.wrong && html`<${ErrorPanel} error=${list.wrong} onRetry=${list.reload} />`}
    ${list.next && html`<p class="actions more"><${Button} busy=${list.loading} onClick=${list.more}>${texts.more}<//></p>`}`;
}
