/*
 * preact.js - the one door to the rendering library, plus the hook it lacks.
 *
 * The library itself is a build input and no part of this repository. It writes text as text:
 * nothing here ever turns a string into markup.
 */
import { useState } from "./vendor/preact.js";

export * from "./vendor/preact.js";

let ids = 0;

/* An id that stays the same as long as the component lives: for labels and descriptions. */
export function useId() {
  return useState(() => `id-${++ids}`)[0];
}
