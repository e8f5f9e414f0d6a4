/*
 * backups.js - backups that are kept here: made, checked, downloaded, and put back.
 *
 * A restore takes three decisions of the person: which backup (dropped, chosen, or one of the list),
 * what they see of it, and the word and password. While the appliance starts anew the page waits in
 * front of a dialog that says so, and then begins from the start, since everything is another one.
 */
import { html, useEffect, useRef, useState } from "../preact.js";
import { admin, adminCommands } from "../admin.js";
import { Badge, Button, bytesText, Card, Command, confirm, CopyAs, countText, Dialog, EmptyState, Field, Form, Loaded, Menu, momentText, Progress, Table, Time, toast, useLoad, useTask, ViewHead, Wrong } from "../parts.js";
import { copyItems } from "../parts/copy.js";
import { FootCopy } from "../parts/dialog.js";
import { useCan } from "../session.js";
import { texts } from "../texts.js";

const t = texts.backups;
const POLL_MS = 700;
const AWAY_POLL_MS = 100; /* it is away for a moment only */
const AWAY_MS = 120000;
const WORD = "RESTORE";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/* ---- making one -------------------------------------------------------------------------------- */

function useMaking(onDone) {
  const [job, setJob] = useState(null);
  const here = useRef(true);
  useEffect(() => () => (here.current = false), []);
  const follow = async (id) => {
    while (here.current) {
      const now = await admin.job(id);
      if (!here.current) return;
      setJob(now);
      if (now.state === "done") return toast(t.made(now.subject));
      if (now.state === "failed") throw new Error(t.failed(now.result?.error ?? now.result?.why ?? now.subject));
      await pause(POLL_MS);
    }
  };
  const task = useTask(async () => {
    try {
      await follow((await admin.makeBackup()).job_id);
    } catch (error) {
      toast({ error });
    }
    setJob(null);
    onDone();
  });
  return { job, ...task };
}

function Making({ job }) {
  const phase = job.progress?.phase ?? "queued";
  const part = job.progress?.total ? job.progress.done / job.progress.total : 0;
  return html`<div class="card"><div class="card-body making" role="status">
    <p>${t.making[phase] ?? t.making.queued}</p>
    <${Progress} label=${t.making[phase] ?? t.making.queued} value=${part} />
  </div></div>`;
}

/* ---- what would change --------------------------------------------------------------------------- */

function Changes({ preview }) {
  const rows = Object.entries(t.what).map(([id, label]) => ({ id, label, now: preview.now[id], then: preview.backup[id] }));
  const change = (row) => {
    const by = row.then - row.now;
    if (by === 0) return html`<span class="soft">${t.same}</span>`;
    return html`<${Badge} kind=${by < 0 ? "warn" : "info"}>${by > 0 ? "+" : "−"}${countText(Math.abs(by))}<//>`;
  };
  const columns = [
    { key: "label", title: t.table, hidden: true },
    { key: "now", title: t.columnsChange.now, end: true, render: (row) => countText(row.now) },
    { key: "then", title: t.columnsChange.then, end: true, render: (row) => countText(row.then) },
    { key: "change", title: t.columnsChange.change, end: true, render: change },
  ];
  return html`<${Table} caption=${t.table} columns=${columns} rows=${rows} plain />`;
}

function Confirm({ preview, onAway, onClose }) {
  const [password, setPassword] = useState("");
  const [word, setWord] = useState("");
  const task = useTask(async () => {
    await admin.restore(preview.token, password);
    onAway();
  });
  const atPassword = task.wrong?.field === "password";
  const ready = word === WORD && password !== "";
  const submit = () => ready && task.run();
  const foot = html`<${FootCopy} call=${adminCommands.restore(preview.token)} /><${Button} onClick=${onClose}>${texts.cancel}<//>
    <${Button} kind="fatal" disabled=${!ready} busy=${task.busy} onClick=${submit}>${t.confirmAction}<//>`;
  return html`<${Dialog} title=${t.previewTitle} onClose=${onClose} foot=${foot}>
    <dl class="facts">
      <dt>${t.previewOf}</dt><dd><${Time} at=${preview.created_at} /> <span class="soft num">(${momentText(preview.created_at)})</span></dd>
      <dt>${t.previewVersion}</dt><dd>${texts.name} ${preview.version}</dd>
    </dl>
    <p class="soft small after">${t.previewFiles(preview.files, bytesText(preview.bytes))}</p>
    <${Changes} preview=${preview} />
    <p class="notice notice-warn">${t.aside}${preview.key && ` ${t.withKey}`}</p>
    <${Form} wrong=${task.wrong} onSubmit=${submit}>
      <${Wrong} error=${atPassword ? null : task.wrong} />
      <${Field} label=${t.password} type="password" autocomplete="current-password" value=${password} onValue=${setPassword} wrong=${atPassword ? task.wrong.message : ""} />
      <${Field} label=${texts.typeWord(WORD)} value=${word} onValue=${setWord} autocomplete="off" autocapitalize="characters" spellcheck="false" />
      <button type="submit" hidden></button>
    <//>
  <//>`;
}

/* Until the appliance was away and is there again; then the page begins from the start. */
function Away() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    let here = true;
    const wait = async () => {
      const end = Date.now() + AWAY_MS;
      for (let gone = false; here && Date.now() < end; ) {
        await pause(AWAY_POLL_MS);
        const ready = await admin.readyNow();
        if (ready && gone) return location.reload();
        gone ||= !ready || Date.now() > end - AWAY_MS + 8000; /* it may have been quicker than we looked */
      }
      if (here) setLate(true);
      return undefined;
    };
    wait();
    return () => {
      here = false;
    };
  }, []);
  return html`<${Dialog} title=${t.away} onClose=${() => {}}><p role="status">${late ? t.late : t.awayNote}</p><//>`;
}

