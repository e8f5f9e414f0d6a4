/*
 * sessions.js - everywhere somebody is signed in, and ending what should not be.
 */
import { html } from "../preact.js";
import { api } from "../api.js";
import { commands } from "../commands.js";
import { Badge, Button, Card, copyItems, Loaded, Menu, Time, toast, useLoad } from "../parts.js";
import { texts } from "../texts.js";

const t = texts.sessions;

/* "Firefox on Linux" out of what browsers send; other programs give their own name. */
export function programOf(userAgent) {
  if (!userAgent) return t.unknown;
  const find = (list) => list.find(([pattern]) => pattern.test(userAgent))?.[1];
  const browser = find([
    [/Edg\//, "Edge"],
    [/Firefox\//, "Firefox"],
    [/Chrome\//, "Chrome"],
    [/Safari\//, "Safari"],
  ]);
  const system = find([
    [/Android/, "Android"],
    [/iPhone|iPad/, "iOS"],
    [/Windows/, "Windows"],
    [/Mac OS X/, "macOS"],
    [/Linux/, "Linux"],
  ]);
  if (browser) return system ? `${browser} / ${system}` : browser;
  return userAgent.split(/[\s/]/)[0] || t.unknown;
}

function Session({ one, onGone }) {
  const program = programOf(one.user_agent);
  const revoke = async () => {
    try {
      await api.revokeSession(one.id);
      toast(t.revoked);
      onGone();
    } catch (wrong) {
      toast({ error: wrong });
    }
  };
  return html`<li>
    <div class="row-main">
      <p class="row-title">${program} ${one.is_current && html`<${Badge} kind="accent">${t.current}<//>`}</p>
      <p class="row-note">
        ${one.address} · ${one.last_used_at ? t.used : t.opened} <${Time} at=${one.last_used_at ?? one.created_at} />
      </p>
    </div>
    ${!one.is_current &&
    html`<span class="actions"><${Menu} bare small icon="copy" label=${texts.copy.as} items=${() => copyItems(commands.revokeSession(one.id))} /><${Button} small kind="danger" aria-label=${t.revokeNamed(`${program}, ${one.address}`)} onClick=${revoke}>${t.revoke}<//></span>`}
  </li>`;
}

export function Sessions() {
  const list = useLoad(api.sessions);
  return html`<${Card} title=${t.title}>
    <${Loaded} from=${list}>
      ${(sessions) =>
        sessions.length === 0
          ? html`<p class="soft">${t.none}</p>`
          : html`<ul class="rows">
              ${sessions.map((one) => html`<${Session} key=${one.id} one=${one} onGone=${list.reload} />`)}
            </ul>`}
    <//>
  <//>`;
}
