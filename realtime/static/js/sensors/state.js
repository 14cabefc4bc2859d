// What all parts of the page share: sensors, locations, how they stand, which one is chosen, and how the list is narrowed.

import { computed, signal } from "@preact/signals";
import { t } from "../words.js";
import { Rows } from "./rows.js";
import { Standings } from "./standings.js";

/** Sensors that the page holds; a server with more is told so, and the rest is found by its own filters. */
export const SENSORS_LIMIT = 10_000;
export const LOCATIONS_LIMIT = 5_000;

export const sensors = new Rows("sensors", "sensor", { limit: SENSORS_LIMIT });
export const locations = new Rows("locations", "location", { limit: LOCATIONS_LIMIT });
export const standings = new Standings();

/** The id of the sensor in the page's address (`?s=`), null for none. */
export const chosen = signal(idInAddress());

/** Choose a sensor (null for none): it stands in the address, and Back leads to the one before. */
export function choose(id) {
  if (id === chosen.peek()) return;
  const left = chosen.peek();
  history.pushState(null, "", addressOf(id));
  chosen.value = id;
  led = id;
  // Who leaves a sensor is back where it was chosen.
  if (id === null) returned.value = { id: left };
}

/** `{id}` of the sensor that the reader has just left for the list, another object each time; null before. */
export const returned = signal(null);

let led = null;

/** Whether the reader has just chosen the sensor `id`, and so is to be led to it; true once. */
export function isLedTo(id) {
  const lead = led === id;
  led = null;
  return lead;
}

/** The address of this page with this sensor chosen. */
export function addressOf(id) {
  const url = new URL(location.href);
  if (id === null) url.searchParams.delete("s");
  else url.searchParams.set("s", id);
  return url.href;
}

addEventListener("popstate", () => (chosen.value = idInAddress()));

function idInAddress() {
  const text = new URL(location.href).searchParams.get("s") ?? "";
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}

/** What narrows the list; "" for all. `active` is "true" or "false". */
export const filter = signal({ text: "", tipo: "", location: "", active: "" });

/** The sensors that the filter lets through, by id. */
export const shown = computed(() => {
  const { text, tipo, location: place, active } = filter.value;
  const words = fold(text).split(/\s+/).filter(Boolean);
  return [...sensors.rows.values()]
    .filter(
      (row) =>
        (tipo === "" || row.tipo === tipo) &&
        (place === "" || String(row.ubicacion_id ?? "none") === place) &&
        (active === "" || String(row.activo) === active) &&
        (words.length === 0 || matches(row, words)),
    )
    .sort((one, other) => one.id - other.id);
});

/** All kinds of sensors there are, by name. */
export const tipos = computed(() => [...new Set([...sensors.rows.values()].map(({ tipo }) => tipo))].sort((one, other) => one.localeCompare(other)));

function matches(row, words) {
  const place = locations.rows.get(row.ubicacion_id)?.nombre ?? "";
  const text = fold([`#${row.id}`, row.nombre ?? "", row.tipo, row.modelo, place].join(" "));
  return words.every((word) => text.includes(word));
}

/** Without case and accents: who looks for "jardin" finds "Jardín". */
function fold(text) {
  return text.normalize("NFD").replace(/\p{Mn}/gu, "").toLowerCase();
}

/** What a sensor is called. */
export function nameOf(row) {
  return row.nombre || t("Sensor %(id)s", { id: row.id });
}

/** The name of a location's id; null for none. */
export function placeOf(id) {
  return id === null ? null : (locations.rows.get(id)?.nombre ?? t("Location %(id)s", { id }));
}
