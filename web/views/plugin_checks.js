/*
 * plugin_checks.js - what was found in a version, stage by stage, and whether it works when it runs.
 *
 * The report is what the server kept when it judged the upload; each finding that has a place links
 * to that line of the source. "Check now" queues a run in the sandbox, follows the job, and reads
 * both again when it has ended or when an event tells of a run that somebody else asked for.
 */
import { html, useEffect, useState } from "../preact.js";
import { api } from "../api.js";
import { commands } from "../commands.js";
import { Badge, Button, Card, CopyAs, EmptyState, ErrorPanel, Icon, Loaded, Progress, Switch, Time, toast, useLoad } from "../parts.js";
import { can } from "../session.js";
import { texts } from "../texts.js";
import { Health } from "./catalog_rows.js";
import { runCheck, writable } from "./plugin_data.js";
import { placeOf } from "./plugin_files.js";

const t = texts.plugin.checks;
const RESULT = { passed: ["ok", "check"], failed: ["danger", "attention"], pending: ["info", "clock"], skipped: ["", "pause"] };
const LEVEL = { error: "danger", warning: "warn", info: "info" };

/* ---- stages ------------------------------------------------------------------------------------------------ */

function Finding({ one }) {
  return html`<li class=${`finding finding-${one.level}`}>
    <p><${Badge} kind=${LEVEL[one.level]}>${t.level[one.level] ?? one.level}<//> ${one.message}</p>
    ${one.remedy && html`<p class="finding-remedy">${one.remedy}</p>`}
    <p class="finding-place">
      <code>${one.rule}</code> ${one.field && html`<code>${one.field}</code>`}
      ${one.file && html`<a href=${placeOf(one.file, one.line)}>${texts.upload.line(one.file, one.line)}</a>`}
    </p>
  </li>`;
}

