// Forms for everything that can be made or changed here, in one dialog; and deleting, with a question before it.

import { useMemo } from "preact/hooks";
import { confirmed, openDialog } from "../components/dialog.js";
import { Field, Form } from "../components/field.js";
import { toast } from "../components/toasts.js";
import { html } from "../html.js";
import { Refused, tell } from "../place.js";
import { t } from "../words.js";
import { figure } from "./figures.js";
import { newKey } from "./key.js";
import { SEVERITIES, severityOf, STATES, stateOf } from "./labels.js";
import { chosen, choose, locations, nameOf, sensors, tipos } from "./state.js";

// How the text of a field becomes what the server takes: `text` may not be left out, all others may.
const READ = {
  text: (text) => text,
  optional: (text) => (text.trim() === "" ? null : text),
  number: (text) => (text.trim() === "" ? null : Number.isFinite(Number(text)) ? Number(text) : text),
  flag: (text) => text === "true",
  time: (text) => (text === "" ? null : new Date(text).toISOString()),
  json: parseJson,
};

function parseJson(text, name) {
  if (text.trim() === "") return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refused(400, t("This is not JSON."), { errors: { [name]: [error.message] } });
  }
}

/** Make a sensor, or change `row`. Resolves to the row as it is then, undefined when nothing was done. */
export async function editSensor(row) {
  const places = [...locations.rows.values()].map(({ id, nombre }) => [String(id), nombre]);
  const made = await edit("sensors", row ? t("Edit sensor") : t("New sensor"), row, [
    { name: "nombre", label: t("Name"), read: "optional", value: row?.nombre, maxlength: 200, autofocus: true },
    { name: "tipo", label: t("Type"), read: "text", value: row?.tipo, required: true, maxlength: 200, choices: tipos.peek() },
    { name: "modelo", label: t("Model"), read: "text", value: row?.modelo, required: true, maxlength: 200 },
    { name: "unidad", label: t("Unit"), read: "optional", value: row?.unidad, maxlength: 200, hint: t("As in °C, % or kWh.") },
    { name: "ubicacion_id", label: t("Location"), read: "number", value: String(row?.ubicacion_id ?? ""), options: [["", t("Without location")], ...places] },
    { name: "activo", label: t("State"), read: "flag", value: String(row?.activo ?? true), options: [["true", t("Switched on")], ["false", t("Inactive")]] },
  ]);
  if (made) {
    sensors.put(made);
    if (!row) choose(made.id);
  }
  return made;
}

/** Make a location, or change `row`. */
export async function editLocation(row) {
  const made = await edit("locations", row ? t("Edit location") : t("New location"), row, [
    { name: "nombre", label: t("Name"), read: "text", value: row?.nombre, required: true, maxlength: 200, autofocus: true },
    { name: "latitud", label: t("Latitude"), read: "number", value: row?.latitud, inputmode: "decimal", hint: t("From −90 to 90, with a point: 36.72.") },
    { name: "longitud", label: t("Longitude"), read: "number", value: row?.longitud, inputmode: "decimal", hint: t("From −180 to 180.") },
  ]);
  if (made) locations.put(made);
  return made;
}

/** Report an anomaly of a sensor, or change `row`. */
export function editAnomaly(sensor, row) {
  return edit("anomalies", row ? t("Edit anomaly") : t("New anomaly"), row, [
    { name: "tipo", label: t("Type"), read: "text", value: row?.tipo, required: true, maxlength: 200, autofocus: true },
    { name: "severidad", label: t("Severity"), read: "text", value: row?.severidad ?? "media", options: SEVERITIES.map((each) => [each, severityOf(each)]) },
    { name: "descripcion", label: t("Description"), read: "optional", value: row?.descripcion, rows: 3, maxlength: 2000 },
    { name: "lectura_id", label: t("Number of the reading"), read: "number", value: row?.lectura_id, inputmode: "numeric", hint: t("Where it is about one.") },
  ], { sensor_id: sensor.id });
}

/** Store a prediction for a sensor, or change `row`. */
export function editPrediction(sensor, row) {
  const values = row?.valores === null || row === undefined ? "" : JSON.stringify(row.valores, null, 1);
  return edit("predictions", row ? t("Edit prediction") : t("New prediction"), row, [
    { name: "horizonte", label: t("Horizon"), read: "text", value: row?.horizonte, required: true, maxlength: 200, hint: t("How far it looks: 24h."), autofocus: true },
    { name: "estado", label: t("State"), read: "text", value: row?.estado ?? "pendiente", options: STATES.map((each) => [each, stateOf(each)]) },
    { name: "valores", label: t("Values"), read: "json", value: values, rows: 4, hint: t("JSON of at most 64 KiB.") },
  ], { sensor_id: sensor.id });
}

