/*
 * chart.js - a line or bars over time, with its figures as a table behind it.
 *
 *   Chart {title, times, series: [{label, values, tone}], bars, format, height}
 *
 * times are seconds since 1970, or texts for bars without a time. tone: accent, info, warn, danger.
 * The library is fetched when the first chart is shown; without it the table is still there. Nothing
 * is told by colour alone: each series has its name in the legend and its column in the table.
 */
import { html, useEffect, useRef, useState } from "../preact.js";
import { useStore } from "../store.js";
import { texts } from "../texts.js";
import { Table, countText } from "./basic.js";
import { script, styles } from "./foreign.js";
import { theme } from "./theme.js";

const TONES = ["accent", "info", "warn", "danger"];
const STEPS = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400]; // seconds between two marks
const hours = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/* Colours are read from the page, since a canvas knows no custom properties; light-dark() must be
 * resolved by an element. */
function colours(box) {
  const probe = document.createElement("span");
  box.append(probe);
  const read = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const all = Object.fromEntries([...TONES, "ink-soft", "line"].map((name) => [name, read(name)]));
  probe.remove();
  return all;
}

/* "rgb(27, 106, 78)" with an eighth of its strength. */
const thin = (colour) => colour.replace("rgb(", "rgba(").replace(")", ", 0.12)");

function options({ title, series, bars, format, height, isTime }, box, library) {
  const tone = colours(box);
  const font = `12px ${getComputedStyle(box).fontFamily}`;
  const axis = { stroke: tone["ink-soft"], font, grid: { stroke: tone.line, width: 1 }, ticks: { show: false } };
  return {
    title: undefined,
    width: box.clientWidth,
    height,
    /* an area tells amounts, so it begins at 0 */
    scales: { x: { time: isTime }, y: { range: (_, least, most) => [Math.min(0, least), most > 0 ? most * 1.1 : 1] } },
    legend: { show: series.length > 1 },
    cursor: { drag: { x: false, y: false } },
    axes: [{ ...axis, grid: { show: false }, ...(isTime && { incrs: STEPS }) }, { ...axis, size: 56, values: (_, ticks) => ticks.map(format) }],
    series: [
      {},
      ...series.map((one, i) => {
        const stroke = tone[one.tone ?? TONES[i % TONES.length]];
        return {
          label: one.label ?? title, stroke, width: 2, points: { show: false }, value: (_, v) => (v === null ? "" : format(v)),
          fill: bars ? stroke : series.length === 1 ? thin(stroke) : undefined,
          paths: bars ? library.paths.bars({ size: [0.7, 40], radius: 0.15 }) : undefined,
        };
      }),
    ],
  };
}

/* Grows when the system turns to dark or light: what is drawn on a canvas must be drawn again. */
function useShades() {
  const [turns, turn] = useState(0);
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const note = () => turn((n) => n + 1);
    dark.addEventListener("change", note);
    return () => dark.removeEventListener("change", note);
  }, []);
  return turns;
}

export function Chart({ title, times, series, bars, format = countText, height = 200 }) {
  const box = useRef(null);
  const shade = `${useStore(theme)} ${useShades()}`;
  const [failed, fail] = useState(false);
  const isTime = typeof times[0] === "number";
  useEffect(() => {
    let plot = null;
    let here = true;
    let watch = null;
    styles("uplot.css");
    script("uplot.js", "uPlot").then(
      (library) => {
        if (!here) return;
        const xs = isTime ? times : times.map((_, i) => i);
        const what = options({ title, series, bars, format, height, isTime }, box.current, library);
        if (!isTime) what.axes[0].values = (_, ticks) => ticks.map((i) => times[i] ?? "");
        plot = new library(what, [xs, ...series.map((one) => one.values)], box.current);
        watch = new ResizeObserver(() => plot.setSize({ width: box.current.clientWidth, height }));
        watch.observe(box.current);
      },
      () => here && fail(true),
    );
    return () => {
      here = false;
      watch?.disconnect();
      plot?.destroy();
    };
  }, [shade, times, series, height]);
  const rows = times.map((at, i) => ({ id: String(i), at, values: series.map((one) => one.values[i]) }));
  const columns = [
    { key: "at", title: texts.chart.when, hidden: true, render: (row) => (isTime ? hours.format(new Date(row.at * 1000)) : row.at) },
    ...series.map((one, i) => ({ key: String(i), title: one.label ?? title, end: true, render: (row) => (row.values[i] === null ? "" : format(row.values[i])) })),
  ];
  return html`<figure class="chart">
    <div class="chart-canvas" ref=${box} role="img" aria-label=${title}></div>
    ${failed && html`<p class="soft small">${texts.chart.failed}</p>`}
    <details open=${failed}><summary>${texts.chart.table}</summary><${Table} caption=${texts.chart.figures(title)} columns=${columns} rows=${rows} plain /></details>
  </figure>`;
}
