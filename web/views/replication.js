/*
 * replication.js - how far this node is with the others, and what stands in the way.
 *
 * Looked at again at every event of the line to the store, and every few seconds while open. What
 * two nodes published at the same moment is settled in conflicts.js; it stands first as long as
 * there is any.
 */
import { html, useEffect } from "../preact.js";
import { admin, adminCommands } from "../admin.js";
import { useLive } from "../live.js";
import { Badge, Button, bytesText, Card, Command, confirm, CopyAs, countText, Loaded, Table, Time, toast, useLoad, useTask, ViewHead } from "../parts.js";
import { Figures } from "../parts/figures.js";
import { useCan } from "../session.js";
import { texts } from "../texts.js";
import { Conflicts } from "./conflicts.js";

const t = texts.replication;
const EVERY_MS = 5000;
const KINDS = { online: "ok", starting: "info", disabled: "", "local-only": "warn", "single-writer": "info" };

function State({ view }) {
  const kind = KINDS[view.state] ?? "danger";
  const bad = kind === "danger" || kind === "warn";
  return html`<${Card} title=${t.state} actions=${html`<${Badge} kind=${kind}>${t.states[view.state] ?? view.state}<//>`}>
    ${view.reason && html`<p class=${bad ? `notice notice-${kind}` : "notice"}>${view.reason}</p>`}
    <dl class="facts after">
      <dt>${t.store}</dt><dd class="mono">${view.store ?? texts.none}</dd>
      <dt>${t.node}</dt><dd>${view.name} <span class="mono soft">${view.node}</span></dd>
      <dt>${t.mode}</dt><dd>${t.modes[view.mode] ?? view.mode}</dd>
      ${view.writer && html`<dt>${t.writer}</dt><dd class="mono">${view.writer}</dd>`}
      <dt>${t.lastSuccess}</dt><dd><${Time} at=${view.last_success_at} /></dd>
      ${view.last_error && view.last_error !== view.reason && html`<dt>${t.lastError}</dt><dd>${view.last_error}, <${Time} at=${view.last_error_at} /></dd>`}
      <dt>${t.traffic}</dt><dd>${t.requests(view.requests, view.failed_requests)}; ${t.moved(view.sent, view.taken)}</dd>
    </dl>
  <//>`;
}

function Nodes({ view }) {
  const columns = [
    { key: "node", title: t.columns.node, render: (n) => html`<span class="row-title">${n.name} ${n.is_this && html`<${Badge} kind="accent">${t.thisOne}<//>`}</span><span class="row-note mono">${n.node}</span>` },
    { key: "version", title: t.columns.version, render: (n) => n.version },
    { key: "applied", title: t.columns.applied, end: true, render: (n) => countText(n.applied) },
    { key: "lag", title: t.columns.lag, end: true, render: (n) => countText(Math.max(0, view.log.head - n.applied)) },
    { key: "seen", title: t.columns.seen, render: (n) => html`<${Time} at=${n.seen_at} />` },
  ];
  return html`<${Card} title=${t.nodes}>
    <${Table} caption=${texts.tableOf(t.nodes)} columns=${columns} rows=${view.nodes} keyOf=${(n) => n.node} empty=${html`<p class="soft">${t.nodesNone}</p>`} />
  <//>`;
}

function Mend({ view, onDone }) {
  const ask = async (title, text, action, work, call) => {
    if (!(await confirm({ title, text, action, danger: true, call }))) return;
    await work().then(onDone, (error) => toast({ error }));
  };
  if (view.state === "foreign-bucket") return html`<${Button} kind="danger" onClick=${() => ask(t.accept, t.acceptText, t.accept, admin.acceptBucket, adminCommands.acceptBucket())}>${t.accept}<//>`;
  if (view.state === "single-writer" && view.writer !== view.node)
    return html`<${Button} onClick=${() => ask(t.becomeWriter, t.becomeWriterText, t.becomeWriter, admin.becomeWriter, adminCommands.becomeWriter())}>${t.becomeWriter}<//>`;
  return null;
}

export function Replication() {
  const can = useCan();
  const view = useLoad(admin.replication);
  const sync = useTask(async () => {
    await admin.sync();
    toast(t.syncing);
    view.reload();
  });
  useLive(["replication.state"], view.reload);
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && view.reload(), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const writes = can("cadence:system:storage:write");
  return html`<div>
    <${ViewHead} title=${t.title} lead=${t.lead}>
      <${CopyAs} call=${adminCommands.sync()} />
      ${writes && view.value && html`<${Mend} view=${view.value} onDone=${view.reload} />`}
      ${writes && html`<${Button} kind="main" icon="sync" busy=${sync.busy} onClick=${sync.run}>${t.sync}<//>`}
    <//>
    <${Loaded} from=${view}>
      ${(now) => html`<div class="cards">
        <${Figures} items=${[
          { id: "backlog", label: t.backlog, value: countText(now.backlog.changes), note: now.backlog.changes > 0 ? `${bytesText(now.backlog.bytes)}, ${t.oldest(countText(now.backlog.oldest_age_seconds))}` : "", kind: now.backlog.changes > 0 && now.state !== "online" ? "warn" : "" },
          { id: "lag", label: t.lag, value: countText(now.log.lag), note: t.entries(now.log.head) },
          { id: "missing", label: t.missing, value: countText(now.packages.missing), kind: now.packages.missing > 0 ? "warn" : "" },
          { id: "conflicts", label: t.conflicts, value: countText(now.conflicts), kind: now.conflicts > 0 ? "danger" : "" },
        ]} />
        ${now.conflicts > 0 && html`<${Conflicts} count=${now.conflicts} onChange=${view.reload} />`}
        <${State} view=${now} />
        ${now.conflicts === 0 && html`<${Card} title=${t.conflicts}><p class="soft">${texts.conflicts.none}</p><//>`}
        <${Nodes} view=${now} />
        ${now.state === "local-only" && html`<${Card} title=${t.setUp}><p class="soft">${t.setUpNote}</p><${Command}>${t.setUpText}<//><//>`}
      </div>`}
    <//>
  </div>`;
}
