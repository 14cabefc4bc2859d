// The sensor system as it happens: the newest events of all its channels, or of one.

import { computed, signal } from "@preact/signals";
import { Announcer } from "../announcer.js";
import { Filter } from "../components/filter.js";
import { List } from "../components/list.js";
import { Forbidden } from "../components/panel.js";
import { Trial } from "../components/trial.js";
import { ALL, Feed } from "../feed.js";
import { Hold } from "../hold.js";
import { html } from "../html.js";
import { past } from "../past.js";
import { reads, Refused } from "../place.js";
import { t } from "../words.js";

const CHANNELS = ["sensors", "readings", "locations", "anomalies", "predictions"];

/** The name of all these channels together. */
export const UNION = "general";
const PAST = 50;

/** Events of one drawing that are marked as new; of more, none is. */
const MARKED = 5;

/** What of the sensor system is shown, and what of its past has been asked for. */
export class SensorEvents {
  constructor() {
    this.feed = new Feed(CHANNELS);
    this.chosen = signal(ALL);
    this.hold = new Hold(computed(() => this.feed.list(this.chosen.value)));
    this.announcer = new Announcer();
    this.position = null;

    // Of each list: {kind: "loading" | "ready" | "failed", detail}.
    this.phases = new Map([ALL, ...CHANNELS].map((name) => [name, signal({ kind: "loading" })]));
    this.phase = computed(() => this.phases.get(this.chosen.value).value);
  }

  /** Ask for the past before `position`: of all, and of the channel that is shown. */
  begin(position) {
    this.position = position;
    for (const one of this.phases.values()) one.value = { kind: "loading" };
    this.load(ALL);
    if (this.chosen.peek() !== ALL) this.load(this.chosen.peek());
  }

  /** Take in what has just happened. In a flood nothing is marked: all of it is new, and hundreds of marks cost a processor. */
  add(events) {
    this.feed.add(events, { fresh: events.length <= MARKED });
    this.announcer.add(events);
  }

  async load(name) {
    const one = this.phases.get(name);
    one.value = { kind: "loading" };
    try {
      const events = await past(name === ALL ? UNION : name, this.position, PAST);
      if (name === ALL) this.feed.add(events, { fresh: false });
      else this.feed.addPast(name, events);
      if (name === this.chosen.peek()) this.hold.catchUp();
      one.value = { kind: "ready" };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      one.value = { kind: "failed", detail: error.status === 0 ? "" : error.message };
    }
  }

  choose(name) {
    this.chosen.value = name;
    if (this.phases.get(name).peek().kind !== "ready" && this.position !== null) this.load(name);
  }
}

/** `events` are SensorEvents. */
export function SensorFeed({ events }) {
  if (!reads(UNION)) return html`<section class="panel"><header><h2>${t("Sensor events")}</h2></header><${Forbidden} who=${t("Viewers, agents and admins may.")} /></section>`;
  const { hold, phase, chosen, announcer, feed } = events;
  return html`<section class="sensor-events" aria-labelledby="sensor-events">
    <header>
      <h2 id="sensor-events">${t("Sensor events")}</h2>
      <p class="note">${t("Sensors, readings, locations, anomalies and predictions, as they happen.")}</p>
    </header>
    ${events.phases.get(ALL).value.kind === "ready" && html`<${Trial} feed=${feed} />`}
    <div class="tools">
      <${Filter} channels=${CHANNELS} chosen=${chosen} onChoose=${(name) => events.choose(name)} />
      <button type="button" class="quiet" onClick=${() => (hold.paused.value = !hold.paused.peek())}>
        ${hold.paused.value ? t("Resume") : t("Pause")}
      </button>
    </div>
    <${List} hold=${hold} phase=${phase} onRetry=${() => events.load(chosen.peek())} />
    <p class="sr-only" aria-live="polite">${announcer.text.value}</p>
  </section>`;
}
