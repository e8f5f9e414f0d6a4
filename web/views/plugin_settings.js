/*
 * plugin_settings.js - the form that an organization's administrator will fill in, live, with the
 * JSON that comes of it.
 *
 * The form is drawn from the schema in the package and judged as the SDK judges it: types are str,
 * int, float, bool, list and dict, what is required must be there. Nothing that is typed here leaves
 * the page or is remembered; secrets stand masked in the result until somebody asks to see them.
 */
import { html, useMemo, useState } from "../preact.js";
import { Badge, Button, Card, Choice, EmptyState, Field, Switch } from "../parts.js";
import { CopyButton } from "../parts/copy.js";
import { texts } from "../texts.js";

const t = texts.plugin.settings;
const MASK = "••••••••";

/* ---- values: a text in a field, and what it stands for ------------------------------------------------------ */

function textOf(setting) {
  const { type, default: value } = setting;
  if (type === "bool") return value === true;
  if (value === null || value === undefined) return "";
  return type === "list" || type === "dict" ? JSON.stringify(value, null, 2) : String(value);
}

function jsonOf(text, type) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return { wrong: type === "list" ? t.wrong.list : t.wrong.dict };
  }
  const fits = type === "list" ? Array.isArray(value) : value !== null && typeof value === "object" && !Array.isArray(value);
  return fits ? { value } : { wrong: type === "list" ? t.wrong.list : t.wrong.dict };
}

/* A float keeps its point, as Python tells 1.0 from 1: the JSON shows the number as it was typed. */
function read(setting, text) {
  const { type, required } = setting;
  if (type === "bool") return { value: text === true };
  if (text.trim() === "" && (type !== "str" || text === "")) return required ? { wrong: t.wrong.required } : { value: null };
  if (type === "int") return /^[+-]?\d+$/.test(text.trim()) && Number.isSafeInteger(Number(text)) ? { value: Number(text) } : { wrong: t.wrong.int };
  if (type === "float") return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) && Number.isFinite(Number(text)) ? { value: Number(text) } : { wrong: t.wrong.float };
  if (type === "list" || type === "dict") return jsonOf(text, type);
  return { value: text };
}

/* ---- one field -------------------------------------------------------------------------------------------------- */

const TYPES = ["str", "int", "float", "bool", "list", "dict"];

function Setting({ setting, text, onText, wrong }) {
  const { key, type, description, required, sensitive } = setting;
  const name = setting.name || key;
  const label = html`<span class="setting-name">${name}</span>
    <span class="setting-marks">
      ${name !== key && html`<code class="soft">${key}</code>`}<code class="setting-type">${TYPES.includes(type) ? type : "?"}</code>
      ${required && html`<${Badge} kind="accent">${t.required}<//>`} ${sensitive && html`<${Badge} kind="info" icon="shield">${t.secret}<//>`}
    </span>`;
  const marks = { label, hint: description || undefined, wrong, value: text, onValue: onText, autocomplete: "off", "aria-required": required && type !== "bool" ? "true" : undefined };
  if (type === "bool") return html`<${Field} type="check" ...${marks} autocomplete=${undefined} />`;
  if (sensitive && type === "str") return html`<${Field} type="password" ...${marks} autocomplete="new-password" />`;
  if (type === "list" || type === "dict") return html`<${Field} type="textarea" ...${marks} class="input mono setting-json" rows=${Math.min(10, Math.max(2, text.split("\n").length))} spellcheck="false" />`;
  if (type === "int" || type === "float") return html`<${Field} ...${marks} inputmode=${type === "int" ? "numeric" : "decimal"} />`;
  return text.includes("\n") ? html`<${Field} type="textarea" ...${marks} rows="4" />` : html`<${Field} ...${marks} />`;
}

/* ---- the result --------------------------------------------------------------------------------------------------- */

function result(row, schema, values, shape) {
  if (shape === "values") return values;
  const settings = schema.filter((one) => one.key in values).map((one) => ({ key: one.key, name: one.name || one.key, value: values[one.key] }));
  return { [`${row.source}:${row.pid}@${row.version}`]: { id: row.pid, version: row.version, name: row.name, active: true, source: row.source, settings } };
}

function masked(schema, values) {
  const secret = new Set(schema.filter((one) => one.sensitive).map((one) => one.key));
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, secret.has(key) && value !== null && value !== "" ? MASK : value]));
}

function Result({ row, schema, values, wrong }) {
  const [shape, setShape] = useState("values");
  const [shown, show] = useState(false);
  const secrets = schema.some((one) => one.sensitive && values[one.key]);
  const spell = (what) => JSON.stringify(result(row, schema, what, shape), null, 2);
  const options = [{ id: "values", label: t.values }, { id: "entry", label: t.entry }];
  return html`<${Card} title=${t.json} actions=${html`<${Choice} label=${t.shape} at=${shape} onAt=${setShape} options=${options} />`}>
    <div class="stack">
      <div class="settings-state" role="status">
        ${wrong > 0 ? html`<${Badge} kind="warn" icon="attention">${t.missing(wrong)}<//>` : html`<${Badge} kind="ok" icon="check">${t.valid}<//>`}
      </div>
      <pre class="settings-json" tabindex="0" aria-label=${t.json}>${spell(secrets && !shown ? masked(schema, values) : values)}</pre>
      <div class="actions">
        <${CopyButton} kind="main" text=${spell(values)} label=${secrets ? t.copyWithSecrets : t.copy} />
        ${secrets && html`<${Switch} on=${shown} label=${t.reveal} shown=${t.reveal} onFlip=${show} />`}
      </div>
      <p class="soft small">${shape === "values" ? t.valuesNote : t.entryNote}</p>
    </div>
  <//>`;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------ */

export function PluginSettings({ row }) {
  const schema = row.settings_schema;
  const start = useMemo(() => Object.fromEntries(schema.map((one) => [one.key, textOf(one)])), [row.id]);
  const [typed, type] = useState(start);
  const [touched, touch] = useState({});
  if (schema.length === 0) return html`<${Card}><${EmptyState} icon="gear" title=${t.none}><p>${t.noneNote}</p><//><//>`;
  const readings = schema.map((one) => ({ one, ...read(one, typed[one.key]) }));
  const values = Object.fromEntries(readings.filter((reading) => reading.wrong === undefined).map(({ one, value }) => [one.key, value]));
  const wrong = readings.filter((reading) => reading.wrong !== undefined).length;
  const change = (key) => (text) => {
    type((now) => ({ ...now, [key]: text }));
    touch((now) => ({ ...now, [key]: true }));
  };
  const reset = () => (type(start), touch({}));
  const checkAll = () => touch(Object.fromEntries(schema.map((one) => [one.key, true])));
  return html`<div class="cards cards-two">
    <${Card} title=${t.title} note=${t.note}>
      <div class="form">
        ${readings.map(({ one, wrong: sentence }) => html`<${Setting} key=${one.key} setting=${one} text=${typed[one.key]} onText=${change(one.key)} wrong=${touched[one.key] && sentence ? sentence : undefined} />`)}
        <div class="actions"><${Button} icon="check" onClick=${checkAll}>${t.check}<//><${Button} kind="quiet" icon="undo" onClick=${reset}>${t.reset}<//></div>
      </div>
    <//>
    <div class="settings-side"><${Result} row=${row} schema=${schema} values=${values} wrong=${wrong} /></div>
  </div>`;
}
