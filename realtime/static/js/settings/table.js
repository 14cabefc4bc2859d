// The settings, to be read: they change with their flag or variable, at the next start.

import { computed, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Panel } from "../components/panel.js";
import { html } from "../html.js";
import { Load } from "../load.js";
import { ask } from "../place.js";
import { number, t, tn } from "../words.js";

const MOST = 1_000;

const settings = new Load(async (given) => (await ask("api/v1/settings/", { limit: MOST }, { signal: given })).results);

/** The value of the setting `name`, in words; undefined where that is not known (yet). */
export function valueOf(name) {
  return settings.value?.find((row) => row.name === name)?.value;
}

const SOURCES = new Map([
  ["default", t("default")],
  ["flag", t("flag")],
  ["environment", t("environment")],
  [".env", ".env"],
  ["code", t("program")],
]);

const sought = signal("");
const changedOnly = signal(false);

const found = computed(() => {
  const words = sought.value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (row) => words.every((word) => `${row.name} ${row.flag} ${row.variable} ${row.value} ${row.help}`.toLowerCase().includes(word));
  return (settings.value ?? []).filter((row) => (!changedOnly.value || row.source !== "default") && fits(row));
});

const groups = computed(() => {
  const all = new Map();
  for (const row of found.value) all.set(row.group, [...(all.get(row.group) ?? []), row]);
  return [...all];
});

export function Table({ id, title }) {
  useEffect(() => void settings.run(), []);
  return html`<${Panel} id=${id} title=${title} load=${settings}>
    <p class="note">${t("They are read here alone: a setting changes with its flag, its variable or a line in .env, at the next start.")}</p>
    <div class="seek">
      <label><span class="sr-only">${t("Search the settings")}</span>
        <input type="search" placeholder=${t("Search the settings")} onInput=${({ currentTarget }) => (sought.value = currentTarget.value)} /></label>
      <label><input type="checkbox" role="switch" onChange=${({ currentTarget }) => (changedOnly.value = currentTarget.checked)} /> ${t("Only those that were set")}</label>
      <span class="note" role="status">${tn("%(n)s setting", "%(n)s settings", found.value.length)}</span>
    </div>
    ${groups.value.map(([group, rows]) => html`<${Group} key=${group} group=${group} rows=${rows} />`)}
    ${found.value.length === 0 && html`<p class="note">${t("No setting fits.")}</p>`}
  <//>`;
}

// Closed until somebody looks for something: they are many.
function Group({ group, rows }) {
  return html`<details class="group" open=${sought.value !== "" || changedOnly.value}>
    <summary>${group} <span class="note">${number(rows.length)}</span></summary>
    <table class="table">
      <caption class="sr-only">${group}</caption>
      <thead><tr><th scope="col">${t("Setting")}</th><th scope="col">${t("Value")}</th><th scope="col">${t("Source")}</th></tr></thead>
      <tbody>${rows.map((row) => html`<${Row} key=${row.name} row=${row} />`)}</tbody>
    </table>
  </details>`;
}

function Row({ row }) {
  return html`<tr data-setting=${row.name} data-source=${row.source}>
    <th scope="row"><code>${row.flag}</code> <code class="variable">${row.variable}</code><span class="note">${row.help}</span></th>
    <td><bdi>${row.value}</bdi>${row.value !== row.default && html`<span class="note">${t("default: %(value)s", { value: row.default })}</span>`}</td>
    <td><span class="badge" data-source=${row.source}>${SOURCES.get(row.source)}</span></td>
  </tr>`;
}
