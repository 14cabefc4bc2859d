// How it went day by day: conversations that began and were closed, and how long customers waited.

import { useMemo } from "preact/hooks";
import { Chart } from "../components/chart.js";
import { html } from "../html.js";
import { day as told, duration, ROUND } from "../times.js";
import { t } from "../words.js";

const [HEIGHT, LOWER] = [300, 180];

/** Distances of the grid where there are no halves: 1, 2, 5, 10 … */
const WHOLE = [...Array(8).keys()].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));

/** Conversations that began and were closed on each day of `days`, and how many were open at its end. */
export function Conversations({ days }) {
  const series = useMemo(
    () => [
      { name: t("Began"), kind: "bars", color: "--accent", points: points(days, "created") },
      { name: t("Were closed"), kind: "line", color: "--sensors", points: points(days, "closed") },
      { name: t("Open at the day's end"), kind: "line", color: "--anomalies", points: points(days, "open") },
    ],
    [days],
  );
  return html`<${Chart} label=${t("Conversations by day")} series=${series} height=${HEIGHT} steps=${WHOLE} when=${told} />`;
}

/** How long half, and nine of ten, waited at most on each day; of the whole time mean, p50 and p90 of all three times. */
export function Times({ report }) {
  const { days, percentiles } = report;
  const series = useMemo(
    () => [
      { name: "p50", kind: "bars", points: points(days, "response_time_p50") },
      { name: "p90", kind: "line", color: "--anomalies", points: points(days, "response_time_p90") },
    ],
    [days],
  );
  const rows = [["response_time", t("Response time")], ["first_response_time", t("First response")], ["resolution_time", t("Resolution time")]];
  return html`
    <div class="wide-table" role="region" tabindex="0" aria-label=${t("Times of the whole period")}>
      <table class="times">
        <thead><tr>
          <td></td><th scope="col">${t("Mean")}</th>
          <th scope="col"><abbr title=${t("Half of all took no longer.")}>${"p50"}</abbr></th>
          <th scope="col"><abbr title=${t("Nine of ten took no longer.")}>${"p90"}</abbr></th>
        </tr></thead>
        <tbody>${rows.map(([name, label]) => html`<tr key=${name} data-figure=${name}>
          <th scope="row">${label}</th>
          ${[report[name], percentiles[name].p50, percentiles[name].p90].map((seconds) => html`<td>${duration(seconds) ?? "–"}</td>`)}
        </tr>`)}</tbody>
      </table>
    </div>
    <${Chart} label=${t("Response time by day: what half, and nine of ten, waited at most")} series=${series} height=${LOWER} format=${short} steps=${ROUND} when=${told} />
  `;
}

function short(seconds) {
  return duration(Math.round(seconds));
}

// A day is a day of UTC; it is drawn at the reader's own midnight of the same date, or it would carry another's name.
function points(days, name) {
  return days.map((one) => {
    const [year, month, date] = one.day.split("-").map(Number);
    return [new Date(year, month - 1, date).getTime(), one[name]];
  });
}
