// A chart over time: a plot with a cursor, a line that says what is under it, and the same as a table.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { rem } from "../room.js";
import { exact } from "../times.js";
import { number, t, tn } from "../words.js";
import { ChartTable } from "./charttable.js";
import { dashOf, inkOf, inkOfMark, loadPlot, Plot } from "./plot.js";

const NONE = [];

/**
 * `series` are `{name, points, kind, color}`: points `[milliseconds, value or null]` by time, kind "line" (as it is
 * without one), "bars" or "points", color a custom property's name (`--good`) or a colour. `marks` are `{at, label, kind}`
 * ("anomaly", "prediction", or another). `range` is `[from, to]` in milliseconds, for all that there is without it.
 * With `onZoom({since, until} or null)` the reader may ask for a stretch, by pointer, buttons or keys; whoever gives it
 * sets `range`, and `zoomed` while null would lead back. `format(value)` writes a value without its `unit`,
 * `when(date)` a time (day, time and zone without it). `steps` are the distances that lines of the grid may have.
 */
export function Chart({ label, series, marks = NONE, height = 240, range = null, onZoom, zoomed = false, unit = "", format = number, when = exact, steps }) {
  const [asTable, setAsTable] = useState(false);
  const columns = useMemo(() => columnsOf(series), [series]);
  const empty = columns[0].length === 0;
  const said = (value) => (value === null || value === undefined ? "–" : [format(value), unit].filter(Boolean).join(" "));
  const summary = useMemo(() => summarize(label, series, marks, said), [label, series, marks, unit]);
  const shared = { label, series, columns, marks, said, when };
  return html`<figure class="chart" data-zoomed=${zoomed}>
    <div class="chart-tools">
      <${Legend} series=${series} marks=${marks} />
      ${onZoom && !asTable && html`<${Zoom} columns=${columns} range=${range} zoomed=${zoomed} onZoom=${onZoom} />`}
      <button type="button" class="quiet" aria-pressed=${asTable} onClick=${() => setAsTable(!asTable)}>${t("Show as table")}</button>
    </div>
    ${asTable
      ? html`<${ChartTable} ...${shared} />`
      : empty && range === null
        ? html`<p class="note chart-none" role="img" aria-label=${summary}>${t("No values in this time.")}</p>`
        : html`<${Canvas} ...${shared} summary=${summary} range=${range} height=${height} onZoom=${onZoom} format=${format} steps=${steps} />`}
  </figure>`;
}

function Legend({ series, marks }) {
  const kinds = [...new Set(marks.map(({ kind }) => kind))];
  const signs = { anomaly: t("Anomaly"), prediction: t("Prediction") };
  return html`<ul class="chart-legend" role="list">
    ${series.map(
      (one, place) => html`<li key=${one.name}>
        <span class="stroke" data-kind=${one.kind ?? "line"} data-dashed=${dashOf(place).length > 0} style=${{ color: cssColour(inkOf(one, place)) }} aria-hidden="true"></span>
        <bdi>${one.name}</bdi>
      </li>`,
    )}
    ${kinds.map((kind) => signs[kind] && html`<li key=${`mark ${kind}`}><span class="sign" data-kind=${kind} style=${{ color: cssColour(inkOfMark(kind)) }} aria-hidden="true"></span>${signs[kind]}</li>`)}
  </ul>`;
}

/** Half of what is seen, twice as much, or back to all. */
function Zoom({ columns, range, zoomed, onZoom }) {
  const [times] = columns;
  const [from, to] = range ?? [times[0], times.at(-1)];
  const by = (factor) => {
    const [middle, half] = [(from + to) / 2, ((to - from) * factor) / 2];
    onZoom({ since: middle - half, until: middle + half });
  };
  return html`<div class="chart-zoom" role="group" aria-label=${t("Zoom")}>
    <button type="button" class="quiet" aria-label=${t("Zoom in")} title=${t("Zoom in")} disabled=${!(to > from)} onClick=${() => by(0.5)}>+</button>
    <button type="button" class="quiet" aria-label=${t("Zoom out")} title=${t("Zoom out")} disabled=${!zoomed} onClick=${() => by(2)}>−</button>
    ${zoomed && html`<button type="button" class="quiet" onClick=${() => onZoom(null)}>${t("Reset zoom")}</button>`}
  </div>`;
}

