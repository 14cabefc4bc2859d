// The lists below the chart: anomalies and predictions of the time shown, and the last readings.

import { Ago } from "../components/ago.js";
import { Panel } from "../components/panel.js";
import { html } from "../html.js";
import { may } from "../place.js";
import { number, t } from "../words.js";
import { editAnomaly, editPrediction, remove } from "./actions.js";
import { MARKS_LIMIT } from "./course.js";
import { figure } from "./figures.js";
import { severityOf, stateOf } from "./labels.js";

/** Characters of a prediction's values that are shown; all of them are in its form. */
const SHOWN = 120;

export function Anomalies({ course, sensor }) {
  const line = (row) => html`
    <p class="what"><span class="severity" data-severity=${row.severidad}><span class="sign" aria-hidden="true"></span>${severityOf(row.severidad)}</span> <bdi>${row.tipo}</bdi></p>
    ${row.descripcion && html`<p><bdi>${row.descripcion}</bdi></p>`}
    ${row.lectura_id !== null && html`<p class="soft">${t("Reading #%(id)s", { id: row.lectura_id })}</p>`}`;
  return html`<${List} rows=${course.anomalies} title=${t("Anomalies")} none=${t("No anomaly in this time.")} kind="anomalies" line=${line} edit=${(row) => editAnomaly(sensor, row)} />`;
}

export function Predictions({ course, sensor }) {
  const line = (row) => html`
    <p class="what"><bdi>${row.horizonte}</bdi> <span class="state" data-state=${row.estado}>${stateOf(row.estado)}</span></p>
    ${row.valores !== null && html`<p class="soft mono"><bdi>${shorten(JSON.stringify(row.valores))}</bdi></p>`}`;
  return html`<${List} rows=${course.predictions} title=${t("Predictions")} none=${t("No prediction in this time.")} kind="predictions" line=${line} edit=${(row) => editPrediction(sensor, row)} />`;
}

/** The readings that came last, by their number; an admin may take one away. */
export function Recent({ course, sensor }) {
  const line = (row) => html`<p class="what"><b>${figure(row.valor)}</b> <bdi>${row.unidad ?? sensor.unidad ?? ""}</bdi></p>`;
  return html`<${List} rows=${course.recent} title=${t("Last readings")} none=${t("No reading yet")} kind="readings" line=${line} at="timestamp" marked=${false} deletes=${may("admin")} />`;
}

// Where something comes all the time, marking it would say nothing, and keep the screen busy.
function List({ rows, title, none, kind, line, edit, at = "created_at", deletes = may("write"), marked = true }) {
  const found = [...rows.rows.values()].sort((one, other) => other.id - one.id);
  return html`<${Panel} title=${title} load=${rows.load} empty=${() => found.length === 0} emptyText=${none} class="mark-list">
    <ul role="list" tabindex="0" aria-label=${title}>
      ${found.map((row) => html`<li key=${row.id} class=${marked && rows.isFresh(row.id) ? "fresh" : ""}>
        <div class="told">${line(row)}<${Ago} at=${row[at]} /></div>
        ${((edit && may("write")) || deletes) && html`<div class="levers">
          ${edit && may("write") && html`<button type="button" class="quiet" aria-label=${t("Edit %(name)s", { name: called(row) })} onClick=${() => edit(row)}>${t("Edit")}</button>`}
          ${deletes && html`<button type="button" class="quiet danger-text" aria-label=${t("Delete %(name)s", { name: called(row) })} onClick=${() => gone(rows, kind, row)}>${t("Delete")}</button>`}
        </div>`}
      </li>`)}
    </ul>
    ${found.length >= MARKS_LIMIT && html`<p class="note">${t("The last %(n)s of this time.", { n: number(MARKS_LIMIT) })}</p>`}
  <//>`;
}

async function gone(rows, kind, row) {
  if (await remove(kind, row)) rows.apply([{ type: `${rows.word}.deleted`, data: row }]);
}

function called(row) {
  return row.tipo ?? row.horizonte ?? figure(row.valor);
}

function shorten(text) {
  return text.length > SHOWN ? `${[...text.slice(0, SHOWN)].slice(0, -1).join("")}…` : text;
}
