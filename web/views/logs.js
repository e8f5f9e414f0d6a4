/*
 * logs.js - the tail of the log, followed.
 *
 * The server is asked for what came after the last line seen; what is shown is bounded. A request id
 * is a button: it leaves the lines of that request. Nothing is asked for while paused or hidden.
 */
import { html, useEffect, useRef, useState } from "../preact.js";
import { admin, adminCommands } from "../admin.js";
import { Badge, Button, Choice, CopyAs, EmptyState, ErrorPanel, Skeleton, ViewHead } from "../parts.js";
import { CopyButton } from "../parts/copy.js";
import { setQuery } from "../router.js";
import { texts } from "../texts.js";

const t = texts.logs;
const EVERY_MS = 2000;
const KEEP = 1000;
const KINDS = { error: "danger", warn: "warn", info: "", debug: "" };
const PAIR = /([\w.]+)=("(?:[^"\\]|\\.)*"|\S*)/g;

/* "time=... level=... event=... key=value": what everybody wants to see first, and the rest. */
function partsOf({ seq, level, line }) {
  const parts = { seq, level, line, time: "", event: "", request: "", rest: [] };
  for (const [, key, raw] of line.matchAll(PAIR)) {
    const value = raw.startsWith('"') ? raw.slice(1, -1).replaceAll('\\"', '"') : raw;
    if (key === "time") parts.time = value;
    else if (key === "event") parts.event = value;
    else if (key === "request") parts.request = value;
    else if (key !== "level") parts.rest.push([key, value]);
  }
  return parts;
}

function useTail(level, paused) {
  const [state, set] = useState({ lines: null });
  const after = useRef(0);
  useEffect(() => {
    let here = true;
    let timer = 0;
    after.current = 0;
    set({ lines: null });
    const read = async () => {
      if (!document.hidden)
        try {
          const answer = await admin.log({ level, after: after.current, limit: 500 });
          if (!here) return;
          const fresh = answer.lines.map(partsOf);
          after.current = answer.last;
          set((now) => ({ lines: [...(now.lines ?? []), ...fresh].slice(-KEEP) }));
        } catch (wrong) {
          if (here) set((now) => ({ ...now, wrong }));
        }
      if (here && !paused) timer = setTimeout(read, EVERY_MS);
    };
    read();
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [level, paused]);
  return state;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

function Line({ one }) {
  return html`<li class="log-line">
    <time class="num soft" datetime=${one.time} title=${one.time}>${one.time ? clock.format(new Date(one.time)) : ""}</time>
    <${Badge} kind=${KINDS[one.level]}>${one.level}<//>
    <span class="log-text"><strong>${one.event}</strong> ${one.rest.map(([key, value]) => html`<span key=${key} class="log-pair"><span class="soft">${key}</span> ${value}</span> `)}
      ${one.request && html`<button type="button" class="link mono small" aria-label=${t.request(one.request)} onClick=${() => setQuery({ request: one.request })}>${one.request}</button>`}</span>
  </li>`;
}

export function Logs({ query }) {
  const [paused, setPaused] = useState(false);
  const level = query.level ?? "debug";
  const { lines, wrong } = useTail(level, paused);
  const words = (query.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const shown = (lines ?? []).filter((one) => (!query.request || one.request === query.request) && words.every((word) => one.line.toLowerCase().includes(word))).reverse();
  return html`<div>
    <${ViewHead} title=${t.title} lead=${t.lead}>
      <${CopyAs} call=${adminCommands.log()} />
      <${CopyButton} text=${shown.map((one) => one.line).join("\n")} label=${t.copy} />
      <${Button} icon=${paused ? "retry" : "pause"} onClick=${() => setPaused(!paused)}>${paused ? t.follow : t.pause}<//>
    <//>
    <div class="filters">
      <${Choice} label=${t.level} at=${level} onAt=${(id) => setQuery({ level: id === "debug" ? "" : id })} options=${Object.entries(t.levels).map(([id, label]) => ({ id, label }))} />
      <input class="input input-small filter-words" type="search" aria-label=${t.search} placeholder=${t.search} value=${query.q ?? ""} onInput=${(e) => setQuery({ q: e.target.value })} />
      ${query.request && html`<${Button} small icon="close" onClick=${() => setQuery({ request: "" })}>${t.clear}<//>`}
      <span class="soft small" role="status">${paused ? t.paused : t.following}</span>
    </div>
    ${wrong && html`<${ErrorPanel} error=${wrong} />`}
    ${!lines && !wrong && html`<${Skeleton} lines=${8} />`}
    ${lines && shown.length === 0 && html`<${EmptyState} icon="log" title=${t.none} />`}
    ${shown.length > 0 && html`<ol class="card log" aria-label=${t.lines} tabindex="0">${shown.map((one) => html`<${Line} key=${one.seq} one=${one} />`)}</ol>`}
  </div>`;
}
