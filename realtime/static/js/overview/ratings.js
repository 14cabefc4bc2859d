// What customers say, as they say it.

import { Ago } from "../components/ago.js";
import { Live } from "../components/live.js";
import { Panel } from "../components/panel.js";
import { html } from "../html.js";
import { Latest } from "../latest.js";
import { address, ask, reads } from "../place.js";
import { t } from "../words.js";
import { Stars } from "./satisfaction.js";

const PAST = 30;

/** Ratings that were given, the latest first. */
export function latestRatings() {
  return new Latest({
    ask: async (signal) => (await ask("api/v1/csat/", { answered: true, ordering: "-id", limit: PAST }, { signal })).results,
    rank: (row) => Date.parse(row.answered_at),
    allowed: () => reads("csat"),
  });
}

export function Ratings({ latest }) {
  return html`<${Panel} title=${t("What customers say")} id="csat" load=${latest.load} who=${t("Viewers, agents and admins may.")} empty=${() => latest.list.value.length === 0}
    emptyText=${t("Nobody has rated a conversation yet. When one is closed, its customer is asked for a rating.")}>
    <${Live} latest=${latest} label=${t("Ratings, newest first")} render=${(row) => html`<${Rating} row=${row} />`} />
  <//>`;
}

function Rating({ row: { rating, contact_name: name, feedback, answered_at: at, conversation_id: id } }) {
  return html`<p class="line-one"><${Stars} rating=${rating} /><a class="who" href=${address("conversations", { c: id }).href}><bdi>${name}</bdi></a><${Ago} at=${at} still /></p>
    ${feedback && html`<p class="said"><bdi>${feedback}</bdi></p>`}`;
}
