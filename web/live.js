/*
 * live.js - what happens elsewhere shows here: events of the server, and the state of the line.
 *
 * useLive(kinds, then) calls then({kind, org_id, plugin_id, pid, version, detail}) as long as the
 * view stands; after a gap it is called once with {kind: "gap"}: read again what you show. An
 * appliance without the route /api/events is fine: nothing is live then, and nothing complains.
 *
 * `line` is "up" or "down". It goes down when a stream that was open broke or a call got no answer;
 * from then on the server is asked with growing pauses whether it is there again. shell.js shows it.
 */
import { useEffect, useRef } from "./preact.js";
import { api, onReach, openEvents } from "./api.js";
import { createStore } from "./store.js";

const KINDS = [
  "plugin.uploaded", "plugin.enabled", "plugin.disabled", "plugin.tagged", "plugin.deleted",
  "plugin.health", "plugins.reloaded", "replication.state",
];
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30000;
const WITHOUT_ROUTE = 300000; // an older server: look again every five minutes

export const line = createStore("up");

const listeners = new Set();
let source = null;
let wasOpen = false;
let missed = false; // a stream that was open broke, and none is open since
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

/* The line is good again; whoever shows something reads it again where events may have been missed. */
function up(gap) {
  pause = FIRST_PAUSE;
  const wasDown = line.get() === "down";
  if (wasDown) line.set("up");
  if (wasDown || gap) tell({ kind: "gap" });
}

function close() {
  source?.close();
  source = null;
}

/* Asks until somebody answers; then the stream is opened again. */
async function knock() {
  if (!running) return;
  try {
    await api.alive();
  } catch {
    line.set("down");
    later(knock, pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
    return;
  }
  up(false);
  if (running && !source) connect();
}

function broke() {
  close();
  if (!wasOpen) return later(connect, WITHOUT_ROUTE); /* no such route, or the session is over */
  wasOpen = false;
  missed = true;
  return later(knock, FIRST_PAUSE / 4);
}

function connect() {
  if (!running) return;
  close();
  source = openEvents();
  source.onopen = () => {
    wasOpen = true;
    up(missed);
    missed = false;
  };
  source.onerror = broke;
  /* The server lost what we missed: a restart, or we were away for too long. */
  source.addEventListener("reset", () => tell({ kind: "gap" }));
  for (const kind of KINDS) source.addEventListener(kind, (event) => tell(parse(kind, event.data)));
}

/* A browser has six lines to one server for all its tabs: those nobody looks at hang up. */
function looked() {
  if (!running) return;
  if (document.hidden) {
    missed ||= wasOpen;
    wasOpen = false;
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
  missed = wasOpen = false;
}

/* Somebody signed in again: the stream was the old session's. */
export function restartLive() {
  missed = true;
  clearTimeout(timer);
  connect();
}

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
    up(false);
    if (!source) connect();
  } else if (line.get() === "up") {
    line.set("down");
    close();
    missed = wasOpen = false;
    later(knock, FIRST_PAUSE);
  }
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
