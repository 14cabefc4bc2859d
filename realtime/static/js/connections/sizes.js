// Amounts of bytes as the reader writes them.

import { locale } from "../words.js";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];

const formats = UNITS.map((unit, step) => new Intl.NumberFormat(locale, {
  style: "unit",
  unit,
  unitDisplay: "short",
  maximumFractionDigits: step === 0 ? 0 : 1,
}));

/** So many bytes, in the largest unit of which there is at least one. */
export function bytes(amount) {
  const step = amount < 1_000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(amount) / 3));
  return formats[step].format(amount / 1_000 ** step);
}

const milliseconds = new Intl.NumberFormat(locale, { style: "unit", unit: "millisecond", maximumSignificantDigits: 3 });

/** So many milliseconds. */
export function trip(ms) {
  return milliseconds.format(ms);
}
