// The chosen sensor: its course with anomalies and predictions on it, and all that is known of it.

import { useEffect, useRef } from "preact/hooks";
import { Chart } from "../components/chart.js";
import { Forbidden } from "../components/panel.js";
import { html } from "../html.js";
import { may } from "../place.js";
import { number, t, tn } from "../words.js";
import { addReading, editAnomaly, editPrediction, editSensor, openImport, remove } from "./actions.js";
import { figure } from "./figures.js";
import { forecast } from "./forecast.js";
import { severityOf, stateOf } from "./labels.js";
import { Anomalies, Predictions, Recent } from "./marks.js";
import { Range } from "./range.js";
import { addressOf, choose, isLedTo, nameOf, placeOf, sensors } from "./state.js";

/** `course` is that of the sensor with the id in the address. */
export function Detail({ course }) {
  const row = sensors.rows.get(course.id);
  useEffect(() => {
    course.start();
    return () => course.stop();
  }, [course]);
  const state = sensors.load.state.value;
  if (state.kind === "forbidden") return null;
  if (row === undefined) return html`<${Missing} known=${state.value !== undefined} />`;
  return html`<section class="detail panel" aria-labelledby="sensor-name">
    <${Head} row=${row} />
    <${Range} course=${course} />
    <${Plot} course=${course} row=${row} />
    <div class="marks">
      <${Anomalies} course=${course} sensor=${row} />
      <${Predictions} course=${course} sensor=${row} />
      <${Recent} course=${course} sensor=${row} />
    </div>
  </section>`;
}

function Missing({ known }) {
  return html`<section class="detail panel note">
    <p role="status">${known ? t("This sensor is not there, or not any more.") : t("Loading …")}</p>
    ${known && html`<${Back} />`}
  </section>`;
}

function Back() {
  const back = (event) => {
    event.preventDefault();
    choose(null);
  };
  return html`<a class="back" href=${addressOf(null)} onClick=${back}>← ${t("All sensors")}</a>`;
}

function Head({ row }) {
  const name = useRef(null);
  useEffect(() => {
    if (isLedTo(row.id)) name.current.focus();
  }, []);
  const facts = [
    [t("Type"), row.tipo],
    [t("Model"), row.modelo],
    [t("Location"), placeOf(row.ubicacion_id)],
    [t("Unit"), row.unidad],
    [t("State"), row.activo ? t("Switched on") : t("Inactive")],
    [t("Number"), `#${row.id}`],
  ];
  return html`<header class="detail-head">
    <${Back} />
    <h2 id="sensor-name" tabindex="-1" ref=${name}><bdi>${nameOf(row)}</bdi></h2>
    <div class="tools"><${Levers} row=${row} /></div>
    <dl>${facts.map(([name, value]) => value && html`<div key=${name}><dt>${name}</dt><dd><bdi>${value}</bdi></dd></div>`)}</dl>
  </header>`;
}

function Levers({ row }) {
  const lever = (label, act, kind = "quiet") => html`<button type="button" class=${kind} onClick=${act}>${label}</button>`;
  return html`
    ${may("report") && html`${lever(t("New reading"), () => addReading(row))}${lever(t("Import readings"), () => openImport(row))}
      ${lever(t("New anomaly"), () => editAnomaly(row))}${lever(t("New prediction"), () => editPrediction(row))}`}
    ${may("write") && html`${lever(t("Edit"), () => editSensor(row))}${lever(t("Delete"), () => remove("sensors", row), "quiet danger-text")}`}
  `;
}

function Plot({ course, row }) {
  const { kind, value, detail, again } = course.series.state.value;
  if (kind === "forbidden") return html`<${Forbidden} />`;
  const failed = kind === "failed" && html`<div class="note" role="alert"><p>${t("The readings could not be loaded.")} ${detail}</p>
    <button type="button" class="quiet" onClick=${() => course.run()}>${t("Try again")}</button></div>`;
  if (value === undefined) return failed || html`<p class="note waiting-plot" role="status">${t("Loading …")}</p>`;
  const zoom = course.zoom.value;
  const series = seriesOf(course, row, value);
  const said = value.count > value.points.length
    ? t("%(shown)s points of %(count)s readings: the course looks the same. Zoom in to see more.", { shown: number(value.points.length), count: number(value.count) })
    : tn("%(n)s reading", "%(n)s readings", value.count);
  return html`<div class="plot" aria-busy=${again === true}>
    ${failed}
    <${Chart} label=${nameOf(row)} series=${series} marks=${marksOf(course)} height=${280} unit=${row.unidad ?? ""} format=${figure}
      range=${ahead(course, kept.foreseen)} zoomed=${zoom !== null} onZoom=${(stretch) => course.look(stretch)} />
    <p class="note">${said}</p>
  </div>`;
}

// The same arrays as long as nothing has changed: a chart draws anew what is another.
const kept = { value: null, predictions: null, tipo: "", series: [], foreseen: [] };

function seriesOf(course, { tipo }, value) {
  const predictions = course.predictions.rows;
  if (kept.value !== value || kept.predictions !== predictions || kept.tipo !== tipo) {
    const foreseen = forecast(predictions);
    const series = [{ name: tipo, points: value.points }];
    if (foreseen.length > 0) series.push({ name: t("Predicted"), points: foreseen, color: "--predictions" });
    Object.assign(kept, { value, predictions, tipo, series, foreseen });
  }
  return kept.series;
}

/** The axis, with room for what is foreseen: at most a quarter of what has been. */
function ahead(course, foreseen) {
  const [from, to] = course.axis.value;
  if (course.zoom.value !== null || course.range.value.kind === "own") return [from, to];
  return [from, Math.max(to, Math.min(foreseen.at(-1)?.[0] ?? 0, to + (to - from) / 4))];
}

const marked = { anomalies: null, predictions: null, marks: [] };

function marksOf(course) {
  const [anomalies, predictions] = [course.anomalies.rows, course.predictions.rows];
  if (marked.anomalies !== anomalies || marked.predictions !== predictions) {
    const marks = [
      ...[...anomalies.values()].map(({ created_at: at, tipo, severidad }) => ({ at: Date.parse(at), label: `${tipo} (${severityOf(severidad)})`, kind: "anomaly" })),
      ...[...predictions.values()].map(({ created_at: at, horizonte, estado }) => ({ at: Date.parse(at), label: `${horizonte} (${stateOf(estado)})`, kind: "prediction" })),
    ];
    Object.assign(marked, { anomalies, predictions, marks: marks.sort((one, other) => one.at - other.at) });
  }
  return marked.marks;
}
