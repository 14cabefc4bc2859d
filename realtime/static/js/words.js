// Words in the reader's language. English stands in the source and is the key; `words` is the
// catalogue of the page's language (realtime/locales/), chosen by the server.

import catalogue from "words";

export const language = document.documentElement.lang;

/** For numbers and dates: the same language, as the reader's own country writes it. */
export const locale = navigator.languages.find((tag) => base(tag) === base(language)) ?? language;

const plurals = new Intl.PluralRules(language);
const found = new Map(Object.entries(catalogue));

/** `message` in the reader's language, with `%(name)s` replaced by the value of that name. */
export function t(message, values = {}) {
  const text = found.get(message);
  return fill(typeof text === "string" ? text : message, values);
}

/** The form for `n` of a message whose English is `one` or `many`; `%(n)s` is the number. */
export function tn(one, many, n, values = {}) {
  const forms = found.get(many);
  const english = n === 1 ? one : many;
  const text = typeof forms === "object" ? (forms[plurals.select(n)] ?? forms.other) : english;
  return fill(text, { n: number(n), ...values });
}

const numbers = new Intl.NumberFormat(locale);

/** A number as the reader writes it. */
export function number(n) {
  return numbers.format(n);
}

const decimals = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const percents = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });

/** A number with one decimal; null for null. */
export function decimal(n) {
  return n === null ? null : decimals.format(n);
}

/** A share (0 to 1) in percent; null for null. */
export function percent(share) {
  return share === null ? null : percents.format(share);
}

function base(tag) {
  return tag.split("-")[0];
}

function fill(text, values) {
  return text.replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
