/*
 * attention.js - the inbox: everything that waits for a person, each with the button that mends it.
 *
 * Items are not marked as read: what is mended is gone, what is not stays.
 */
import { html } from "../preact.js";
import { admin } from "../admin.js";
import { PLUGIN_KINDS, useLive } from "../live.js";
import { pluginPagePath } from "../pages.js";
import { Badge, Button, EmptyState, Loaded, Time, toast, useLoad, ViewHead } from "../parts.js";
import { address } from "../router.js";
import { texts } from "../texts.js";

const t = texts.attention;
const LOOK = {
  "health.failed": ["danger", "health"], artifact: ["danger", "box"], conflict: ["danger", "sync"], findings: ["warn", "shield"],
  "key.expiring": ["warn", "key"], "job.failed": ["warn", "clock"],
};

/* The version that is meant, at the tab that shows what is wrong with it. */
const TABS = { "health.failed": "checks", findings: "checks" };
export const pageOf = (item) => address(pluginPagePath(item.org_id ?? "system", item.name), { tab: TABS[item.kind], version: item.version });

/* What is wrong with a package stands in its reason: missing or corrupt. */
const titleOf = (item) => (item.kind === "artifact" && texts.plugin.artifact[item.reason]) || (t.kinds[item.kind] ?? item.kind);

function Mend({ item, onDone }) {
  const check = async () => {
    try {
      await admin.askHealth(item.org_id, item.id);
      toast(t.checking(item.name));
    } catch (error) {
      toast({ error });
    }
    onDone();
  };
  const open = html`<${Button} small href=${pageOf(item)}>${t.open}<//>`;
  switch (item.kind) {
    case "health.failed":
      return html`${open}<${Button} small kind="main" icon="health" onClick=${check}>${t.check}<//>`;
    case "artifact":
      return html`<${Button} small kind="main" icon="upload" href=${pageOf(item)}>${t.mend}<//>`;
    case "conflict":
      return html`<${Button} small kind="main" href=${address("/admin/replication")}>${t.resolve}<//>`;
    case "key.expiring":
      return html`<${Button} small kind="main" href=${address("/admin/keys", { whose: "all" })}>${t.rotate}<//>`;
    case "job.failed":
      return html`<${Button} small kind="main" href=${address("/admin/jobs", { state: "failed" })}>${t.jobs}<//>`;
    default:
      return open;
  }
}

/* A job's reason is its result, as JSON. */
function reasonOf(item) {
  if (item.kind === "artifact") return `${t.hints.artifact[item.reason] ?? ""} ${t.hints.awaited(`${item.name}-${item.version}.zip`)}`;
  if (!item.reason?.startsWith("{")) return item.reason;
  try {
    const told = JSON.parse(item.reason);
    return told.error ?? told.reason ?? told.why ?? "";
  } catch {
    return "";
  }
}

function Item({ item, onDone }) {
  const [kind, icon] = LOOK[item.kind] ?? ["info", "attention"];
  return html`<li>
    <div class="row-main">
      <p class="row-title"><${Badge} kind=${kind} icon=${icon}>${titleOf(item)}<//> ${item.name} ${item.version && html`<span class="num soft">${item.version}</span>`}</p>
      <p class="row-note">${reasonOf(item) || t.hints[item.kind]}${item.at && html` · ${item.kind === "key.expiring" ? t.ends : t.since} <${Time} at=${item.at} />`}</p>
    </div>
    <div class="actions"><${Mend} item=${item} onDone=${onDone} /></div>
  </li>`;
}

export function Attention() {
  const list = useLoad(admin.attention);
  useLive([...PLUGIN_KINDS, "replication.state"], list.reload);
  return html`<div>
    <${ViewHead} title=${t.title} lead=${t.lead}><${Button} icon="retry" onClick=${list.reload}>${texts.reload}<//><//>
    <${Loaded} from=${list}>
      ${(items) =>
        items.length === 0
          ? html`<${EmptyState} icon="check" title=${t.none}><p>${t.noneNote}</p><//>`
          : html`<div class="card"><div class="card-body"><ul class="rows">${items.map((item) => html`<${Item} key=${item.kind + item.id} item=${item} onDone=${list.reload} />`)}</ul></div></div>`}
    <//>
  </div>`;
}
