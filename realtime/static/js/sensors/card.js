// A sensor in the list: what it is, what it said last and when, where that is going, what was wrong.

import { useMemo } from "preact/hooks";
import { Ago } from "../components/ago.js";
import { Spark } from "../components/spark.js";
import { html } from "../html.js";
import { t } from "../words.js";
import { figure } from "./figures.js";
import { severityOf } from "./labels.js";
import { addressOf, choose, chosen, nameOf, placeOf, sensors, standings } from "./state.js";

/** Characters of a figure that has room beside its time as it is; a longer one is written smaller, never cut. */
const ROOMY = 7;

/** `index` and `first` are its place in the list, and the place to which Tab leads. */
export function Card({ row, index, tabbed, onFocus }) {
  const standing = standings.of(row.id).value;
  const here = chosen.value === row.id;
  const open = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    choose(row.id);
  };
  return html`<a class=${sensors.isFresh(row.id) ? "sensor fresh" : "sensor"} href=${addressOf(row.id)} data-sensor=${row.id} data-key=${row.id} data-index=${index} data-active=${row.activo} tabindex=${tabbed ? 0 : -1}
      aria-current=${here ? "true" : undefined} onClick=${open} onFocus=${onFocus}>
    <span class="top"><bdi class="name">${nameOf(row)}</bdi>${!row.activo && html`<span class="off">${t("Inactive")}</span>`}</span>
    <bdi class="about">${[row.tipo, placeOf(row.ubicacion_id)].filter(Boolean).join(" · ")}</bdi>
    <${Standing} row=${row} standing=${standing} />
  </a>`;
}

function Standing({ row, standing }) {
  const reading = standing?.reading ?? null;
  const anomaly = standing?.anomaly ?? null;
  return html`
    <span class="now">
      ${reading
        ? html`<span class="value"><${Figure} text=${figure(reading.valor)} /> <bdi>${reading.unidad ?? row.unidad ?? ""}</bdi></span><${Ago} at=${reading.timestamp} still brief />`
        : html`<span class="none">${standing === null ? "…" : t("No reading yet")}</span>`}
    </span>
    <${Trend} points=${standing?.points} />
    <span class="wrong">${anomaly && html`<span class="severity" data-severity=${anomaly.severidad}><span class="sign" aria-hidden="true"></span>${severityOf(anomaly.severidad)}</span> <bdi>${anomaly.tipo}</bdi> <${Ago} at=${anomaly.created_at} still brief />`}</span>
  `;
}

function Figure({ text }) {
  return html`<b class=${text.length > ROOMY ? "long" : ""}>${text}</b>`;
}

function Trend({ points }) {
  return useMemo(() => html`<${Spark} points=${points ?? []} />`, [points]);
}
