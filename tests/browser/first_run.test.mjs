/*
 * The first day: setup link, password, empty catalog, examples; then signing out and in again,
 * sessions and the password.
 */
import { test } from "./lib/harness.mjs";
import { same, until } from "./lib/bench.mjs";

test("from the setup link to a catalog with examples", async (bench) => {
  const page = await bench.open({ at: bench.server.setupLink });
  await page.getByRole("heading", { name: "Welcome to Larder" }).waitFor();
  await bench.address(page, /^(?!.*token)/);
  await bench.everyLook(page, "setup");
  await page.getByLabel("Password", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Create the administrator" }).click();
  await page.getByText("The password needs at least 12 characters.").waitFor();
  await page.getByLabel("Password", { exact: true }).fill("three unrelated words");
  await page.getByLabel("Password again").fill("three unrelated words");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "No plugin yet" }).waitFor();
  await page.getByText("larder upload plugin.zip").waitFor();
  await bench.everyLook(page, "first-day");
  await page.getByRole("button", { name: "Load examples" }).click();
  await page.getByText("12 examples are in the catalog.").waitFor();
  await until(async () => (await page.locator(".plugin-card").count()) === 12, "all of them are shown");
}, { fresh: { setup: true } });

test("without an administrator the sign-in page says how to get one", async (bench) => {
  const page = await bench.open();
  await page.getByText("larder setup-link").waitFor();
  await bench.axe(page);
}, { fresh: { setup: true } });

test("signing in, a wrong password, and signing out", async (bench) => {
  const page = await bench.open();
  await page.getByLabel("User name").fill("admin");
  await page.getByLabel("Password", { exact: true }).fill("not this one");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("Invalid username or password").waitFor();
  await bench.everyLook(page, "signin-wrong");
  await page.getByLabel("Password", { exact: true }).fill(bench.server.password);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Catalog" }).waitFor();
  await page.getByRole("button", { name: /Signed in as/ }).click();
  await bench.axe(page);
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByLabel("User name").waitFor();
  same((await page.context().cookies()).length, 0, "cookies after signing out:");
});

/* An effect that ran after the first painting showed "not found" for a moment, and could undo where somebody went meanwhile. */
test("on the way to the catalog no other page is seen", async (bench) => {
  const page = await bench.open();
  await page.addInitScript(() => {
    globalThis.headings = new Set();
    const look = () => document.querySelectorAll("main h1, main h2").forEach((one) => globalThis.headings.add(one.textContent));
    new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
  });
  await bench.signIn(page, bench.admin);
  await page.getByRole("heading", { name: /^(Catalog|No plugin yet)$/ }).first().waitFor();
  const seen = await page.evaluate(() => [...globalThis.headings]);
  same(seen.filter((text) => !/^(Catalog|No plugin yet)$/.test(text)), []);
});

test("sessions are listed and revoked, the password is changed", async (bench) => {
  const person = await bench.server.user("noor", { is_sys_admin: true });
  const other = await bench.open({ who: person });
  const page = await bench.open({ who: person, at: "/#/account" });
  await page.getByRole("heading", { name: "Sessions" }).waitFor();
  await bench.ready(page);
  await bench.everyLook(page, "account");
  await page.getByRole("button", { name: /^Revoke the session/ }).first().click();
  await page.getByText("The session is revoked.").waitFor();
  await other.reload();
  await other.getByLabel("User name").waitFor(); /* it is out */
  await page.getByLabel("Present password").fill("not this one at all");
  await page.getByLabel("New password", { exact: true }).fill("another long password");
  await page.getByLabel("New password again").fill("another long password");
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.locator(".error").waitFor(); /* a wrong present password is no ended session */
  await page.getByLabel("Present password").fill(person.password);
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.getByText("The password is changed.").waitFor();
});
