// The panel of locations: where they are, how many sensors are there.

import { computed } from "@preact/signals";
import { useState } from "preact/hooks";
import { Panel } from "../components/panel.js";
import { html } from "../html.js";
import { may } from "../place.js";
import { number, t, tn } from "../words.js";
import { editLocation, remove } from "./actions.js";
import { filter, locations, sensors } from "./state.js";

/** Locations that are drawn until the reader asks for all. */
const SHOWN = 100;

/** How many sensors each location has. */
const filled = computed(() => {
  const counts = new Map();
  for (const { ubicacion_id: id } of sensors.rows.values()) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
});

export function Locations() {
  const [all, setAll] = useState(false);
  const rows = [...locations.rows.values()];
  const tools = may("write") && html`<button type="button" class="quiet" onClick=${() => editLocation()}>${t("New location")}</button>`;
  return html`<${Panel} title=${t("Locations")} load=${locations.load} tools=${tools} class="locations" empty=${({ rows }) => rows.size === 0}
      emptyText=${t("There is no location yet: sensors can do without.")} who=${t("Viewers, agents and admins may.")}>
    <ul role="list">
      ${(all ? rows : rows.slice(0, SHOWN)).map((row) => html`<${Place} key=${row.id} row=${row} count=${filled.value.get(row.id) ?? 0} />`)}
    </ul>
    ${!all && rows.length > SHOWN && html`<button type="button" class="quiet" onClick=${() => setAll(true)}>${t("Show all %(n)s locations", { n: number(rows.length) })}</button>`}
  <//>`;
}

function Place({ row, count }) {
  const { nombre: name, latitud, longitud } = row;
  const narrow = () => (filter.value = { ...filter.peek(), location: String(row.id) });
  return html`<li>
    <div class="told">
      <p class="what"><bdi>${name}</bdi></p>
      <p class="soft">${latitud !== null && longitud !== null ? `${number(latitud)}, ${number(longitud)}` : t("Without coordinates")}</p>
    </div>
    <div class="levers">
      <button type="button" class="quiet" onClick=${narrow} disabled=${count === 0}>${tn("%(n)s sensor", "%(n)s sensors", count)}</button>
      ${may("write") && html`
        <button type="button" class="quiet" aria-label=${t("Edit %(name)s", { name })} onClick=${() => editLocation(row)}>${t("Edit")}</button>
        <button type="button" class="quiet danger-text" aria-label=${t("Delete %(name)s", { name })} onClick=${() => gone(row)}>${t("Delete")}</button>`}
    </div>
  </li>`;
}

async function gone(row) {
  if (await remove("locations", row)) locations.apply([{ type: "location.deleted", data: row }]);
}
