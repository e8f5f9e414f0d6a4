/*
 * orgs.js - the organizations somebody belongs to; all of them for a system administrator.
 */
import { html } from "../preact.js";
import { api } from "../api.js";
import { Card, Command, Loaded, useLoad } from "../parts.js";
import { texts } from "../texts.js";

const t = texts.orgs;

const createFirst = () => `curl -X POST ${location.origin}/api/admin/orgs \\
  -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -d '{"name": "Acme", "domain": "acme.example"}'`;

function Org({ org }) {
  return html`<li>
    <div class="row-main">
      <p class="row-title">
        ${org.display_name || org.name}
        ${org.is_deleted && html`<span class="tag tag-danger">${t.deleted}</span>`}
        ${!org.is_deleted && org.status !== "active" && html`<span class="tag tag-warn">${t.status[org.status] ?? org.status}</span>`}
      </p>
      <p class="row-note">${org.domain ?? t.noDomain}</p>
    </div>
    <span class="tag tag-accent">${t.roles[org.role] ?? org.role}</span>
  </li>`;
}

function Empty({ admin }) {
  return html`<div class="empty">
    <p>${admin ? t.noneAdmin : t.none}</p>
    ${admin && html`<${Command}>${createFirst()}<//>`}
  </div>`;
}

export function Orgs({ me }) {
  const list = useLoad(api.orgs);
  return html`<${Card} title=${t.title} note=${list.value?.length ? t.count(list.value.length) : null}>
    <${Loaded} from=${list}>
      ${(orgs) =>
        orgs.length === 0
          ? html`<${Empty} admin=${me.is_sys_admin} />`
          : html`<ul class="rows">
              ${orgs.map((org) => html`<${Org} key=${org.org_id} org=${org} />`)}
            </ul>`}
    <//>
  <//>`;
}
