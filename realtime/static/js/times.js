// Times as the reader's zone and language have them.

import { locale } from "./words.js";

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(locale, { day: "2-digit", month: "2-digit" });
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

/** The time of day; the day before it where that is not today. */
export function short(date) {
  const time = clock.format(date);
  return isToday(date) ? time : `${day.format(date)}, ${time}`;
}

/** Day, time to the millisecond, and zone. */
export function exact(date) {
  return exactly.format(date);
}

function isToday(date) {
  return date.toDateString() === new Date().toDateString();
}
