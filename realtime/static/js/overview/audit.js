// Who did what: the audit log as it grows.

import { effect } from "@preact/signals";
import { Ago } from "../components/ago.js";
import { Live } from "../components/live.js";
import { Panel } from "../components/panel.js";
import { deed } from "../deeds.js";
import { html } from "../html.js";
import { Latest } from "../latest.js";
import { ask, reads } from "../place.js";
import { exact } from "../times.js";
import { t } from "../words.js";

const PAST = 30;
const LENGTH = 160;

// These are told by the columns beside them, or mean nothing to who reads along.
const LEFT_OUT = new Set(["credential", "digest", "created_at", "updated_at"]);

/** Entries of the audit log, the latest first; asked for when `begin` was called and the reader may read them. */
export function latestEntries() {
  const latest = new Latest({
    ask: async (signal) => (await ask("api/v1/audit-logs/", { ordering: "-id", limit: PAST }, { signal })).results,
    rank: (row) => row.id,
  });
  const { state } = latest.load;
  let begun = false;
  latest.begin = () => {
    if (begun) return;
    begun = true;
    effect(() => {
      // Who may not read it is told so without a request that could only be refused, and may one day.
      if (!reads("audit")) state.value = { kind: "forbidden", value: undefined, detail: "" };
      else if (state.peek().value === undefined) latest.load.run();
    });
  };
  return latest;
}

export function Audit({ latest }) {
  return html`<${Panel} title=${t("Audit log")} id="audit" load=${latest.load} empty=${() => latest.list.value.length === 0}
    who=${t("The audit log is for agents and admins.")} emptyText=${t("No entry yet.")}>
    <${Live} latest=${latest} label=${t("Audit log, newest first")} render=${(row) => html`<${Entry} row=${row} />`} />
  <//>`;
}

function Entry({ row: { action, details, user, timestamp } }) {
  return html`<p class="line-one"><${Deed} action=${action} /><bdi class="who">${user?.username ?? "–"}</bdi><${Ago} at=${timestamp} still /></p>
    <p class="said"><bdi>${told(details)}</bdi></p>`;
}

function Deed({ action }) {
  const words = deed(action);
  return words ? html`<span title=${action}>${words}</span>` : html`<code>${action}</code>`;
}

/** The details in a line: what changed as `before → after`, all else as it is called. */
export function told(details) {
  const { before, after, ...rest } = details ?? {};
  const parts = entries(rest).map(([name, value]) => `${name} ${plain(name, value)}`);
  if (before && after) {
    const shown = entries(after).map(([name, value]) => [name, plain(name, before[name]), plain(name, value)]);
    parts.push(...shown.filter(([, was, is]) => was !== is).map(([name, was, is]) => `${name}: ${was} → ${is}`));
  } else {
    parts.push(...entries(before ?? after ?? {}).filter(([name]) => name !== "id").map(([name, value]) => `${name} ${plain(name, value)}`));
  }
  const points = [...parts.join(" · ")];
  return points.length > LENGTH ? `${points.slice(0, LENGTH - 1).join("")}…` : points.join("");
}

function entries(values) {
  return Object.entries(values).filter(([name, value]) => !LEFT_OUT.has(name) && value !== null);
}

function plain(name, value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number" && name.endsWith("_at")) return exact(new Date(value));
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value.join(", ") || "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}
