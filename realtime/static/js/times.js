// Times as the reader's zone and language have them.

import { locale } from "./words.js";

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const dayAndMonth = new Intl.DateTimeFormat(locale, { day: "2-digit", month: "2-digit" });
const exactly = new Intl.DateTimeFormat(locale, {
  weekday: "short",
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
  timeZoneName: "short",
});

const dateOnly = new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "long", year: "numeric" });

/** The time of day; the day before it where that is not today. */
export function short(date) {
  const time = clock.format(date);
  return isToday(date) ? time : `${dayAndMonth.format(date)}, ${time}`;
}

/** Day, time to the millisecond, and zone. */
export function exact(date) {
  return exactly.format(date);
}

/** The date alone. */
export function day(date) {
  return dateOnly.format(date);
}

const DAY = 86_400;

const PARTS = [["day", DAY], ["hour", 3_600], ["minute", 60], ["second", 1]].map(([unit, length]) => [
  length,
  new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "narrow" }),
]);

/** Distances in seconds at which a scale of durations has its lines: never at "8m 20s". */
export const ROUND = [
  ...[1, 2, 5, 10, 15, 30].flatMap((count) => [count, 60 * count]),
  ...[1, 2, 3, 6, 12].map((count) => 3_600 * count),
  ...[1, 10, 100, 1_000].flatMap((tens) => [DAY * tens, 2 * DAY * tens, 5 * DAY * tens]),
].sort((one, other) => one - other);

/** So many whole seconds in the two largest units that have some: "1h 20m"; null for null. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return null;
  const first = PARTS.findIndex(([length], place) => seconds >= length || place === PARTS.length - 1);
  const [length, unit] = PARTS[first];
  const text = whole(unit, Math.floor(seconds / length));
  const rest = seconds % length;
  const next = PARTS[first + 1];
  return next && rest >= next[0] ? `${text} ${whole(next[1], Math.floor(rest / next[0]))}` : text;
}

/** A number and its unit stay together where a line ends. */
function whole(unit, count) {
  return unit.format(count).replace(/\s/g, "\u00a0");
}

function isToday(date) {
  return date.toDateString() === new Date().toDateString();
}
