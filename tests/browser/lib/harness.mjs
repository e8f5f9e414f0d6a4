/*
 * harness.mjs - test(name, work, options), and running them all.
 *
 * work gets a bench: {browser, server, open, person, axe, shot, ...} (see bench.mjs). Tests of one
 * file share a server unless options.fresh asks for one. Everything a page must never do is watched
 * in every test: a request to elsewhere, a script error, a breach of the content security policy.
 * options.all: only with LARDER_TEST_ALL=1; options.alone: while nothing else runs. Nothing here sleeps: waiting ends at an event.
 */
import { mkdirSync } from "node:fs";
import { basename } from "node:path";
import { launch, Bench } from "./bench.mjs";
import { startServer } from "./server.mjs";

const TEST_SECONDS = 300; /* only what hangs takes so long */
const tests = [];

const caller = () => basename(new Error().stack.split("\n").find((line) => line.includes(".test.mjs")) ?? "").replace(/\.test\.mjs.*/, "");

export function test(name, work, options = {}) {
  tests.push({ name, work, options, file: caller() });
}

function within(seconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not end within ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function runOne(browser, one, shared) {
  const own = one.options.fresh ? await startServer(one.options.fresh) : null;
  const bench = new Bench(browser, own ?? shared);
  const begun = performance.now();
  let wrong = null;
  try {
    await within(TEST_SECONDS, one.work(bench));
    bench.judge();
  } catch (error) {
    wrong = error;
    await bench.picture(`failed-${one.file}-${one.name}`);
    if (bench.noted().length) wrong.message += `\n  noted: ${bench.noted().join("\n         ")}`;
  }
  await bench.close();
  await own?.stop();
  const took = `${Math.round(performance.now() - begun)} ms`;
  console.log(`${wrong ? "FAIL" : "ok  "} ${one.file}: ${one.name} (${took})`);
  if (wrong) console.log(String(wrong.stack ?? wrong).replace(/^/gm, "     "));
  return wrong === null;
}

/* The tests of one file, one after the other, against one server. */
async function runFile(browser, list, counts) {
  let shared = null;
  for (const one of list) {
    if (!one.options.fresh) shared ??= await startServer();
    counts[(await runOne(browser, one, shared)) ? "passed" : "failed"]++;
  }
  await shared?.stop();
}

/* Two files at a time; what measures comes last and has the machine to itself. */
export async function runAll(words) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const wanted = tests.filter((one) => words.every((word) => `${one.file} ${one.name}`.includes(word)));
  const chosen = wanted.filter((one) => !one.options.all || process.env.LARDER_TEST_ALL === "1");
  counts.skipped = wanted.length - chosen.length;
  mkdirSync(Bench.screens, { recursive: true });
  const browser = await launch();
  const files = [...new Set(chosen.map((one) => one.file))].map((file) => chosen.filter((one) => one.file === file && !one.options.alone));
  const lane = async () => {
    for (let list = files.shift(); list; list = files.shift()) await runFile(browser, list, counts);
  };
  await Promise.all([lane(), lane()]);
  await runFile(browser, chosen.filter((one) => one.options.alone), counts);
  await browser.close();
  console.log(`${counts.passed} passed, ${counts.failed} failed${counts.skipped ? `, ${counts.skipped} skipped` : ""}`);
  return counts;
}
