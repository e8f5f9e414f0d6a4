/*
 * monitor.js - how the appliance is doing, drawn from /metrics while somebody looks.
 *
 * The lines begin when the page is opened and hold a quarter of an hour; whoever wants more points a
 * monitor at /metrics. Nothing is asked for while the page is in the background.
 */
import { html, useEffect, useMemo, useState } from "../preact.js";
import { admin, adminCommands } from "../admin.js";
import { figuresOf, quantile } from "../metrics.js";
import { Badge, bytesText, Card, CopyAs, countText, ErrorPanel, Skeleton, Table, Time, ViewHead } from "../parts.js";
import { Chart } from "../parts/chart.js";
import { Figures } from "../parts/figures.js";
import { texts } from "../texts.js";

const t = texts.monitor;
const EVERY_MS = 5000;
const KEEP = 180;

const rate = (looks, i, key) => (looks[i][key] - looks[i - 1][key]) / Math.max(0.001, looks[i].at - looks[i - 1].at);
const short = (n) => (n >= 100 ? countText(Math.round(n)) : n.toFixed(n < 10 ? 2 : 1));

function useLooks() {
  const [looks, setLooks] = useState([]);
  const [wrong, setWrong] = useState(null);
  useEffect(() => {
    let here = true;
    const look = async () => {
      if (document.hidden) return;
      try {
        const figures = figuresOf(await admin.metrics());
        if (!here) return;
        setWrong(null);
        setLooks((now) => [...(now.at(-1)?.startedAt === figures.startedAt ? now : []), figures].slice(-KEEP));
      } catch (error) {
        if (here) setWrong(error);
      }
    };
    look();
    const soon = [1000, 2000].map((ms) => setTimeout(look, ms)); /* three looks make a line */
    const timer = setInterval(look, EVERY_MS);
    return () => {
      here = false;
      for (const one of soon) clearTimeout(one);
      clearInterval(timer);
    };
  }, []);
  return { looks, wrong };
}

function Lines({ looks }) {
  const drawn = useMemo(() => {
    const rest = looks.slice(1);
    return {
      times: rest.map((one) => one.at),
      requests: [{ label: t.requests, values: rest.map((_, i) => rate(looks, i + 1, "requests")) }],
      slow: [{ label: t.latency, values: rest.map((one, i) => quantile(looks[i], one, 0.95)), tone: "danger" }],
      memory: [{ label: t.memory, values: rest.map((one) => one.memory), tone: "info" }],
      writes: [{ label: t.writes, values: rest.map((_, i) => rate(looks, i + 1, "commits")), tone: "warn" }],
    };
  }, [looks]);
  if (drawn.times.length < 2) return html`<p class="soft" role="status">${t.collecting}</p>`;
  return html`<div class="grid-two">
    <${Card} title=${t.rateTitle}><${Chart} title=${t.rateTitle} times=${drawn.times} series=${drawn.requests} format=${short} height=${180} /><//>
    <${Card} title=${t.slowTitle}><${Chart} title=${t.slowTitle} times=${drawn.times} series=${drawn.slow} format=${(n) => t.ms(short(n))} height=${180} /><//>
    <${Card} title=${t.memoryTitle}><${Chart} title=${t.memoryTitle} times=${drawn.times} series=${drawn.memory} format=${bytesText} height=${180} /><//>
    <${Card} title=${t.writesTitle}><${Chart} title=${t.writesTitle} times=${drawn.times} series=${drawn.writes} format=${short} height=${180} /><//>
  </div>`;
}

function Busiest({ look }) {
  const rows = [...look.routes].sort((a, b) => b.count - a.count).slice(0, 12);
  const columns = [
    { key: "route", title: t.columns.route, render: (r) => html`<span class="mono">${r.id}</span>` },
    { key: "count", title: t.columns.count, end: true, render: (r) => countText(r.count) },
    { key: "failed", title: t.columns.failed, end: true, render: (r) => countText(r.failed) },
    { key: "mean", title: t.columns.mean, end: true, render: (r) => t.ms(short((1000 * r.seconds) / r.count)) },
  ];
  return html`<${Card} title=${t.busiest} actions=${html`<${CopyAs} small call=${adminCommands.metrics()} />`}>
    <${Table} caption=${texts.tableOf(t.busiest)} columns=${columns} rows=${rows} />
    <p class="soft small after">${t.raw}</p>
  <//>`;
}

function Ready() {
  const [ready, setReady] = useState(null);
  useEffect(() => {
    admin.readyNow().then(setReady);
  }, []);
  if (ready === null) return null;
  return html`<${Badge} kind=${ready ? "ok" : "danger"} icon=${ready ? "check" : "attention"}>${ready ? t.ready : t.notReady}<//>`;
}

export function Monitor() {
  const { looks, wrong } = useLooks();
  const look = looks.at(-1);
  const before = looks.at(-2);
  const slow = look && quantile(before, look, 0.95);
  return html`<div>
    <${ViewHead} title=${t.title} lead=${t.lead}><${Ready} /><//>
    ${wrong && html`<${ErrorPanel} error=${wrong} />`}
    ${!look && !wrong && html`<${Skeleton} lines=${6} />`}
    ${look &&
    html`<div class="cards">
      <${Figures} items=${[
        { id: "up", label: t.uptime, value: html`<${Time} at=${new Date(look.startedAt * 1000).toISOString()} />` },
        { id: "memory", label: t.memory, value: bytesText(look.memory) },
        { id: "requests", label: t.requests, value: countText(look.requests), note: before ? t.perSecond(short(rate(looks, looks.length - 1, "requests"))) : "" },
        { id: "slow", label: t.latency, value: slow === null ? "–" : t.ms(short(slow)) },
        { id: "failed", label: t.errors, value: countText(look.failed), kind: look.failed > 0 ? "warn" : "" },
        { id: "streams", label: t.streams, value: countText(look.streams) },
        { id: "jobs", label: t.jobs, value: countText(look.jobs) },
        { id: "files", label: t.files, value: countText(look.files) },
      ]} />
      <${Lines} looks=${looks} />
      <${Busiest} look=${look} />
    </div>`}
  </div>`;
}
