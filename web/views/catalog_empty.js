/*
 * catalog_empty.js - the catalog without a row: the first day, and a search that found nothing.
 */
import { html } from "../preact.js";
import { api } from "../api.js";
import { facets, loadCatalog } from "../catalog.js";
import { commands } from "../commands.js";
import { Button, Command, EmptyState, toast, useTask, Wrong } from "../parts.js";
import { setQuery } from "../router.js";
import { useCan } from "../session.js";
import { texts } from "../texts.js";
import { openUploads } from "../uploads.js";

const t = texts.catalog;

function Examples({ scope }) {
  const task = useTask(async () => {
    const { loaded, known } = await api.loadExamples();
    await loadCatalog(scope, { again: true });
    toast(t.examplesDone(loaded + known));
  });
  return html`<${Button} icon="examples" busy=${task.busy} onClick=${task.run}>${t.examples}<//><${Wrong} error=${task.wrong} />`;
}

export function FirstDay({ scope, writes }) {
  const can = useCan();
  if (!writes) return html`<${EmptyState} title=${t.empty}><p>${t.emptyReader}</p><//>`;
  return html`<${EmptyState} icon="upload" title=${t.empty}>
    <p>${t.emptyNote}</p>
    <${Command}>${commands.upload(scope).larder}<//>
    <div class="actions">
      <${Button} kind="main" icon="upload" onClick=${() => openUploads()}>${t.upload}<//>
      ${can("plugins:write", "system") && html`<${Examples} scope=${scope} />`}
    </div>
  <//>`;
}

export function NothingFits({ query }) {
  const clear = () => setQuery({ q: "", ...Object.fromEntries(facets.map((facet) => [facet, ""])) });
  return html`<${EmptyState} icon="search" title=${t.nothing}>
    <p>${t.nothingNote}</p>
    ${(query.q || facets.some((facet) => query[facet])) && html`<${Button} onClick=${clear}>${t.clear}<//>`}
  <//>`;
}
