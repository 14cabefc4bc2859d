// From a file's records to readings as the server takes them. What it would refuse is told here already, with its line.

import { t } from "../words.js";

/** Characters of a unit: what the server takes. */
const UNIT = 200;

const LARGEST_ID = 2 ** 53 - 1;
const OFFSET = /(?:[zZ]|[+-]\d\d:?\d\d)$/;
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?/;

/** What `readingOf` and `recordOf` throw: a sentence for the reader. */
export class Unusable extends Error {}

/**
 * A reader of CSV records. `columns` are the places of `sensor`, `value`, `time` and `unit` (-1 for none), `sensor` the
 * id for all where there is no column, `named` a Map of names → ids (null where two sensors have the name), `comma`
 * whether a comma is decimal, `utc` whether times without a zone are in UTC (else in the reader's).
 */
export function recordOf(fields, { columns, sensor, named, comma, utc }) {
  const at = (name) => (columns[name] < 0 ? "" : (fields[columns[name]] ?? "").trim());
  const reading = { sensor_id: columns.sensor < 0 ? sensor : sensorOf(at("sensor"), named), valor: valueOf(at("value"), comma) };
  if (at("unit") !== "") reading.unidad = unitOf(at("unit"));
  if (at("time") !== "") reading.timestamp = timeOf(at("time"), utc);
  return reading;
}

/** The same of a JSON object with the server's own names; what else is in it (a row's `id`, `created_at`) is left out. */
export function readingOf(item, { utc }) {
  if (item === null || typeof item !== "object" || Array.isArray(item)) throw new Unusable(t("This is no object."));
  const { sensor_id: sensor, valor, unidad, timestamp } = item;
  if (!Number.isSafeInteger(sensor) || sensor < 1) throw new Unusable(t("“%(text)s” is no number of a sensor.", { text: short(sensor) }));
  if (typeof valor !== "number" || !Number.isFinite(valor)) throw new Unusable(t("“%(text)s” is no value.", { text: short(valor) }));
  const reading = { sensor_id: sensor, valor };
  if (unidad !== undefined && unidad !== null) reading.unidad = unitOf(unidad);
  if (timestamp !== undefined && timestamp !== null) reading.timestamp = timeOf(String(timestamp), utc);
  return reading;
}

function sensorOf(text, named) {
  const id = /^#?\d+$/.test(text) ? Number(text.replace("#", "")) : named.get(text.toLowerCase());
  if (id === null) throw new Unusable(t("Several sensors are called “%(text)s”: use their numbers.", { text: short(text) }));
  if (id === undefined || id < 1 || id > LARGEST_ID) throw new Unusable(t("There is no sensor “%(text)s”.", { text: short(text) }));
  return id;
}

function valueOf(text, comma) {
  // "21.5" among "21,5" is no two hundred and fifteen: points are left out where they part thousands.
  const thousands = text.includes(",") || /^[-−]?\d{1,3}(\.\d{3})+$/.test(text);
  const plain = comma && thousands ? text.replaceAll(".", "").replace(",", ".") : text;
  const value = Number(plain.replace("−", "-"));
  if (plain === "" || !Number.isFinite(value)) throw new Unusable(t("“%(text)s” is no value.", { text: short(text) }));
  return value;
}

function unitOf(text) {
  if (typeof text !== "string" || text.length > UNIT || text.trim() === "") throw new Unusable(t("“%(text)s” is no unit.", { text: short(text) }));
  return text;
}

/** RFC 3339 of a time: seconds or milliseconds since 1970, or a date with an hour, with or without a zone. */
export function timeOf(text, utc) {
  let at = NaN;
  if (/^\d{9,10}(\.\d+)?$/.test(text)) at = Math.round(Number(text) * 1000);
  else if (/^\d{12,13}$/.test(text)) at = Number(text);
  else if (DATE.test(text)) at = OFFSET.test(text) ? Date.parse(text.replace(" ", "T").replace(",", ".")) : dateOf(text, utc);
  if (!(at >= 0)) throw new Unusable(t("“%(text)s” is no time: it is written as 2025-07-20 14:30:00, or in seconds since 1970.", { text: short(text) }));
  return new Date(at).toISOString();
}

function dateOf(text, utc) {
  const found = text.match(DATE);
  if (found[0].length !== text.length) return NaN;
  const [year, month, day, hour = 0, minute = 0, second = 0] = found.slice(1, 7).map((part) => (part === undefined ? undefined : Number(part)));
  const rest = Math.round(Number(`0.${found[7] ?? 0}`) * 1000);
  const parts = [year, month - 1, day, hour, minute, second, rest];
  // A 31st of February would become a day in March.
  if (new Date(Date.UTC(...parts)).getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) return NaN;
  return utc ? Date.UTC(...parts) : new Date(...parts).getTime();
}

function short(value) {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
