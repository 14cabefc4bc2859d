// The table twin of a chart: the same points and marks, newest first.

import { useState } from "preact/hooks";
import { html } from "../html.js";
import { number, t } from "../words.js";

/** Rows that are shown until the reader asks for all. */
const ROWS = 100;

export function ChartTable({ label, series, columns, marks, said, when }) {
  const [all, setAll] = useState(false);
  const [times, ...values] = columns;
  const rows = times.map((at, index) => index).reverse();
  const shown = all ? rows : rows.slice(0, ROWS);
  return html`<div class="chart-table" role="region" tabindex="0" aria-label=${label}>
    <table>
      <caption class="sr-only">${label}</caption>
      <thead>
        <tr><th scope="col">${t("When")}</th>${series.map(({ name }) => html`<th scope="col" key=${name}><bdi>${name}</bdi></th>`)}</tr>
      </thead>
      <tbody>
        ${shown.map((index) => html`<tr key=${times[index]}><th scope="row">${when(new Date(times[index]))}</th>${values.map((column) => html`<td>${said(column[index])}</td>`)}</tr>`)}
      </tbody>
    </table>
    ${rows.length === 0 && html`<p class="note">${t("No values in this time.")}</p>`}
    ${shown.length < rows.length && html`<button type="button" class="quiet" onClick=${() => setAll(true)}>${t("Show all %(n)s rows", { n: number(rows.length) })}</button>`}
    ${marks.length > 0 && html`<${Marks} marks=${marks} when=${when} />`}
  </div>`;
}

function Marks({ marks, when }) {
  return html`<table>
    <caption>${t("Marks")}</caption>
    <thead><tr><th scope="col">${t("When")}</th><th scope="col">${t("What")}</th></tr></thead>
    <tbody>${marks.map(({ at, label }, nth) => html`<tr key=${nth}><th scope="row">${when(new Date(at))}</th><td><bdi>${label}</bdi></td></tr>`)}</tbody>
  </table>`;
}
