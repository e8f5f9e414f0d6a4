/*
 * nodes.mjs - two appliances over one object store, that of the tests (tests/stub/s3_stub.py).
 *
 *   const store = await startStore(); store.env       the settings of a node that uses it
 *   const twins = await conflicted(store)             {south, north, lost}: a package of the south lost to the north's
 *
 * A node is told of the store only when it has something to lose, so nothing depends on who is
 * quicker. Everything is ended by its process id: store.stop() ends the nodes too.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { until } from "./bench.mjs";
import { packageOf } from "./packages.mjs";
import { root, startServer } from "./server.mjs";

const PYTHON = "/usr/bin/python3"; /* Debian's own, as for all other tests */

export async function startStore() {
  const child = spawn(PYTHON, [join(root, "tests", "stub", "s3_stub.py")], { stdio: ["ignore", "pipe", "ignore"] });
  const line = await new Promise((resolve, reject) => {
    let told = "";
    child.stdout.on("data", (piece) => {
      told += piece;
      if (told.includes("\n")) resolve(told); /* it may come in pieces */
    });
    child.once("exit", () => reject(new Error("the object store of the tests did not start")));
  });
  const [endpoint, key, secret, bucket] = line.trim().split(" ");
  const env = { LARDER_S3_ENDPOINT: endpoint, LARDER_S3_BUCKET: bucket, AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret, LARDER_S3_POLL: "100ms" };
  const nodes = [];
  return {
    env, nodes,
    async stop() {
      for (const node of nodes) await node.stop();
      child.kill("SIGTERM");
    },
  };
}

const view = (node) => node.api("GET", "/api/admin/replication");

/* The south uploads while it knows no store; meanwhile the north publishes the same version. */
export async function conflicted(store, pid) {
  const south = await startServer({ env: { LARDER_NODE_NAME: "south" } });
  store.nodes.push(south);
  const lost = await packageOf({ pid, name: "Twin", description: "As the south has it" });
  await south.upload("system", lost);
  const north = await startServer({ env: { ...store.env, LARDER_NODE_NAME: "north" } });
  store.nodes.push(north);
  await north.upload("system", await packageOf({ pid, name: "Twin", description: "As the north has it" }));
  await until(async () => (await view(north)).backlog.changes === 0, "the north has published");
  await south.stop({ keep: true });
  const again = await startServer({ folder: south.folder, env: { ...store.env, LARDER_NODE_NAME: "south" } });
  store.nodes[0] = again;
  await until(async () => (await view(again)).conflicts === 1, "the south has lost");
  return { south: again, north, lost };
}