function msText(ms) {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 0.1 ? "< 0.1 ms" : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

function Stage({ stage }) {
  const [kind, icon] = RESULT[stage.result] ?? RESULT.skipped;
  return html`<li class="stage">
    <span class=${`stage-sign stage-${stage.result}`} aria-hidden="true"><${Icon} name=${icon} /></span>
    <div class="stage-body">
      <p class="row-title">${texts.upload.steps[stage.stage] ?? stage.stage} <${Badge} kind=${kind}>${t.result[stage.result] ?? stage.result}<//>
        ${stage.duration_ms >= 0.05 && html`<span class="soft small num">${msText(stage.duration_ms)}</span>`}</p>
      <p class="row-note">${t.about[stage.stage]}</p>
      ${stage.findings.length > 0 && html`<ul class="findings">${stage.findings.map((one, i) => html`<${Finding} key=${i} one=${one} />`)}</ul>`}
    </div>
  </li>`;
}

function Report({ from, row, scope }) {
  return html`<${Card} title=${t.report} note=${t.reportNote} actions=${html`<${CopyAs} small call=${commands.report(row, scope)} />`}>
    <${Loaded} from=${from} lines=${8}>${(report) => html`<ol class="stages">${report.stages.map((one) => html`<${Stage} key=${one.stage} stage=${one} />`)}</ol>`}<//>
  <//>`;
}

/* ---- health ------------------------------------------------------------------------------------------------- */

function Steps({ steps }) {
  const longest = Math.max(0.001, ...steps.map((one) => one.ms));
  return html`<ul class="steps">
    ${steps.map(
      (one) =>
        html`<li key=${one.name}>
          <span class=${one.ok ? "step-sign" : "step-sign step-bad"}><${Icon} name=${one.ok ? "check" : "close"} /><span class="unseen">${one.ok ? t.stepOk : t.stepBad}</span></span>
          <code>${one.name}</code><span class="step-bar" aria-hidden="true"><span style=${{ transform: `scaleX(${one.ms / longest})` }}></span></span>
          <span class="num soft">${msText(one.ms)}</span>
        </li>`,
    )}
  </ul>`;
}

/* Where it went wrong: "plugin.py:13 in get_tools: ..." leads to that line of the source. */
function Trace({ text }) {
  const [, file, line, rest] = /^([^:]+):(\d+)([\s\S]*)$/.exec(text) ?? [];
  return html`<span class="trace">${file ? html`<a href=${placeOf(file, line)}>${`${file}:${line}`}</a>${rest}` : text}</span>`;
}

function Failure({ error }) {
  const head = [error.type, error.message].filter(Boolean).join(": ");
  return html`<pre class="output output-bad" tabindex="0"><strong class="trace">${head}</strong>${(error.lines ?? []).map((text, i) => html`<${Trace} key=${i} text=${text} />`)}</pre>`;
}

function Detail({ detail }) {
  const notes = [...(detail.warnings ?? []), ...(detail.tools ?? []).flatMap((one) => [...(one.problems ?? []), ...(one.remarks ?? [])])];
  return html`<div class="check-detail">
    ${detail.steps?.length > 0 && html`<${Steps} steps=${detail.steps} />`}
    ${detail.error && html`<${Failure} error=${detail.error} />`}
    ${notes.length > 0 && html`<ul class="check-notes">${notes.map((one, i) => html`<li key=${i}>${typeof one === "string" ? one : (one.message ?? JSON.stringify(one))}</li>`)}</ul>`}
    ${detail.output && html`<p class="small soft">${t.output}</p><pre class="output" tabindex="0">${detail.output}</pre>`}
    ${detail.plugin && html`<p class="small soft">${t.ran(detail.plugin.python, detail.plugin.sdk)}</p>`}
  </div>`;
}

function Check({ check, first }) {
  return html`<li class="check-row">
    <details open=${first}>
      <summary>
        <${Health} row=${check} /> <${Time} at=${check.at} /> <span class="num soft">${msText(check.duration_ms)}</span>
        ${check.network && html`<${Badge} kind="info" icon="cloud">${t.network}<//>`}
      </summary>
      ${check.reason && html`<p class="check-reason">${check.reason}</p>`}
      ${check.detail && html`<${Detail} detail=${check.detail} />`}
    </details>
  </li>`;
}

/* A run has no length one could know: the bar tells where it is, not how much is left. */
const AT = { queued: 0.25, running: 0.65, done: 1, failed: 1 };

function useCheck(row, scope, reload) {
  const [state, set] = useState("");
  const run = async () => {
    set("queued");
    try {
      const job = await runCheck(row, scope, set);
      toast(t.done[job.result?.health] ?? t.done.unchecked);
    } catch (error) {
      toast({ error });
    }
    set("");
    reload();
  };
  return { state, run };
}

function HealthCard({ row, scope, beat, reloadAll }) {
  const [more, setMore] = useState(null); // rows behind the first page
  const first = useLoad(() => api.healthChecks(row, scope), [row.id, beat]);
  const { state, run } = useCheck(row, scope, () => (first.reload(), reloadAll()));
  useEffect(() => setMore(null), [first.value]);
  const next = more ? more.next : first.value?.next;
  const load = async () => {
    const page = await api.healthChecks(row, scope, next).catch((error) => (toast({ error }), null));
    if (page) setMore({ rows: [...(more?.rows ?? []), ...page.rows], next: page.next });
  };
  const writes = writable(row, scope);
  const actions = writes && html`<${CopyAs} small call=${commands.check(row, scope)} /><${Button} small kind="main" icon="health" busy=${state !== ""} onClick=${run}>${t.now}<//>`;
  return html`<${Card} title=${t.health} actions=${actions}>
    <div class="stack">
      <div role="status">${state && html`<p class="small check-state">${t.states[state] ?? state}</p><${Progress} value=${AT[state] ?? 0.5} label=${t.now} />`}</div>
      ${first.wrong && !first.value && html`<${ErrorPanel} error=${first.wrong} onRetry=${first.reload} />`}
      ${first.value?.rows.length === 0 && html`<${EmptyState} icon="health" title=${t.never}><p>${writes ? t.neverNote : t.neverReader}</p><//>`}
      ${first.value?.rows.length > 0 &&
      html`<ol class="checks" aria-label=${t.history}>${[...first.value.rows, ...(more?.rows ?? [])].map((one, i) => html`<${Check} key=${one.number} check=${one} first=${i === 0} />`)}</ol>`}
      ${next && html`<p><${Button} small onClick=${load}>${t.older}<//></p>`}
      ${can("cadence:system:admin") && html`<${Network} row=${row} />`}
    </div>
  <//>`;
}

/* Without a network a plugin cannot send anything anywhere; only who runs the platform may open it. */
function Network({ row }) {
  const [flipped, set] = useState(null);
  const from = useLoad(() => api.network(row), [row.id]);
  const allowed = flipped ?? from.value?.allowed;
  if (allowed === undefined) return null;
  const flip = async (on) => {
    set(on);
    await api.allowNetwork(row, on).catch((error) => (set(!on), toast({ error })));
  };
  return html`<div class="check-network">
    <p>${t.networkTitle}<span class="soft small">${t.networkNote}</span></p><${Switch} on=${allowed} label=${t.networkTitle} onFlip=${flip} />
  </div>`;
}

export function PluginChecks({ plugin, row, scope }) {
  const report = useLoad(() => api.report(row, scope), [row.id, plugin.beat]);
  return html`<div class="cards cards-two">
    <${Report} from=${report} row=${row} scope=${scope} />
    <${HealthCard} row=${row} scope=${scope} beat=${plugin.beat} reloadAll=${() => (report.reload(), plugin.list.reload())} />
  </div>`;
}
