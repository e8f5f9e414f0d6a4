/*
 * audit.js - the record of what happened: filtered, looked into, taken along.
 *
 * The filters stand in the address, so that a finding can be sent to a colleague. Nothing here
 * changes a row; nobody can.
 */
import { html, useState } from "../preact.js";
import { admin, adminCommands } from "../admin.js";
import { Button, Command, CopyAs, Dialog, EmptyState, Field, Menu, Switch, Table, Time, toast, ViewHead } from "../parts.js";
import { Paged, usePaged } from "../parts/paged.js";
import { setQuery } from "../router.js";
import { csvOf, saveFile } from "../save.js";
import { useSession } from "../session.js";
import { texts } from "../texts.js";

const t = texts.audit;
const KEYS = ["seq", "at", "action", "actor_name", "actor_via", "actor_id", "address", "request_id", "org_id", "subject", "detail", "hash"];
const EXPORT_MOST = 20000;

const dayStart = (day) => (day ? new Date(`${day}T00:00:00`).toISOString() : "");
const dayEnd = (day) => (day ? new Date(new Date(`${day}T00:00:00`).getTime() + 86400e3).toISOString() : "");

const queryOf = (query) => ({
  action: query.action, subject: query.subject, org_id: query.org, since: dayStart(query.since), until: dayEnd(query.until),
  people_only: query.machines === "1" ? "" : "true",
});

async function exportAll(query, kind, onStep) {
  const rows = [];
  let cursor = "";
  do {
    const page = await admin.audit({ ...queryOf(query), limit: 200 }, cursor);
    rows.push(...page.rows);
    cursor = page.next;
    onStep(rows.length);
  } while (cursor && rows.length < EXPORT_MOST);
  const text = kind === "csv" ? csvOf(KEYS, rows) : JSON.stringify(rows, null, 2);
  saveFile(new Blob([text], { type: kind === "csv" ? "text/csv" : "application/json" }), `${t.file}.${kind}`);
  return rows.length;
}

function Filters({ query, orgs }) {
  const set = (key) => (value) => setQuery({ [key]: value });
  return html`<div class="filters filters-form">
    <${Field} label=${t.action} placeholder=${t.actionHint} value=${query.action ?? ""} onValue=${set("action")} autocomplete="off" />
    <${Field} label=${t.subject} placeholder=${t.subjectHint} value=${query.subject ?? ""} onValue=${set("subject")} autocomplete="off" />
    <${Field} label=${t.org} type="select" value=${query.org ?? ""} onValue=${set("org")}
      options=${[{ id: "", label: t.any }, ...orgs.map((org) => ({ id: org.org_id, label: org.display_name || org.name }))]} />
    <${Field} label=${t.since} type="date" value=${query.since ?? ""} onValue=${set("since")} />
    <${Field} label=${t.until} type="date" value=${query.until ?? ""} onValue=${set("until")} />
    <div class="field field-switch"><${Switch} on=${query.machines !== "1"} label=${t.people} shown=${t.people} onFlip=${(on) => setQuery({ machines: on ? "" : "1" })} /></div>
  </div>`;
}

function One({ event, onClose }) {
  return html`<${Dialog} title=${event.action} onClose=${onClose} wide>
    <dl class="facts">
      ${Object.entries(t.fields).map(([key, label]) => event[key] && html`<dt key=${`t${key}`}>${label}</dt><dd key=${key} class=${/id|hash|subject|address|seq/.test(key) ? "mono" : ""}>${key === "at" ? html`<${Time} at=${event.at} /> <span class="soft num">${event.at}</span>` : event[key]}</dd>`)}
    </dl>
    ${event.detail && html`<p class="label">${t.columns.detail}</p><pre class="block">${JSON.stringify(event.detail, null, 2)}</pre>`}
  <//>`;
}

const brief = (detail) =>
  Object.entries(detail ?? {})
    .filter(([, value]) => typeof value !== "object" && value !== null)
    .map(([key, value]) => `${key} ${value}`)
    .join(" · ");

export function Audit({ query }) {
  const { orgs } = useSession();
  const [open, setOpen] = useState(null);
  const [busy, setBusy] = useState("");
  const list = usePaged((cursor) => admin.audit(queryOf(query), cursor), [JSON.stringify(queryOf(query))]);
  const take = async (kind) => {
    setBusy(t.exporting(0));
    try {
      toast(t.exported(await exportAll(query, kind, (n) => setBusy(t.exporting(n)))));
    } catch (error) {
      toast({ error });
    }
    setBusy("");
  };
  const filled = Object.fromEntries(Object.entries(queryOf(query)).filter(([, value]) => value));
  const columns = [
    { key: "at", title: t.columns.at, render: (e) => html`<${Time} at=${e.at} />` },
    { key: "who", title: t.columns.who, render: (e) => html`<span class="row-title">${e.actor_name ?? texts.unknownPerson}</span><span class="row-note">${e.address}</span>` },
    { key: "action", title: t.columns.action, render: (e) => html`<button type="button" class="link mono" aria-label=${t.showOf(e.action)} onClick=${() => setOpen(e)}>${e.action}</button>` },
    { key: "about", title: t.columns.about, render: (e) => html`<span class="clip">${brief(e.detail) || e.subject}</span>` },
    { key: "request", title: t.columns.request, render: (e) => html`<span class="mono soft">${e.request_id}</span>` },
  ];
  return html`<div>
    <${ViewHead} title=${t.title} lead=${t.lead}>
      <${CopyAs} call=${adminCommands.audit(filled)} />
      ${busy
        ? html`<span class="soft" role="status">${busy}</span>`
        : html`<${Menu} label=${t.exportAs} icon="download" items=${[{ id: "csv", label: t.csv, onPick: () => take("csv") }, { id: "json", label: t.json, onPick: () => take("json") }]} />`}
    <//>
    <${Filters} query=${query} orgs=${orgs} />
    <${Paged} list=${list} empty=${html`<${EmptyState} icon="audit" title=${t.none}><p>${t.noneNote}</p><${Button} onClick=${() => setQuery({ action: "", subject: "", org: "", since: "", until: "", machines: "1" })}>${texts.catalog.clear}<//><//>`}>
      ${(rows) => html`<div class="card sheet"><${Table} caption=${t.title} columns=${columns} rows=${rows} keyOf=${(e) => e.seq} /></div>`}
    <//>
    <p class="foot-note soft small">${t.verify}</p>
    <${Command}>${adminCommands.verifyAudit}<//>
    ${open && html`<${One} event=${open} onClose=${() => setOpen(null)} />`}
  </div>`;
}
