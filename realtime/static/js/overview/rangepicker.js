// Which time the figures are of: 7, 30 or 90 days, or dates of the reader's own.

import { useState } from "preact/hooks";
import { html } from "../html.js";
import { number, t, tn } from "../words.js";
import { choose, dateBefore, DAYS, fault, MOST_DAYS, range } from "./range.js";

const OWN = "own";

export function RangePicker() {
  const now = range.value;
  const [own, setOwn] = useState(now.days === undefined);
  const pick = (value) => {
    setOwn(value === OWN);
    if (value !== OWN) choose({ days: value });
  };
  return html`<div class="range">
    <fieldset class="filter">
      <legend class="sr-only">${t("Time of the figures")}</legend>
      ${DAYS.map((days) => html`<${Choice} key=${days} value=${days} checked=${!own && now.days === days} onPick=${pick}>${tn("%(n)s day", "%(n)s days", days)}<//>`)}
      <${Choice} value=${OWN} checked=${own} onPick=${pick}>${t("Own dates")}<//>
    </fieldset>
    ${own && html`<${Dates} />`}
  </div>`;
}

function Choice({ value, checked, onPick, children }) {
  return html`<label><input type="radio" name="range" value=${value} checked=${checked} onChange=${() => onPick(value)} /><span>${children}</span></label>`;
}

function Dates() {
  const now = range.value;
  const [dates, setDates] = useState({ from: now.from ?? dateBefore(now.days - 1), to: now.to ?? dateBefore(0) });
  const wrong = fault(dates);
  const change = (name) => ({ currentTarget }) => {
    const next = { ...dates, [name]: currentTarget.value };
    setDates(next);
    if (fault(next) === null) choose(next);
  };
  const said = { missing: t("Two dates are needed."), order: t("The first day comes after the last one."), long: t("%(n)s days at most.", { n: number(MOST_DAYS) }) }[wrong];
  return html`<div class="dates">
    <label>${t("From")} <input type="date" value=${dates.from} max=${dateBefore(0)} onChange=${change("from")} aria-describedby="dates-fault" /></label>
    <label>${t("to")} <input type="date" value=${dates.to} max=${dateBefore(0)} onChange=${change("to")} aria-describedby="dates-fault" /></label>
    <span id="dates-fault" role="status" class="fault">${said}</span>
  </div>`;
}