/** Store one reading of a sensor. */
export function addReading(sensor) {
  return edit("readings", t("New reading"), undefined, [
    { name: "valor", label: t("Value"), read: "number", required: true, inputmode: "decimal", autofocus: true },
    { name: "unidad", label: t("Unit"), read: "optional", value: sensor.unidad, maxlength: 200 },
    { name: "timestamp", label: t("Taken at"), read: "time", type: "datetime-local", step: "1", hint: t("Now, where left empty.") },
  ], { sensor_id: sensor.id });
}

async function edit(kind, title, row, fields, more = {}) {
  const made = await openDialog(Editor, { title, kind, row, fields, more });
  if (made) toast(t("Saved."));
  return made;
}

function Editor({ kind, row, fields, more, close }) {
  // A body that was sent once keeps its key: if its answer was lost, it is not done twice.
  const keys = useMemo(() => new Map(), []);
  const submit = async (values) => {
    const read = fields.map(({ name, read }) => [name, READ[read](values.get(name), name)]);
    const body = { ...(row ? {} : more), ...Object.fromEntries(read) };
    const text = JSON.stringify(body);
    if (!keys.has(text)) keys.set(text, newKey());
    const { body: made } = row ? await tell("PATCH", `api/v1/${kind}/${row.id}/`, body) : await tell("POST", `api/v1/${kind}/`, body, { key: keys.get(text) });
    close(made);
  };
  return html`<${Form} onSubmit=${submit} action=${t("Save")} class="editor">
    ${fields.map(({ read, choices, value, ...field }) => html`<${Field} key=${field.name} ...${field} value=${value ?? ""} list=${choices && `${field.name}-known`} />
      ${choices && html`<datalist id=${`${field.name}-known`}>${choices.map((each) => html`<option key=${each} value=${each} />`)}</datalist>`}`)}
  <//>`;
}

/** What can be deleted, in words: the question, and what to do where something refers to it. */
const DELETING = {
  sensors: { ask: (row) => t("Delete the sensor %(name)s? This cannot be undone.", { name: nameOf(row) }), why: () => t("It has readings, anomalies or predictions, which would be left without a sensor. Make it inactive instead: it stays with its past, and is told apart.") },
  locations: { ask: (row) => t("Delete the location %(name)s? This cannot be undone.", { name: row.nombre }), why: () => t("There are sensors in it. Give them another location first.") },
  anomalies: { ask: (row) => t("Delete the anomaly %(name)s? This cannot be undone.", { name: row.tipo }), why: () => "" },
  predictions: { ask: (row) => t("Delete the prediction %(name)s? This cannot be undone.", { name: row.horizonte }), why: () => "" },
  readings: { ask: (row) => t("Delete the reading %(name)s? This cannot be undone.", { name: figure(row.valor) }), why: () => t("An anomaly is about it. Delete that first.") },
};

/** Delete a row of a kind, after a question. Resolves to whether it is gone. */
export async function remove(kind, row) {
  const words = DELETING[kind];
  if (!(await confirmed({ title: t("Delete?"), text: words.ask(row), action: t("Delete"), danger: true }))) return false;
  try {
    await tell("DELETE", `api/v1/${kind}/${row.id}/`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // Gone is gone, whoever did it.
    if (error.status === 404) return true;
    if (error.status === 409) await explain(kind, row, words.why());
    else toast(error.message, { kind: "error" });
    return false;
  }
  if (kind === "sensors" && chosen.peek() === row.id) choose(null);
  toast(t("Deleted."));
  return true;
}

async function explain(kind, row, why) {
  const text = [t("The server kept it."), why].join(" ");
  if (kind !== "sensors" || !row.activo) {
    await openDialog(Told, { title: t("It is still needed"), text });
  } else if (await confirmed({ title: t("It is still needed"), text, action: t("Make it inactive") })) {
    const { body } = await tell("PATCH", `api/v1/sensors/${row.id}/`, { activo: false });
    sensors.put(body);
    toast(t("Saved."));
  }
}

function Told({ text, close }) {
  return html`<p>${text}</p><div class="actions"><button type="button" onClick=${() => close()}>${t("I see")}</button></div>`;
}
