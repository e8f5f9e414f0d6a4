/*
 * bench.mjs - what a browser test has at hand.
 *
 *   const page = await bench.open({who: person, theme, width, ...})   a fresh window, signed in
 *   await bench.axe(page)                                             no violation, or it fails
 *   await bench.shot(page, "catalog")                                 build/screens/catalog.png
 *   await bench.twoLooks(page, "catalog")                             wide and light, narrow and dark
 *   await bench.everyLook(page, "catalog")                            both themes, wide and 360 px, axe each time
 *   page.getByRole(...) and the rest is playwright-core's own.
 *
 * Every window is watched: requests that leave the origin, errors of scripts and breaches of the
 * policy are noted and fail the test at its end; bench.expect(pattern) allows a message on purpose.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { root } from "./server.mjs";

const deps = process.env.LARDER_DEPS ?? join(root, "build", "deps");
const load = createRequire(join(deps, "npm", "package.json"));
const { chromium } = load("playwright-core");
const axeSource = readFileSync(load.resolve("axe-core/axe.min.js"), "utf8");

/* Without a sandbox as root, and without the services of the browser's maker. */
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--force-color-profile=srgb"];

const LOOKS = [["wide", "light", 1280, 860], ["wide", "dark", 1280, 860], ["phone", "light", 360, 740], ["phone", "dark", 360, 740]];

export function launch() {
  return chromium.launch({ executablePath: process.env.LARDER_CHROMIUM ?? "/usr/bin/chromium", headless: true, args: FLAGS });
}

export class Bench {
  static screens = join(root, "build", "screens");

  constructor(browser, server) {
    Object.assign(this, { browser, server, windows: [], notes: [], allowed: [] });
  }

  /* ---- windows ---- */

  async open({ who, at = "/", theme = "light", width = 1280, height = 860, ...more } = {}) {
    const context = await this.browser.newContext({
      viewport: { width, height }, colorScheme: theme, baseURL: this.server.url, reducedMotion: "reduce",
      permissions: ["clipboard-read", "clipboard-write"], ...more,
    });
    this.windows.push(context);
    await context.addInitScript(() => {
      globalThis.breaches = [];
      document.addEventListener("securitypolicyviolation", (e) => globalThis.breaches.push(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`));
    });
    const page = await context.newPage();
    this.watch(page);
    if (who) await this.signIn(page, who, at);
    else await page.goto(at);
    return page;
  }

  watch(page) {
    page.on("request", (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(this.server.url)) this.note(`a request left: ${request.url()}`);
    });
    page.on("pageerror", (error) => this.note(`error: ${error.stack ?? error}`));
    page.on("console", (message) => {
      if (message.type() === "error" && !/^Failed to load resource/.test(message.text())) this.note(`console: ${message.text()}`);
    });
  }

  /* With the cookie, as a browser would have it; "/" is then the first view. */
  async signIn(page, who, at = "/") {
    const answer = await page.request.post("/api/auth/login", { data: { username: who.username, password: who.password, cookie: true } });
    if (!answer.ok()) throw new Error(`signing in as ${who.username}: ${answer.status()}`);
    await page.goto(at);
    await page.locator("main h1, main h2").first().waitFor();
  }

  get admin() {
    return { username: "admin", password: this.server.password };
  }

  /* ---- judging ---- */

  note(text) {
    this.notes.push(text);
  }

  expect(pattern) {
    this.allowed.push(pattern);
  }

  noted() {
    return this.notes.filter((text) => !this.allowed.some((pattern) => pattern.test(text)));
  }

  judge() {
    if (this.noted().length > 0) throw new Error(this.noted().join("\n"));
  }

  async breaches(page) {
    const found = await page.evaluate(() => globalThis.breaches);
    for (const one of found) this.note(`policy: ${one}`);
  }

  /* Everything that axe knows, on the whole page as it stands. */
  async axe(page) {
    if (!(await page.evaluate(() => Boolean(globalThis.axe)))) await page.evaluate(axeSource);
    const result = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    const lines = result.violations.map((v) => `${v.id}: ${v.help}\n${v.nodes.slice(0, 3).map((n) => `    ${n.target} ${n.failureSummary.replace(/\s+/g, " ")}`).join("\n")}`);
    if (lines.length > 0) throw new Error(`axe on ${page.url()}\n${lines.join("\n")}`);
  }

  async shot(page, name) {
    await page.screenshot({ path: join(Bench.screens, `${name.replace(/\W+/g, "-")}.png`) });
  }

  async settled(page) {
    await page.evaluate(async () => {
      await document.fonts.ready;
      await Promise.all(document.getAnimations().filter((a) => a.effect?.getComputedTiming().endTime !== Infinity).map((a) => a.finished.catch(() => {})));
    });
  }

  /* Two of the four are the most different ones; for many views that is enough by default. */
  twoLooks(page, name) {
    return this.everyLook(page, name, process.env.LARDER_TEST_ALL === "1" ? LOOKS : [LOOKS[0], LOOKS[3]]);
  }

  async everyLook(page, name, looks = LOOKS) {
    const size = page.viewportSize();
    for (const [look, theme, width, height] of looks) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      await this.settled(page);
      await this.noOverflow(page);
      await this.axe(page);
      await this.shot(page, `${name}-${look}-${theme}`);
    }
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    await this.breaches(page);
  }

  /* Nothing may stick out to the side, or the page could be pushed about on a phone. */
  async noOverflow(page) {
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) throw new Error(`the page is ${wide} pixels wider than its window of ${page.viewportSize().width}`);
  }

  async picture(name) {
    for (const context of this.windows) for (const page of context.pages()) await this.shot(page, name).catch(() => {});
  }

  async close() {
    for (const context of this.windows) await context.close().catch(() => {});
  }
}

export function assert(fine, sentence) {
  if (!fine) throw new Error(sentence);
}

export function same(have, want, sentence = "") {
  if (JSON.stringify(have) !== JSON.stringify(want)) throw new Error(`${sentence} have ${JSON.stringify(have)}, want ${JSON.stringify(want)}`);
}

/* Asks until the answer is yes, or the deadline is over. */
export async function until(ask, sentence, ms = 30000) {
  const end = performance.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`${sentence}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
