// The time that the figures are of. The server counts in UTC days, so these are UTC days too. It stands in the page's
// address, so that a screen on a wall comes back to it.

import { signal } from "@preact/signals";

const DAY = 86_400_000;

/** Ready-made ranges: so many days, today included. */
export const DAYS = [7, 30, 90];
const USUAL = 30;

/** Days that a series of the server has at most. */
export const MOST_DAYS = 366;

/** A signal of `{days}` or `{from, to}` (ISO dates, both included). */
export const range = signal(fromAddress(new URLSearchParams(location.search)));

/** Show another range. */
export function choose(wanted) {
  range.value = wanted;
  const url = new URL(location.href);
  for (const name of ["days", "from", "to"]) {
    if (wanted[name] === undefined || wanted.days === USUAL) url.searchParams.delete(name);
    else url.searchParams.set(name, wanted[name]);
  }
  history.replaceState(null, "", url);
}

/** What the report is asked with. */
export function query({ days, from, to }) {
  if (days === USUAL) return {};
  if (days) return { since: new Date(today() - (days - 1) * DAY).toISOString() };
  return { since: new Date(from).toISOString(), until: new Date(Date.parse(to) + DAY).toISOString() };
}

/** Whether the range is the one that `dashboard_metrics` tells of. */
export function isUsual({ days }) {
  return days === USUAL;
}

/** What is wrong with own dates: "order", "long", "missing", or null. */
export function fault({ from, to }) {
  const [first, last] = [Date.parse(from), Date.parse(to)];
  if (Number.isNaN(first) || Number.isNaN(last) || first < 0) return "missing";
  if (last < first) return "order";
  return (last - first) / DAY + 1 > MOST_DAYS ? "long" : null;
}

/** The ISO date of `days` ago. */
export function dateBefore(days) {
  return new Date(today() - days * DAY).toISOString().slice(0, 10);
}

function today() {
  return Math.floor(Date.now() / DAY) * DAY;
}

function fromAddress(asked) {
  const [from, to] = [asked.get("from") ?? "", asked.get("to") ?? ""];
  if (fault({ from, to }) === null) return { from, to };
  const days = Number(asked.get("days"));
  return { days: DAYS.includes(days) ? days : USUAL };
}