function Canvas({ label, series, columns, marks, said, when, summary, range, height, onZoom, format, steps }) {
  const holder = useRef(null);
  const plot = useRef(null);
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState("loading");
  const [under, setUnder] = useState({ index: null, near: NONE });
  const wanted = useRef(null);
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  const zooms = Boolean(onZoom);
  const tall = Math.round((height * rem.value) / 16);
  const shape = JSON.stringify([series.map(({ name, kind, color }) => [name, kind, color]), tall, zooms, attempt]);

  useEffect(() => {
    let left = false;
    const made = (uPlot) => {
      if (left) return;
      const told = { cursor: (index, near) => setUnder({ index, near }), zoom: (stretch) => zoom.current?.(stretch) };
      plot.current = new Plot(uPlot, holder.current, { series, height: tall, zooms, format, steps }, told);
      setState("ready");
    };
    loadPlot().then(made, () => left || setState("failed"));
    return () => {
      left = true;
      plot.current?.destroy();
      plot.current = null;
      setState("loading");
    };
  }, [shape]);

  useEffect(() => plot.current?.show(columns, marks, range), [state, columns, marks, range?.[0], range?.[1]]);

  // Whoever is quicker than the plot reads the points all the same, and finds the cursor there when it comes.
  const point = (index) => {
    wanted.current = index;
    if (plot.current === null) setUnder({ index, near: NONE });
    else plot.current.point(index);
  };
  useEffect(() => {
    // Its scales are known when the data is taken in, which it does in a microtask of its own.
    if (state === "ready" && wanted.current !== null) queueMicrotask(() => plot.current?.point(wanted.current));
  }, [state]);

  if (state === "failed") return html`<p class="note" role="alert">${t("The chart could not be loaded.")} <button type="button" class="quiet" onClick=${() => setAttempt(attempt + 1)}>${t("Try again")}</button></p>`;
  return html`<div class="chart-plot">
    <div ref=${holder} class="chart-holder" role="img" aria-label=${summary} style=${{ minHeight: `${tall}px` }} aria-busy=${state === "loading"}></div>
    <${Cursor} label=${label} series=${series} columns=${columns} said=${said} when=${when} under=${under} point=${point} />
  </div>`;
}

/** What is under the cursor, which arrow keys move too; without one, the newest. */
function Cursor({ label, series, columns, said, when, under, point }) {
  const last = columns[0].length - 1;
  if (last < 0) return html`<p class="chart-said">${t("No values in this time.")}</p>`;
  const index = under.index === null ? newest(columns) : Math.min(under.index, last);
  const values = series.map(({ name }, place) => [name, said(columns[place + 1][index])]);
  const at = when(new Date(columns[0][index]));
  const near = under.near.map(({ label: text }) => text);
  const spoken = [at, ...values.map(([name, value]) => `${name}: ${value}`), ...near].join(", ");
  return html`
    <input class="chart-cursor" type="range" min="0" max=${last} step="1" value=${index} aria-label=${t("Point of %(name)s", { name: label })} aria-valuetext=${spoken}
      onInput=${({ currentTarget }) => point(Number(currentTarget.value))} onFocus=${() => point(index)} onBlur=${() => point(null)} />
    <p class="chart-said" aria-hidden="true">
      <span class="at">${at}</span>
      ${values.map(([name, value]) => html`<span key=${name}>${series.length > 1 && html`<bdi>${name}</bdi> `}<b>${value}</b></span>`)}
      ${near.map((text, nth) => html`<bdi key=${nth} class="near">${text}</bdi>`)}
    </p>`;
}

/** The place of the last value of the first series that has any: what another foresees lies behind it. */
function newest([times, ...values]) {
  const found = values[0].findLastIndex((value) => typeof value === "number");
  return found < 0 ? times.length - 1 : found;
}

/** `[times, values, …]`: all times of all series, undefined where a series has no point, null where it says so. */
function columnsOf(series) {
  if (series.length === 1) {
    const { points } = series[0];
    return [points.map(([at]) => at), points.map(([, value]) => value)];
  }
  const known = series.map(({ points }) => new Map(points));
  const times = [...new Set(known.flatMap((values) => [...values.keys()]))].sort((one, other) => one - other);
  return [times, ...known.map((values) => times.map((at) => values.get(at)))];
}

function summarize(label, series, marks, said) {
  const parts = series.map(({ name, points }) => {
    const values = points.map(([, value]) => value).filter((value) => value !== null);
    if (values.length === 0) return t("%(name)s: no values", { name });
    const [least, most] = values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
    return tn(
      "%(name)s: %(n)s value, lowest %(least)s, highest %(most)s, last %(last)s",
      "%(name)s: %(n)s values, lowest %(least)s, highest %(most)s, last %(last)s",
      values.length,
      { name, least: said(least), most: said(most), last: said(values.at(-1)) },
    );
  });
  if (marks.length > 0) parts.push(tn("%(n)s mark", "%(n)s marks", marks.length));
  return `${label}. ${parts.join(". ")}.`;
}

function cssColour(ink) {
  return ink.startsWith("--") ? `var(${ink})` : ink;
}
