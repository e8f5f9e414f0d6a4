/*
 * droplayer.js - files can be dropped anywhere; where they are let go says where they belong.
 *
 * While files are held over the page, one zone for each catalog one may upload to covers it. The
 * panel with what became of them (views/upload.js) is fetched when it is first needed.
 */
import { html, useEffect, useRef, useState } from "./preact.js";
import { Icon, toast, toastOffline } from "./parts.js";
import { addUploads, openUploads, panelTarget, uploads } from "./uploads.js";
import { targetsOf, useSession } from "./session.js";
import { useStore } from "./store.js";
import { texts } from "./texts.js";

const t = texts.upload;
const MOST_ZONES = 5;

const holdsFiles = (e) => [...(e.dataTransfer?.types ?? [])].includes("Files");

/* Lines up what was dropped (entries) or chosen (files); target "" = to be asked for. */
export async function takeFiles({ entries, files }, target) {
  try {
    const { archivesOf, nodesOfEntries, nodesOfFiles } = await import("./drop.js");
    const archives = await archivesOf(entries?.length ? nodesOfEntries(entries) : nodesOfFiles(files));
    if (archives.length === 0) toast({ text: t.nothing, bad: true });
    else addUploads(archives, target);
  } catch (wrong) {
    toast({ text: wrong instanceof DOMException ? t.unreadable : texts.error.offline, bad: true });
  }
}

function Zone({ target, name, note, onDone }) {
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  const count = (by) => {
    depth.current += by;
    setOver(depth.current > 0);
  };
  return html`<div
    class=${over ? "drop-zone drop-zone-over" : "drop-zone"}
    data-target=${target}
    onDragEnter=${() => count(1)}
    onDragLeave=${() => count(-1)}
    onDrop=${() => onDone(target)}
  >
    <${Icon} name="upload" size="22" /><span>${note}</span><strong>${name}</strong>
  </div>`;
}

export function DropLayer({ scope }) {
  const [held, setHeld] = useState(false);
  const state = useSession();
  const target = useRef("");
  const depth = useRef(0);
  const targets = targetsOf(state);
  const here = targets.find((one) => one.id === scope);
  useEffect(() => {
    const end = () => {
      depth.current = 0;
      setHeld(false);
    };
    const enter = (e) => {
      if (!holdsFiles(e)) return;
      depth.current++;
      const open = uploads.get().open; /* the panel says where to */
      target.current = open ? panelTarget.get() : "";
      setHeld(!open);
    };
    const leave = (e) => {
      if (holdsFiles(e) && --depth.current <= 0) end();
    };
    const over = (e) => holdsFiles(e) && e.preventDefault();
    const drop = (e) => {
      if (!holdsFiles(e)) return;
      e.preventDefault();
      /* both lists are empty once this handler has returned */
      const entries = [...e.dataTransfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
      takeFiles({ entries, files: [...e.dataTransfer.files] }, target.current);
      end();
    };
    const rows = { dragenter: enter, dragleave: leave, dragover: over, drop };
    for (const [kind, then] of Object.entries(rows)) addEventListener(kind, then);
    return () => {
      for (const [kind, then] of Object.entries(rows)) removeEventListener(kind, then);
    };
  }, []);
  if (!held) return null;
  if (targets.length === 0) return html`<div class="drop" role="region" aria-label=${t.dropTitle}><p class="drop-title">${t.notAllowed}</p></div>`;
  const shown = [...(here ? [here] : []), ...targets.filter((one) => one !== here)].slice(0, MOST_ZONES);
  const aimed = (id) => {
    target.current = id;
  };
  return html`<div class="drop" role="region" aria-label=${t.dropTitle}>
    <p class="drop-title">${t.dropTitle}</p>
    <div class="drop-zones">
      ${shown.map((one) => html`<${Zone} key=${one.id} target=${one.id} name=${one.name} note=${t.dropHere} onDone=${aimed} />`)}
      ${targets.length > shown.length && html`<${Zone} key="" target="" name=${t.dropUnknown} note=${t.dropUnknownNote} onDone=${aimed} />`}
    </div>
  </div>`;
}

/* The panel, once somebody has opened it or dropped something. */
export function UploadPanel({ scope }) {
  const open = useStore(uploads, (now) => now.open);
  const [Panel, setPanel] = useState(null);
  useEffect(() => {
    if (open && !Panel)
      import("./views/upload.js").then(
        (file) => setPanel(() => file.Uploads),
        () => {
          openUploads(false);
          toastOffline();
        },
      );
  }, [open]);
  return open && Panel ? html`<${Panel} scope=${scope} onClose=${() => openUploads(false)} />` : null;
}
