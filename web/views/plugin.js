/*
 * plugin.js - one plugin: what it says of itself, and its versions.
 */
import { html } from "../preact.js";
import { api, homeOf } from "../api.js";
import { slim } from "../catalog.js";
import { PLUGIN_KINDS, useLive } from "../live.js";
import { catalogPath } from "../pages.js";
import { Badge, Button, Bytes, Card, Loaded, Switch, Table, Time, toast, useLoad, ViewHead } from "../parts.js";
import { address } from "../router.js";
import { useCan } from "../session.js";
import { texts } from "../texts.js";

const t = texts.plugin;
const c = texts.catalog;

function Versions({ rows, scope, onChange }) {
  const can = useCan();
  const flip = async (row, on) => {
    try {
      await api.changePlugin(row, scope, { enabled: on });
      toast(on ? c.enabled(`${row.name} ${row.version}`) : c.disabled(`${row.name} ${row.version}`));
    } catch (error) {
      toast({ error });
    }
    onChange();
  };
  const columns = [
    { key: "version", title: c.columns.version, render: (row) => html`<strong class="num">${row.version}</strong> ${row.is_latest && html`<${Badge} kind="ok">${t.latest}<//>`}` },
    { key: "when", title: c.columns.changed, render: (row) => html`<${Time} at=${row.created_at} />` },
    { key: "size", title: c.sorts.size, end: true, render: (row) => html`<${Bytes} n=${row.size_bytes} />` },
    { key: "state", title: c.columns.state, render: (row) =>
        html`<${Switch} on=${row.enabled} label=${c.switch(`${row.name} ${row.version}`)} disabled=${!can("plugins:write", homeOf(row, scope))} onFlip=${(on) => flip(row, on)} />` },
    { key: "get", title: t.download, hidden: true, end: true, render: (row) => html`<${Button} small icon="download" href=${api.downloadPath(row, scope)}>${t.download}<//>` },
  ];
  return html`<${Table} caption=${t.versions} columns=${columns} rows=${rows} />`;
}

export function Plugin({ scope, params }) {
  const list = useLoad(() => api.versions(scope, params.pid), [scope, params.pid]);
  useLive(PLUGIN_KINDS, (event) => (!event.pid || event.pid === params.pid) && list.reload());
  return html`<${Loaded} from=${list}>
    ${(rows) => {
      const row = slim(rows.find((one) => one.is_latest) ?? rows[0]);
      return html`<${ViewHead} title=${row.name} lead=${row.description}><${Button} href=${address(catalogPath(scope))}>${t.back}<//><//>
        <${Card} title=${t.versions} note=${row.pid}><${Versions} rows=${rows} scope=${scope} onChange=${list.reload} /><//>`;
    }}
  <//>`;
}
