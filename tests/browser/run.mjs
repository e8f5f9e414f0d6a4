/*
 * run.mjs - the browser tests: one Chromium, fresh windows for each test, a line for each result.
 *
 *   node tests/browser/run.mjs [PART OF A NAME...]
 *
 * Every *.test.mjs beside this file calls test(name, work) from lib/harness.mjs. LARDER_BIN names
 * the program, LARDER_DEPS the folder of the npm packages, LARDER_REPORT a file for the counts. A
 * test that fails leaves a picture in build/screens. Exit status 0 only when all passed.
 */
import { readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runAll } from "./lib/harness.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const files = readdirSync(here).filter((name) => name.endsWith(".test.mjs")).sort();
for (const file of files) await import(join(here, file));

const counts = await runAll(process.argv.slice(2));
if (process.env.LARDER_REPORT) writeFileSync(process.env.LARDER_REPORT, JSON.stringify(counts));
process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1);
