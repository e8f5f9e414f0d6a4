/*
 * live.js - what happens elsewhere shows here: events of the server, and the state of the line.
 *
 * useLive(kinds, then) calls then({kind, org_id, plugin_id, pid, version, detail}) as long as the
 * view stands; where events may have been missed it is called once with {kind: "gap"}: read again
 * what you show. Nothing is missed in silence: the stream begins where the events stood when this
 * page asked who is signed in, before any view has read, and a later one where the former ended.
 *
 * `line` is "up" or "down". It goes down when nobody answers; from then on the server is asked with
 * growing pauses whether it is there again, and so it is for a stream that broke or was refused,
 * since a script is not told why. shell.js shows it.
 */
import { useEffect, useRef } from "./preact.js";
import { api, onPlace, onReach, openEvents } from "./api.js";
import { createStore } from "./store.js";

const KINDS = [
  "plugin.uploaded", "plugin.enabled", "plugin.disabled", "plugin.tagged", "plugin.deleted",
  "plugin.health", "plugins.reloaded", "replication.state",
];
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30000;

export const line = createStore("up");

const listeners = new Set();
let source = null;
let stood = false; // the stream of `source` was open
let place = ""; // the id of the event seen last
let pause = FIRST_PAUSE;
let timer = 0;
let running = false;

function tell(event) {
  for (const one of [...listeners]) one(event);
}

function parse(kind, text) {
  try {
    return { ...JSON.parse(text), kind };
  } catch {
    return { kind };
  }
}

function later(then, wait) {
  clearTimeout(timer);
  timer = setTimeout(then, wait);
}

function longer() {
  const now = pause;
  pause = Math.min(pause * 2, LONGEST_PAUSE);
  return now;
}

function close() {
  source?.close();
  source = null;
  stood = false;
}

/* What is shown is read again at once: the stream may be a while. */
function up() {
  if (line.get() === "up") return;
  pause = FIRST_PAUSE;
  line.set("up");
  tell({ kind: "gap" });
}

/* Asks until somebody answers; then the stream is asked for. */
async function knock() {
  if (!running) return;
  try {
    await api.alive();
  } catch {
    line.set("down");
    later(knock, longer());
    return;
  }
  up();
  if (running && !source) connect();
}

function broke() {
  const wait = stood ? FIRST_PAUSE / 4 : longer();
  close();
  later(knock, wait);
}

function connect() {
  if (!running) return;
  close();
  clearTimeout(timer);
  source = openEvents(place);
  source.onopen = () => {
    stood = true;
    pause = FIRST_PAUSE;
    up();
  };
  source.onerror = broke;
  const on = (kind, then) =>
    source.addEventListener(kind, (event) => {
      place = event.lastEventId || place;
      then(event);
    });
  on("ready", () => {});
  on("reset", () => tell({ kind: "gap" })); /* the server does not know any more what we missed */
  for (const kind of KINDS) on(kind, (event) => tell(parse(kind, event.data)));
}

/* A browser has six lines to one server for all its tabs: those nobody looks at hang up. */
function looked() {
  if (!running) return;
  if (document.hidden) {
    clearTimeout(timer);
    close();
  } else if (!source) connect();
}

export function startLive() {
  if (running) return;
  running = true;
  document.addEventListener("visibilitychange", looked);
  connect();
}

export function stopLive() {
  running = false;
  document.removeEventListener("visibilitychange", looked);
  clearTimeout(timer);
  close();
  place = "";
}

/* Somebody signed in again: the stream was the old session's. */
export const restartLive = connect;

/* The user would rather not wait for the pause. */
export function tryNow() {
  pause = FIRST_PAUSE;
  clearTimeout(timer);
  knock();
}

onReach((reached) => {
  if (!running) return;
  if (reached) {
    if (line.get() === "up") return;
    up();
    if (!source) connect();
  } else if (line.get() === "up") {
    line.set("down");
    close();
    later(knock, FIRST_PAUSE);
  }
});

onPlace((id) => {
  place ||= id;
});

export function useLive(kinds, then) {
  const latest = useRef(then);
  latest.current = then;
  useEffect(() => {
    const one = (event) => {
      if (event.kind === "gap" || kinds.includes(event.kind)) latest.current(event);
    };
    listeners.add(one);
    return () => listeners.delete(one);
  }, []);
}

export const PLUGIN_KINDS = KINDS.filter((kind) => kind.startsWith("plugin"));
