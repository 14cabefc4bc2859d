// The panel of all sensors: search, filters, cards; the first step where there is none yet.

import { Copy } from "../components/copy.js";
import { Panel } from "../components/panel.js";
import { html } from "../html.js";
import { address, may, reader } from "../place.js";
import { number, t, tn } from "../words.js";
import { editSensor, openImport } from "./actions.js";
import { Grid } from "./grid.js";
import { filter, locations, sensors, SENSORS_LIMIT, shown, tipos } from "./state.js";

export function SensorList() {
  const tools = html`
    ${may("report") && html`<button type="button" class="quiet" onClick=${() => openImport()}>${t("Import readings")}</button>`}
    ${may("write") && html`<button type="button" class="quiet" onClick=${() => editSensor()}>${t("New sensor")}</button>`}
  `;
  return html`<${Panel} title=${t("All sensors")} load=${sensors.load} tools=${tools} class="sensor-list"
      empty=${({ rows }) => rows.size === 0} emptyText=${t("There is no sensor yet.")} nextStep=${html`<${First} />`}
      who=${t("Viewers, agents and admins may.")}>
    <${Narrow} />
    <${Found} />
  <//>`;
}

function Narrow() {
  const set = (name) => (event) => (filter.value = { ...filter.peek(), [name]: event.currentTarget.value });
  const { text, tipo, location, active } = filter.value;
  const places = [...locations.rows.values()].map(({ id, nombre }) => [String(id), nombre]);
  return html`<search class="narrow" aria-label=${t("Sensors")}>
    <input type="search" aria-label=${t("Search sensors")} placeholder=${t("Search sensors")} value=${text} onInput=${set("text")} />
    <${Choice} label=${t("Type")} all=${t("All types")} value=${tipo} options=${tipos.value.map((name) => [name, name])} onChange=${set("tipo")} />
    <${Choice} label=${t("Location")} all=${t("All locations")} value=${location} options=${[...places, ["none", t("Without location")]]} onChange=${set("location")} />
    <${Choice} label=${t("State")} all=${t("Active or not")} value=${active} options=${[["true", t("Switched on")], ["false", t("Inactive")]]} onChange=${set("active")} />
  </search>`;
}

function Choice({ label, all, value, options, onChange }) {
  return html`<select aria-label=${label} onChange=${onChange}>
    ${[["", all], ...options].map(([each, text]) => html`<option key=${each} value=${each} selected=${each === value}>${text}</option>`)}
  </select>`;
}

function Found() {
  const [rows, { rows: all, count }] = [shown.value, sensors.load.value];
  const clear = () => (filter.value = { text: "", tipo: "", location: "", active: "" });
  return html`
    <p class="note" role="status">
      ${rows.length === all.size ? tn("%(n)s sensor", "%(n)s sensors", rows.length) : t("%(shown)s of %(all)s sensors", { shown: number(rows.length), all: number(all.size) })}
      ${count > SENSORS_LIMIT && html` · ${t("The server has %(n)s; the first are shown here.", { n: number(count) })}`}
    </p>
    ${rows.length === 0
      ? html`<div class="note empty"><p>${t("No sensor is like that.")}</p><button type="button" class="quiet" onClick=${clear}>${t("Show all sensors")}</button></div>`
      : html`<div class="box"><${Grid} rows=${rows} /></div>`}
  `;
}

/** What to do where there is no sensor: paste a line, or fill in a form. */
function First() {
  const token = reader.value.access === "closed" ? ' -H "Authorization: Bearer $REALTIME_TOKEN"' : "";
  const body = JSON.stringify({ tipo: "temperatura", modelo: "DHT22", nombre: "Patio", unidad: "°C" });
  const line = `curl ${address("api/v1/sensors/").href} -H 'Content-Type: application/json'${token} -d '${body}'`;
  if (!may("write")) return html`<p>${t("Whoever may write makes one; it appears here by itself.")}</p>`;
  return html`<p><button type="button" onClick=${() => editSensor()}>${t("Create the first sensor")}</button></p>
    <p>${t("Or paste this into a terminal:")}</p>
    <div class="line"><pre tabindex="0" aria-label=${t("Command")}><code>${line}</code></pre><${Copy} text=${line} /></div>`;
}
