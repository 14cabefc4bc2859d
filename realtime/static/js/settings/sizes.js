// Bytes, as a reader has them.

import { locale } from "../words.js";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
const formats = UNITS.map((unit) => new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: unit === "byte" ? "long" : "short", maximumSignificantDigits: 3 }));

/** `count` bytes in a unit that keeps the number short. */
export function size(count) {
  const step = Math.min(UNITS.length - 1, count < 1 ? 0 : Math.floor(Math.log10(count) / 3));
  return formats[step].format(count / 1000 ** step);
}
