/*
 * What goes wrong with the stored things, and the way out: two nodes that published the same
 * version, a package that is missing or damaged, and what nobody names any more.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "./lib/harness.mjs";
import { assert, same, until } from "./lib/bench.mjs";
import { conflicted, startStore } from "./lib/nodes.mjs";
import { asFile, packageOf } from "./lib/packages.mjs";

const HOUR = 3600;
const inbox = (page, name) => page.getByRole("main").getByRole("listitem").filter({ hasText: name });

test("a conflict of two nodes is shown from both sides and settled", async (bench) => {
  const store = await startStore();
  try {
    const { south, north, lost } = await conflicted(store, "com.acme.twin");
    bench.server = south;
    const page = await bench.open({ who: bench.admin, at: "/#/admin/attention" });
    await inbox(page, "com.acme.twin").getByRole("link", { name: "Look at it" }).click();
    const row = page.getByRole("listitem").filter({ hasText: "Published twice" });
    await row.locator(".row-title").getByText("com.acme.twin").waitFor();
    await page.getByText("Online", { exact: true }).waitFor();
    const sides = row.getByRole("table", { name: "Both sides of com.acme.twin" });
    const [conflict] = await south.api("GET", "/api/admin/replication/conflicts");
    await sides.getByRole("row", { name: `SHA-256 ${conflict.mine.sha256} ${conflict.theirs.sha256}` }).waitFor();
    await bench.twoLooks(page, "admin-conflict");
    const [download] = await Promise.all([page.waitForEvent("download"), row.getByRole("link", { name: "Download the one that lost" }).click()]);
    same(readFileSync(await download.path()).equals(lost), true, "the bytes that lost");
    await row.getByRole("button", { name: "Settle" }).click();
    const dialog = page.getByRole("dialog", { name: "Settle the conflict?" });
    await bench.axe(page);
    const line = await bench.copied(page, async () => {
      await dialog.getByRole("button", { name: "Copy as" }).click();
      await page.getByRole("menuitem", { name: "Copy as curl" }).click();
    });
    assert(line.includes(`/api/admin/replication/conflicts/${conflict.id}/resolve`), line);
    await dialog.getByRole("button", { name: "Settle" }).click();
    await page.getByText("The conflict is settled.").waitFor();
    await page.getByText("No conflict. What two nodes publish").waitFor();
    await page.goto("/#/o/system/plugins/com.acme.twin");
    await page.getByText("As the north has it").waitFor();
    await page.goto("/#/admin/attention");
    await page.getByText("Nothing waits for you").waitFor();
    await page.goto("/#/o/system/catalog");
    await page.getByRole("link", { name: "Twin", exact: true }).waitFor();
    await north.upload("system", await packageOf({ pid: "com.acme.late", name: "Late" }));
    const card = page.locator(".plugin-card", { hasText: "com.acme.late" });
    await card.waitFor(); /* by itself: nobody reads the list again */
    await card.getByText("Package missing").waitFor({ state: "detached" });
  } finally {
    await store.stop();
  }
});

/* The file below blobs/ that holds these bytes is named by their hash. */
const blobOf = (server, sha256) => join(server.folder, "data", "blobs", sha256.slice(0, 2), sha256);

async function notice(server, id) {
  const answer = await fetch(`${server.url}/api/admin/plugins/${id}/download`, { headers: { Authorization: `Bearer ${await server.admin()}` } });
  assert(!answer.ok, "it is no longer handed out");
}

test("a missing and a damaged package lead to the place that takes the same file again", async (bench) => {
  const { server } = bench;
  const files = { gone: await packageOf({ pid: "com.acme.gone", name: "Gone" }), odd: await packageOf({ pid: "com.acme.odd", name: "Odd" }) };
  const gone = await server.upload("system", files.gone);
  const odd = await server.upload("system", files.odd);
  rmSync(blobOf(server, gone.sha256));
  truncateSync(blobOf(server, odd.sha256), 100);
  await notice(server, gone.id);
  await notice(server, odd.id);
  const page = await bench.open({ who: bench.admin, at: "/#/admin/storage" });
  await inbox(page, "com.acme.gone").getByText("Package missing").waitFor();
  await inbox(page, "com.acme.odd").getByText("Package damaged").waitFor();
  await bench.twoLooks(page, "admin-storage-mend");
  await page.goto("/#/admin/attention");
  await inbox(page, "com.acme.odd").getByText("Awaited is com.acme.odd-1.0.0.zip").waitFor();
  await bench.twoLooks(page, "admin-attention-mend");
  await inbox(page, "com.acme.odd").getByRole("link", { name: "Mend it" }).click();
  const awaited = page.getByRole("region", { name: "Awaited file" });
  await awaited.getByText("com.acme.odd-1.0.0.zip").waitFor();
  await awaited.getByText(odd.sha256).waitFor();
  await page.getByText("Package damaged").first().waitFor();
  await bench.twoLooks(page, "plugin-awaited");
  await awaited.locator('input[data-for="awaited"]').setInputFiles(asFile("other.zip", files.gone));
  await page.getByRole("dialog", { name: "Uploads" }).getByText("com.acme.gone 1.0.0").waitFor(); /* whatever it is, it goes where it belongs */
  await page.keyboard.press("Escape");
  await awaited.locator('input[data-for="awaited"]').setInputFiles(asFile("from-a-stick.zip", files.odd));
  await page.getByRole("dialog", { name: "Uploads" }).getByText("com.acme.odd 1.0.0").waitFor();
  await page.keyboard.press("Escape");
  await awaited.waitFor({ state: "detached" });
  await page.goto("/#/admin/storage");
  await page.getByText("Packages to mend").waitFor({ state: "detached" });
  const report = await server.api("GET", "/api/admin/storage");
  same([report.missing, report.corrupt], [0, 0]);
});

test("a sweep says what would go, and takes that", async (bench) => {
  const { server } = bench;
  await server.upload("system", await packageOf({ pid: "com.acme.kept", name: "Kept" }));
  const name = `ab${"2".repeat(62)}`;
  const path = blobOf(server, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, Buffer.alloc(2000));
  const long = Date.now() / 1000 - 2 * HOUR;
  utimesSync(path, long, long);
  const page = await bench.open({ who: bench.admin, at: "/#/admin/storage" });
  await page.getByText("1 package (2.0 kB) and 0 temporary files would go.").waitFor();
  await bench.twoLooks(page, "admin-sweep");
  await page.getByRole("button", { name: "Sweep now" }).click();
  const dialog = page.getByRole("dialog", { name: "Sweep the storage?" });
  await dialog.getByText("1 package (2.0 kB)").waitFor();
  await bench.axe(page);
  await dialog.getByRole("button", { name: "Sweep now" }).click();
  await page.getByText("1 package is gone, 2.0 kB are free again.").waitFor();
  await page.getByText("There is nothing to sweep.").waitFor();
  assert(!readdirSync(join(path, "..")).includes(name), "the file is gone");
  same((await server.api("GET", "/api/admin/storage")).blobs, 1, "what a version names stays");
}, { fresh: {} });
