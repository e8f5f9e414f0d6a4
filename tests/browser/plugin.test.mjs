/*
 * The page of one plugin: everything it shows and everything one can do there, against real packages.
 */
import { test } from "./lib/harness.mjs";
import { assert, same, until } from "./lib/bench.mjs";
import { packageOf } from "./lib/packages.mjs";

const INVOICE = "com.acme.finance.invoice_matcher";
const at = (pid, tab, more = "") => `/#/o/system/plugins/${pid}?tab=${tab}${more}`;
const panel = (page) => page.getByRole("tabpanel");
const copied = (page) => page.evaluate(() => navigator.clipboard.readText());

/* Content is there when its bones are gone. */
async function opened(page, pid, tab, more) {
  await page.goto(at(pid, tab, more));
  await panel(page).waitFor();
  await page.waitForFunction(() => !document.querySelector(".bone"));
}

test("an example shows its README, facts and lines to install it", async (bench) => {
  await bench.server.api("POST", "/api/admin/examples");
  const page = await bench.open({ who: bench.admin, at: at(INVOICE, "readme") });
  await page.getByRole("heading", { name: "Invoice Matcher", level: 1 }).waitFor();
  await page.getByRole("heading", { name: "What changed in 2.3" }).waitFor();
  await bench.everyLook(page, "plugin-readme");
  for (const word of ["System", "latest", "Enabled", "Not checked", "Only here"]) await page.getByRole("list", { name: "State" }).getByText(word, { exact: true }).waitFor();
  await page.getByRole("button", { name: "Cadence" }).click();
  await page.getByText(`system:${INVOICE}@2.3.1`).waitFor();
  await page.getByRole("group", { name: "Install with" }).getByRole("button", { name: "curl" }).click();
  await page.locator(".command").getByRole("button", { name: "Copy" }).click();
  await until(async () => (await copied(page)).includes(`-o ${INVOICE}-2.3.1.zip`), "the curl line is copied");
});

test("every tab stands in the address, in both themes and on a phone", async (bench) => {
  const page = await bench.open({ who: bench.admin });
  for (const tab of ["tools", "trust"]) {
    await opened(page, INVOICE, tab);
    await bench.everyLook(page, `plugin-${tab}`);
  }
});
