// What a file holds: which form it has, its first rows, and all of it piece by piece, so that its size does not matter.

import { t } from "../words.js";
import { Records, separatorOf } from "./csv.js";
import { readingOf, recordOf, Unusable } from "./readings.js";

/** Bytes of a file that a preview looks at, and rows that it shows. */
const HEAD = 64 * 1024;
const ROWS = 5;

/** A JSON array can only be read whole; larger ones are asked for as a JSON object a line. */
const ARRAY_LIMIT = 32 * 1024 * 1024;

const LINE_LIMIT = 64 * 1024;

const GUESSES = {
  sensor: /sensor|device|dispositivo|equipo/i,
  value: /valor|value|lectura|leitura|reading|medi/i,
  time: /time|fecha|data|date|hora|quando|cuando|when/i,
  unit: /unidad|unit|unidade/i,
};

/** `{kind: "csv" | "lines" | "array", separator, rows, header, columns, comma}` of a file. Throws Unusable. */
export async function lookInto(file) {
  const text = (await file.slice(0, HEAD).text()).replace(/^\uFEFF/, "");
  if (text.trim() === "") throw new Unusable(t("The file is empty."));
  if (/^\s*\[/.test(text)) {
    if (file.size > ARRAY_LIMIT) throw new Unusable(t("A JSON array of more than 32 MiB cannot be read at once: write an object a line (NDJSON)."));
    return { kind: "array", rows: [] };
  }
  if (/^\s*\{/.test(text)) return { kind: "lines", rows: text.split(/\r?\n/).filter((line) => line.trim() !== "").slice(0, ROWS).map((line) => [line.slice(0, 200)]) };
  const separator = separatorOf(text);
  const rows = firstRows(text, separator);
  const header = rows.length > 0 && !rows[0].some((field) => field.trim() !== "" && Number.isFinite(Number(field.replace(",", "."))));
  return { kind: "csv", separator, rows, header, columns: guess(rows, header), comma: separator !== "," && rows.slice(1).some((row) => row.some((field) => /^-?\d+,\d+$/.test(field.trim()))) };
}

function firstRows(text, separator) {
  const rows = [];
  for (const { fields } of new Records(separator).push(`${text}\n\n`)) {
    rows.push(fields);
    if (rows.length > ROWS) break;
  }
  return rows;
}

/** Which column is what, by its heading; without one, or without a known word, by its place. */
function guess(rows, header) {
  const names = header ? rows[0] : [];
  const find = (name, but = []) => names.findIndex((text, place) => !but.includes(place) && GUESSES[name].test(text));
  const width = rows[0]?.length ?? 0;
  const time = find("time");
  const unit = find("unit");
  const sensor = find("sensor", [time, unit]);
  const value = find("value", [time, unit, sensor]);
  if (value >= 0) return { sensor, value, time, unit };
  return { sensor: width > 1 ? 0 : -1, value: width > 1 ? 1 : 0, time: width > 2 ? 2 : -1, unit: width > 3 ? 3 : -1 };
}

/**
 * The readings of a file, one after the other: `{line, reading}`, or `{line, error}` (a sentence) for what is none.
 * `told(bytes)` is called with how far it has read. `options` are those of `recordOf`, with `separator` and `header`.
 */
export async function* readingsOf(file, kind, options, told) {
  if (kind === "array") yield* fromArray(await file.text(), options);
  else if (kind === "lines") yield* judged(linesOf(file, told), ({ text }) => readingOf(parsed(text), options));
  else yield* judged(recordsOf(file, options, told), ({ fields }) => recordOf(fields, options));
}

async function* judged(items, read) {
  for await (const item of items) yield judge(item, read);
}

function judge(item, read) {
  try {
    return { line: item.line, reading: read(item) };
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    return { line: item.line, error: error.message };
  }
}

function* fromArray(text, options) {
  const found = parsed(text);
  // A page of a list, as the server answers it, is as good as an array.
  const items = Array.isArray(found) ? found : (found?.results ?? []);
  for (const [index, item] of items.entries()) yield judge({ line: index + 1, item }, ({ item }) => readingOf(item, options));
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Unusable(t("This is not JSON: %(why)s", { why: error.message }));
  }
}

async function* recordsOf(file, { separator, header }, told) {
  const records = new Records(separator);
  let first = header;
  const rest = function* (found) {
    for (const record of found) {
      if (!first) yield record;
      first = false;
    }
  };
  try {
    for await (const piece of pieces(file, told)) yield* rest(records.push(piece));
    yield* rest(records.end());
  } catch (error) {
    throw new Unusable(t("Line %(line)s does not end: a quote that is not closed?", { line: error.message }));
  }
}

async function* linesOf(file, told) {
  let [rest, line] = ["", 0];
  for await (const piece of pieces(file, told)) {
    const found = (rest + piece).split("\n");
    rest = found.pop();
    if (rest.length > LINE_LIMIT) throw new Unusable(t("Line %(line)s is too long.", { line: line + found.length + 1 }));
    for (const text of found) {
      line += 1;
      if (text.trim() !== "") yield { line, text };
    }
  }
  if (rest.trim() !== "") yield { line: line + 1, text: rest };
}

async function* pieces(file, told) {
  const decoder = new TextDecoder();
  const reader = file.stream().getReader();
  let read = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    read += value.byteLength;
    told(read);
    yield decoder.decode(value, { stream: true });
  }
  yield decoder.decode();
}
