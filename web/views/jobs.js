/*
 * jobs.js - work for later: what waits, runs, is done and failed. Nothing is begun here; each kind
 * of work is asked for where it belongs.
 */
import { html, useEffect, useRef, useState } from "../preact.js";
import { admin, adminCommands } from "../admin.js";
import { PLUGIN_KINDS, useLive } from "../live.js";
import { Badge, Button, Choice, CopyAs, Dialog, EmptyState, Progress, Table, Time, ViewHead } from "../parts.js";
import { Paged, usePaged } from "../parts/paged.js";
import { setQuery } from "../router.js";
import { texts } from "../texts.js";

const t = texts.jobs;
const KINDS = { queued: "info", running: "accent", done: "ok", failed: "danger" };
const EVERY_MS = 3000;

const whenOf = (job) => job.finished_at ?? job.started_at ?? job.run_at ?? job.created_at;

function One({ job, onClose }) {
  return html`<${Dialog} title=${job.kind} onClose=${onClose} wide>
    <dl class="facts">
      <dt>${t.columns.state}</dt><dd>${t.states[job.state]}</dd>
      <dt>${t.columns.tries}</dt><dd class="num">${job.tries}</dd>
      <dt>${t.columns.when}</dt><dd><${Time} at=${whenOf(job)} /></dd>
      <dt>${texts.audit.subject}</dt><dd class="mono">${job.subject}</dd>
    </dl>
    ${["progress", "result"].map((key) => job[key] && html`<p class="label" key=${`t${key}`}>${t[key]}</p><pre class="block" key=${key}>${JSON.stringify(job[key], null, 2)}</pre>`)}
  <//>`;
}

export function Jobs({ query }) {
  const [open, setOpen] = useState(null);
  const list = usePaged((cursor) => admin.jobs({ state: query.state }, cursor), [query.state]);
  const running = (list.rows ?? []).some((job) => job.state === "running" || (job.state === "queued" && Date.parse(job.run_at ?? 0) <= Date.now()));
  const renew = useRef();
  renew.current = list.renew;
  useLive(PLUGIN_KINDS, list.renew);
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => !document.hidden && renew.current(), EVERY_MS);
    return () => clearInterval(timer);
  }, [running]);
  const columns = [
    { key: "kind", title: t.columns.kind, render: (job) => html`<span class="row-title">${job.kind}</span><span class="row-note mono">${job.subject}</span>` },
    { key: "state", title: t.columns.state, render: (job) => html`<${Badge} kind=${KINDS[job.state]}>${t.states[job.state]}<//>${job.state === "running" && job.progress?.total ? html`<${Progress} label=${t.progress} value=${job.progress.done / job.progress.total} />` : ""}` },
    { key: "when", title: t.columns.when, render: (job) => html`${job.state === "queued" ? `${t.due} ` : ""}<${Time} at=${whenOf(job)} />` },
    { key: "tries", title: t.columns.tries, end: true, render: (job) => job.tries },
    { key: "more", title: t.columns.result, hidden: true, end: true, render: (job) => html`<${Button} small kind="quiet" aria-label=${t.showOf(job.kind)} onClick=${() => setOpen(job)}>${t.show}<//>` },
  ];
  return html`<div>
    <${ViewHead} title=${t.title} lead=${t.lead}><${CopyAs} call=${adminCommands.jobs()} /><//>
    <div class="filters">
      <${Choice} label=${t.state} at=${query.state ?? ""} onAt=${(id) => setQuery({ state: id })} options=${[{ id: "", label: t.any }, ...Object.entries(t.states).map(([id, label]) => ({ id, label }))]} />
    </div>
    <${Paged} list=${list} empty=${html`<${EmptyState} icon="clock" title=${t.none}><p>${t.noneNote}</p><//>`}>
      ${(rows) => html`<div class="card sheet"><${Table} caption=${t.title} columns=${columns} rows=${rows} /></div>`}
    <//>
    ${open && html`<${One} job=${open} onClose=${() => setOpen(null)} />`}
  </div>`;
}
