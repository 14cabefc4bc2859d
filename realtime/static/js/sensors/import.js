// Readings from a file: choose it, see its first rows, say which column is what, watch it go, read what came of it.

import { useEffect, useRef, useState } from "preact/hooks";
import { openDialog } from "../components/dialog.js";
import { html } from "../html.js";
import { Refused } from "../place.js";
import { number, t, tn } from "../words.js";
import { Columns, Preview } from "./importform.js";
import { Unusable } from "./readings.js";
import { FAULTS_LIMIT, Sending } from "./sending.js";
import { lookInto, readingsOf } from "./source.js";
import { nameOf, sensors } from "./state.js";

/** Open the dialog; `sensor` is the one that is meant where the file names none. */
export function openImport(sensor) {
  return openDialog(Import, { title: t("Import readings"), sensor });
}

function Import({ sensor, close }) {
  const [chosen, setChosen] = useState(null);
  const [options, setOptions] = useState(null);
  const [fault, setFault] = useState("");
  const [sending, setSending] = useState(false);
  const pick = async (event) => {
    const file = event.currentTarget.files[0];
    setChosen(null);
    setFault("");
    if (!file) return;
    try {
      const found = await lookInto(file);
      setChosen({ file, ...found });
      setOptions({ columns: found.columns, header: found.header, separator: found.separator, comma: found.comma ?? false, utc: false, sensor: sensor?.id ?? null });
    } catch (error) {
      if (!(error instanceof Unusable) && !(error instanceof DOMException)) throw error;
      setFault(error.message);
    }
  };
  if (sending) return html`<${Progress} file=${chosen.file} kind=${chosen.kind} options=${{ ...options, named: named() }} close=${close} />`;
  const missing = chosen?.kind === "csv" && options.columns.sensor < 0 && options.sensor === null;
  return html`<div class="import">
    <label>${t("A file with readings: CSV, NDJSON or JSON")}
      <input type="file" accept=".csv,.tsv,.txt,.json,.ndjson,.jsonl,text/csv,application/json,application/x-ndjson" onChange=${pick} />
    </label>
    ${fault && html`<p class="refused" role="alert">${fault}</p>`}
    ${chosen && html`<${Preview} chosen=${chosen} header=${options.header} />`}
    ${chosen?.kind === "csv" && html`<${Columns} chosen=${chosen} options=${options} change=${(more) => setOptions({ ...options, ...more })} />`}
    ${chosen && html`<p class="note">${t("Readings without a time are taken as of now.")}</p>`}
    <div class="actions">
      <button type="button" class="quiet" onClick=${() => close()}>${t("Cancel")}</button>
      <button type="button" disabled=${!chosen || missing} onClick=${() => setSending(true)}>${t("Import")}</button>
    </div>
  </div>`;
}

/** The ids of sensors by their names in small letters; null where several have the same. */
function named() {
  const found = new Map();
  for (const row of sensors.rows.values()) {
    const name = nameOf(row).toLowerCase();
    found.set(name, found.has(name) ? null : row.id);
  }
  return found;
}

const NOTHING = { stored: 0, refused: 0, faults: [] };

function Progress({ file, kind, options, close }) {
  const [now, setNow] = useState(NOTHING);
  const [read, setRead] = useState(0);
  const [end, setEnd] = useState(null);
  const sending = useRef(null);
  useEffect(() => {
    const mine = (sending.current = new Sending(setNow));
    const told = (bytes) => setRead(bytes);
    mine.run(readingsOf(file, kind, options, told)).then(
      () => {
        mine.tell();
        setEnd({ kind: mine.stopped ? "stopped" : "done" });
      },
      (error) => {
        mine.tell();
        if (!(error instanceof Refused) && !(error instanceof Unusable) && !(error instanceof DOMException)) throw error;
        setEnd({ kind: mine.stopped ? "stopped" : "failed", detail: error.status === 0 ? t("The server could not be reached.") : error.message });
      },
    );
    return () => mine.stop();
  }, []);
  const share = end?.kind === "done" ? 1 : file.size > 0 ? Math.min(1, read / file.size) : 0;
  const counts = html`<p class="counts"><b>${tn("%(n)s reading stored", "%(n)s readings stored", now.stored)}</b>${now.refused > 0 && ` · ${tn("%(n)s line refused", "%(n)s lines refused", now.refused)}`}</p>`;
  return html`<div class="import" data-end=${end?.kind}>
    <p><bdi>${file.name}</bdi></p>
    <progress value=${share} max="1" aria-label=${t("How much of the file is done")}></progress>
    <div role="status">${end ? html`<p>${said(end)}</p>${counts}` : null}</div>
    ${!end && counts}
    <${Faults} now=${now} />
    <div class="actions">
      ${end
        ? html`<button type="button" onClick=${() => close()}>${t("Close")}</button>`
        : html`<button type="button" class="quiet" onClick=${() => sending.current.stop()}>${t("Stop the import")}</button>`}
    </div>
  </div>`;
}

function said({ kind, detail }) {
  if (kind === "done") return t("The import is done.");
  if (kind === "stopped") return t("The import was stopped. What was stored stays.");
  return t("The import ended early: %(why)s What was stored stays.", { why: detail });
}

function Faults({ now: { faults, refused } }) {
  if (faults.length === 0) return null;
  return html`<details class="faults" open>
    <summary>${t("Lines that were not stored")}</summary>
    <ul tabindex="0" aria-label=${t("Lines that were not stored")}>
      ${faults.map(({ line, sentence }) => html`<li key=${line}><b>${t("Line %(line)s:", { line: number(line) })}</b> <bdi>${sentence}</bdi></li>`)}
    </ul>
    ${refused > FAULTS_LIMIT && html`<p class="note">${t("The first %(n)s are shown.", { n: number(FAULTS_LIMIT) })}</p>`}
  </details>`;
}
