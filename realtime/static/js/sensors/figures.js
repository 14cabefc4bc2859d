// Measured values as the reader writes them: also those that are very small or very large, which three decimals or
// three hundred digits would not tell.

import { locale, number } from "../words.js";

const small = new Intl.NumberFormat(locale, { maximumSignificantDigits: 4 });
const extreme = new Intl.NumberFormat(locale, { notation: "scientific", maximumSignificantDigits: 4 });

/** A value, in at most a dozen digits. */
export function figure(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-6 || size >= 1e12)) return extreme.format(value);
  return size < 1 ? small.format(value) : number(value);
}
