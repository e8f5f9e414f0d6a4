/*
 * store.js - one value that several parts of the page look at.
 *
 * The smallest thing that works: get, set, subscribe, and a hook that draws again when the picked
 * part has changed. A store knows nothing of what it holds; who owns which is said where it is made
 * (session.js, router.js, live.js, uploads.js, catalog.js).
 */
import { useLayoutEffect, useState } from "./preact.js";

export function createStore(value) {
  const listeners = new Set();
  return {
    get: () => value,
    set(next) {
      value = typeof next === "function" ? next(value) : next;
      for (const one of [...listeners]) one(value);
    },
    subscribe(one) {
      listeners.add(one);
      return () => listeners.delete(one);
    },
  };
}

/* The store's value, or what `pick` takes out of it; draws again only when that is another one. */
export function useStore(store, pick = (whole) => whole) {
  const [shown, show] = useState(() => ({ value: pick(store.get()) }));
  useLayoutEffect(() => {
    const look = () => {
      const value = pick(store.get());
      show((now) => (Object.is(now.value, value) ? now : { value }));
    };
    look(); /* it may have changed between drawing and listening */
    return store.subscribe(look);
  }, [store]);
  return shown.value;
}