/* ---- choosing a file ----------------------------------------------------------------------------- */

function FromFile({ onPreview }) {
  const input = useRef(null);
  const [over, setOver] = useState(false);
  const [sent, setSent] = useState(null);
  const stop = useRef(null);
  const task = useTask(async (file) => {
    stop.current = new AbortController();
    setSent({ done: 0, total: file.size });
    try {
      onPreview(await admin.previewFile(file, { signal: stop.current.signal, onProgress: (done, total) => setSent({ done, total }) }));
    } catch (error) {
      if (!error.cancelled) throw error;
    } finally {
      setSent(null);
    }
  });
  const take = (list) => list?.length > 0 && task.run(list[0]);
  const hold = (e) => {
    e.preventDefault();
    e.stopPropagation(); /* a backup is no plugin: the page's own target stays away */
  };
  return html`<${Card} title=${t.drop}>
    <div class=${over ? "drop-file drop-file-over" : "drop-file"}
      onDragEnter=${(e) => (hold(e), setOver(true))} onDragOver=${hold} onDragLeave=${(e) => (hold(e), setOver(false))}
      onDrop=${(e) => (hold(e), setOver(false), take(e.dataTransfer.files))}>
      ${sent
        ? html`<p role="status">${sent.done < sent.total ? t.sending(`${bytesText(sent.done)} / ${bytesText(sent.total)}`) : t.checking}</p>
            <${Progress} label=${t.drop} value=${sent.done / (sent.total || 1)} />
            <${Button} small onClick=${() => stop.current?.abort()}>${t.cancel}<//>`
        : html`<p class="soft">${t.dropNote}</p>
            <${Button} icon="upload" onClick=${() => input.current.click()}>${t.choose}<//>`}
      <input ref=${input} class="unseen" type="file" accept=".tar,application/x-tar" aria-label=${t.choose} tabindex="-1" onChange=${(e) => (take(e.target.files), (e.target.value = ""))} />
    </div>
    <${Wrong} error=${task.wrong} />
    <p class="soft small after">${t.shell}</p>
    <${Command}>larder restore FILE --force<//>
  <//>`;
}

/* ---- the page ------------------------------------------------------------------------------------ */

export function Backups() {
  const can = useCan();
  const list = useLoad(admin.backups);
  const making = useMaking(list.reload);
  const [preview, setPreview] = useState(null);
  const [away, setAway] = useState(false);
  const [checking, setChecking] = useState(false);
  const writes = can("cadence:system:backup:write");
  const look = async (name) => {
    setChecking(true);
    try {
      setPreview(await admin.previewBackup(name));
    } catch (error) {
      toast({ error });
    }
    setChecking(false);
  };
  const remove = async (one) => {
    if (!(await confirm({ title: t.removeTitle(one.name), text: t.removeText, action: t.remove, danger: true, call: adminCommands.deleteBackup(one.name) }))) return;
    try {
      await admin.deleteBackup(one.name);
      toast(t.removed(one.name));
    } catch (error) {
      toast({ error });
    }
    list.reload();
  };
  const items = (one) => [
    { id: "get", label: t.download, icon: "download", href: admin.backupPath(one.name) },
    ...copyItems(adminCommands.backup(one.name)),
    ...(writes ? [{ line: true }, { id: "restore", label: t.restore, icon: "undo", onPick: () => look(one.name) }, { id: "remove", label: t.remove, icon: "trash", danger: true, onPick: () => remove(one) }] : []),
  ];
  const columns = [
    { key: "name", title: t.columns.name, render: (one) => html`<a class="mono" href=${admin.backupPath(one.name)} download>${one.name}</a>` },
    { key: "size", title: t.columns.size, end: true, render: (one) => bytesText(one.bytes) },
    { key: "made", title: t.columns.made, render: (one) => html`<${Time} at=${one.made_at} />` },
    { key: "checked", title: t.columns.checked, render: (one) => html`<${Badge} kind=${one.verified_at ? "ok" : "warn"} icon=${one.verified_at ? "check" : "attention"}>${one.verified_at ? t.verified : t.unverified}<//>` },
    { key: "more", title: t.columns.more, hidden: true, end: true, render: (one) => html`<${Menu} label=${t.actions(one.name)} icon="more" bare small items=${items(one)} />` },
  ];
  return html`<div>
    <${ViewHead} title=${t.title} lead=${t.lead}>
      <${CopyAs} call=${adminCommands.makeBackup()} />
      <${Button} kind="main" icon="backup" busy=${making.busy} onClick=${making.run}>${t.make}<//>
    <//>
    <div class="cards">
      ${making.job && html`<${Making} job=${making.job} />`}
      ${checking && html`<p class="notice" role="status">${t.checking}</p>`}
      <${Card} title=${t.list}>
        <${Loaded} from=${list}>
          ${(rows) => html`<${Table} caption=${texts.tableOf(t.list)} columns=${columns} rows=${rows} keyOf=${(one) => one.name} empty=${html`<${EmptyState} icon="backup" title=${t.none}><p>${t.noneNote}</p><//>`} />`}
        <//>
      <//>
      ${writes && html`<${FromFile} onPreview=${setPreview} />`}
    </div>
    ${preview && !away && html`<${Confirm} preview=${preview} onAway=${() => setAway(true)} onClose=${() => setPreview(null)} />`}
    ${away && html`<${Away} />`}
  </div>`;
}
