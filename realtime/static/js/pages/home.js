// The start page: the sensor system as it happens.

import { computed, signal } from "@preact/signals";
import { Announcer } from "../announcer.js";
import { Filter } from "../components/filter.js";
import { List } from "../components/list.js";
import { Trial } from "../components/trial.js";
import { ALL, Feed } from "../feed.js";
import { Hold } from "../hold.js";
import { html } from "../html.js";
import { openPage } from "../page.js";
import { past } from "../past.js";
import { address, reader, Refused } from "../place.js";
import { t } from "../words.js";

const CHANNELS = ["sensors", "readings", "locations", "anomalies", "predictions"];
const UNION = "general";
const PAST = 50;

/** Events that may wait for the next drawing; older ones would not be shown anyway. */
const WAITING_LIMIT = 1_000;
const DRAW_EVERY = 100;

const feed = new Feed(CHANNELS);
const chosen = signal(ALL);
const hold = new Hold(computed(() => feed.list(chosen.value)));
const announcer = new Announcer();

// Of each list: {kind: "loading" | "ready" | "failed", detail}.
const phases = new Map([ALL, ...CHANNELS].map((name) => [name, signal({ kind: "loading" })]));
const phase = computed(() => phases.get(chosen.value).value);

let waiting = [];
let drawing = null;

const listen = {
  channels: [UNION],
  onBegin: loadPasts,
  onEvent(event) {
    waiting.push(event);
    if (waiting.length > WAITING_LIMIT) waiting = waiting.slice(-WAITING_LIMIT / 2);
    drawing ??= setTimeout(draw, DRAW_EVERY);
  },
  onGap({ from, to, over }) {
    draw();
    feed.addGap(from, to);
    if (over) {
      // What lies before the new beginning is not sent: it has to be asked for.
      for (const one of phases.values()) one.value = { kind: "loading" };
      loadPasts();
    }
  },
};

function draw() {
  clearTimeout(drawing);
  drawing = null;
  if (waiting.length === 0) return;
  const events = waiting;
  waiting = [];
  feed.add(events, { fresh: true });
  announcer.add(events);
}

function loadPasts() {
  loadPast(ALL);
  if (chosen.peek() !== ALL) loadPast(chosen.peek());
}

async function loadPast(name) {
  const one = phases.get(name);
  one.value = { kind: "loading" };
  try {
    const events = await past(name === ALL ? UNION : name, connection.position, PAST);
    if (name === ALL) feed.add(events, { fresh: false });
    else feed.addPast(name, events);
    if (name === chosen.peek()) hold.catchUp();
    one.value = { kind: "ready" };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    one.value = { kind: "failed", detail: error.status === 0 ? "" : error.message };
  }
}

function choose(name) {
  chosen.value = name;
  if (phases.get(name).peek().kind !== "ready" && connection.position !== null) loadPast(name);
}

function Access() {
  const { access, name, role } = reader.value;
  if (access === "open") return html`<p class="access">${t("Open server: whoever reaches it is a guest, without signing in.")}</p>`;
  return html`<p class="access">
    ${t("Closed server: you are %(name)s (%(role)s).", { name, role })} <a href=${address("logout").href}>${t("Sign out")}</a>
  </p>`;
}

function Home() {
  const begun = phases.get(ALL).value.kind === "ready";
  return html`
      <div class="heading">
        <p>${t("Sensors, readings, locations, anomalies and predictions, as they happen.")}</p>
        <${Access} />
      </div>
      ${begun && html`<${Trial} feed=${feed} />`}
      <div class="tools">
        <${Filter} channels=${CHANNELS} chosen=${chosen} onChoose=${choose} />
        <button type="button" class="quiet" onClick=${() => (hold.paused.value = !hold.paused.peek())}>
          ${hold.paused.value ? t("Resume") : t("Pause")}
        </button>
      </div>
      <${List} hold=${hold} phase=${phase} onRetry=${() => loadPast(chosen.peek())} />
      <p class="sr-only" aria-live="polite">${announcer.text.value}</p>
  `;
}

const connection = openPage({ name: "overview", title: t("Live events"), Main: Home, listen });
