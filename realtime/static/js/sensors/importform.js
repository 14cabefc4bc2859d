// The middle of an import: the first rows of the file, and which column is what.

import { html } from "../html.js";
import { t } from "../words.js";
import { nameOf, sensors } from "./state.js";

const MARKED = ["sensor", "value", "time", "unit"];

/** The first rows, as they will be read. */
export function Preview({ chosen: { kind, rows }, header }) {
  if (kind === "array") return html`<p class="note">${t("A JSON array: sensor_id, valor, unidad and timestamp are read of each object.")}</p>`;
  const [head, body] = kind === "csv" && header ? [rows[0], rows.slice(1)] : [null, rows];
  return html`<div class="preview" role="region" tabindex="0" aria-label=${t("The first rows")}>
    <table>
      <caption class="sr-only">${t("The first rows")}</caption>
      ${head && html`<thead><tr>${head.map((text, place) => html`<th scope="col" key=${place}><bdi>${text}</bdi></th>`)}</tr></thead>`}
      <tbody>${body.map((row, nth) => html`<tr key=${nth}>${row.map((text, place) => html`<td key=${place}><bdi>${text}</bdi></td>`)}</tr>`)}</tbody>
    </table>
  </div>`;
}

/** Which column is what; how numbers and times are to be read. */
export function Columns({ chosen: { rows }, options, change }) {
  const { columns, header, comma, utc, sensor } = options;
  const names = (rows[0] ?? []).map((text, place) => [String(place), header && text.trim() !== "" ? text : t("Column %(n)s", { n: place + 1 })]);
  const labels = { sensor: t("Sensor (number or name)"), value: t("Value"), time: t("Time of the reading"), unit: t("Unit") };
  const none = { sensor: t("All of one sensor"), time: t("Time of arrival"), unit: t("None") };
  const known = [...sensors.rows.values()].map((row) => [String(row.id), `${nameOf(row)} (#${row.id})`]);
  return html`<div class="columns">
    <label class="check"><input type="checkbox" checked=${header} onChange=${({ currentTarget }) => change({ header: currentTarget.checked })} /> ${t("The first row says what the columns are")}</label>
    ${MARKED.map((name) => html`<${Choice} key=${name} label=${labels[name]} value=${String(columns[name])} options=${[...(none[name] ? [["-1", none[name]]] : []), ...names]}
      onChange=${(place) => change({ columns: { ...columns, [name]: Number(place) } })} />`)}
    ${columns.sensor < 0 && html`<${Choice} label=${t("Which sensor")} value=${String(sensor ?? "")} options=${[["", t("Choose …")], ...known]} onChange=${(id) => change({ sensor: id === "" ? null : Number(id) })} />`}
    <${Choice} label=${t("Decimals are written")} value=${String(comma)} options=${[["false", "1234.5"], ["true", "1.234,5"]]} onChange=${(text) => change({ comma: text === "true" })} />
    ${columns.time >= 0 && html`<${Choice} label=${t("Times without a zone are in")} value=${String(utc)} options=${[["false", t("my time zone")], ["true", "UTC"]]} onChange=${(text) => change({ utc: text === "true" })} />`}
  </div>`;
}

function Choice({ label, value, options, onChange }) {
  return html`<label>${label}
    <select onChange=${({ currentTarget }) => onChange(currentTarget.value)}>
      ${options.map(([each, text]) => html`<option key=${each} value=${each} selected=${each === value}>${text}</option>`)}
    </select>
  </label>`;
}
