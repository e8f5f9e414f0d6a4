/*
 * bench.mjs - what a browser test has at hand.
 *
 *   const page = await bench.open({who: person, theme, width, ...})   a fresh window, signed in
 *   await bench.axe(page)                                             no violation, or it fails
 *   await bench.shot(page, "catalog")                                 build/screens/catalog.png
 *   await bench.twoLooks(page, "catalog")                             wide and light, narrow and dark
 *   await bench.everyLook(page, "catalog")                            both themes, wide and 360 px, axe each time
 *   await bench.address(page, /q=cal/)                                the address says so, by and by
 *   await bench.ready(page)                                           nothing in the view is on its way any more
 *   await bench.hold(page, "It is gone")                              the news is there, and stays while it is looked at
 *   await bench.copied(page, () => button.click())                    what the click has put on the clipboard
 *   page.getByRole(...) and the rest is playwright-core's own.
 *
 * Every window is watched: requests that leave the origin, errors of scripts and breaches of the
 * policy are noted and fail the test at its end; bench.expect(pattern) allows a message on purpose.
 * No wait is short: a machine that does other things too may take its time, and only a failure waits.
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

const PATIENCE = 60000;
const LOOKS = [["wide", "light", 1280, 860], ["wide", "dark", 1280, 860], ["phone", "light", 360, 740], ["phone", "dark", 360, 740]];

export function launch() {
  return chromium.launch({ timeout: 2 * PATIENCE, executablePath: process.env.LARDER_CHROMIUM ?? "/usr/bin/chromium", headless: true, args: FLAGS });
}

/* All windows of a browser have one clipboard, and two tests run at a time: one after the other. */
let clipboard = Promise.resolve();

function withClipboard(work) {
  const mine = clipboard.then(work);
  clipboard = mine.catch(() => {});
  return mine;
}

const frames = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));

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
    context.setDefaultTimeout(PATIENCE);
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
    const answer = await page.request.post("/api/auth/login", {
      data: { username: who.username, password: who.password, cookie: true }, maxRetries: 3, /* a line that was kept may just have been hung up */
    });
    if (!answer.ok()) throw new Error(`signing in as ${who.username}: ${answer.status()}`);
    await page.goto(at);
    await page.locator("main h1, main h2").first().waitFor();
  }

  get admin() {
    return { username: "admin", password: this.server.password };
  }

  /* ---- waiting ---- */

  /* As the page itself has it; page.url() may still be the one before. */
  address(page, pattern) {
    return until(async () => pattern.test(await page.evaluate(() => location.href)), `the address says ${pattern}`);
  }

  async ready(page) {
    await page.waitForFunction(() => document.querySelector("main h1, main h2") && !document.querySelector("main [aria-busy], main .bone, main .plugin-bone"));
  }

  /* News leave after some seconds, but not while the mouse is on them. */
  hold(page, text) {
    return page.locator(".toast", { hasText: text }).hover();
  }

  copied(page, act) {
    return withClipboard(async () => {
      await page.evaluate(() => navigator.clipboard.writeText(""));
      await act();
      return until(() => page.evaluate(() => navigator.clipboard.readText()), "something is copied");
    });
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

  /* Drawn as the window is now: what watches sizes has heard of it, and what moves has arrived. */
  async settled(page) {
    await frames(page);
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
    await frames(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) throw new Error(`the page is ${wide} pixels wider than its window of ${page.viewportSize().width}`);
  }

  async picture(name) {
    for (const context of this.windows) for (const page of context.pages()) await this.shot(page, name).catch(() => {});
  }

  async close() {
    for (const context of this.windows) {
      for (const page of context.pages()) await page.unrouteAll({ behavior: "ignoreErrors" }).catch(() => {});
      await context.close().catch(() => {});
    }
  }
}

export function assert(fine, sentence) {
  if (!fine) throw new Error(sentence);
}

export function same(have, want, sentence = "") {
  if (JSON.stringify(have) !== JSON.stringify(want)) throw new Error(`${sentence} have ${JSON.stringify(have)}, want ${JSON.stringify(want)}`);
}

/* Asks until the answer is yes, or the deadline is over. */
export async function until(ask, sentence, ms = PATIENCE) {
  const end = performance.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`${sentence}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
