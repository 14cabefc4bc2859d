// The page of the sensors: all of them as cards, the chosen one with its course, and where they are.

import { batch, computed, effect, signal, untracked } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../html.js";
import { openPage } from "../page.js";
import { t } from "../words.js";
import { Course } from "../sensors/course.js";
import { SensorList } from "../sensors/list.js";
import { Locations } from "../sensors/locations.js";
import { chosen, locations, sensors, standings } from "../sensors/state.js";

const DRAW_EVERY = 100;

/** Events that may wait for the next drawing; where more come, everything is asked for again instead. */
const WAITING_LIMIT = 5_000;

const course = computed(() => (chosen.value === null ? null : new Course(chosen.value)));

// The chart and what stands around it are loaded with the first sensor that is chosen.
const part = signal({ kind: "loading" });

let waiting = [];
let drawing = null;

function hear(event) {
  if (waiting.length <= WAITING_LIMIT) waiting.push(event);
  drawing ??= setTimeout(draw, DRAW_EVERY);
}

function draw() {
  clearTimeout(drawing);
  drawing = null;
  const events = waiting;
  waiting = [];
  if (events.length > WAITING_LIMIT) reload();
  else batch(() => [sensors, locations, standings, course.peek()].forEach((part) => part?.take(events)));
}

function reload() {
  sensors.run();
  locations.run();
  standings.again();
  course.peek()?.again();
}

async function loadPart() {
  if (part.peek().kind === "ready") return;
  part.value = { kind: "loading" };
  part.value = await import("../sensors/detail.js").then(
    ({ Detail }) => ({ kind: "ready", Detail }),
    () => ({ kind: "failed" }),
  );
}

function Chosen({ course }) {
  const { kind, Detail } = part.value;
  useEffect(() => void loadPart(), []);
  if (kind === "ready") return html`<${Detail} key=${course.id} course=${course} />`;
  return html`<section class="detail panel note" role="status">
    <p>${kind === "failed" ? t("This could not be loaded.") : t("Loading …")}</p>
    ${kind === "failed" && html`<button type="button" class="quiet" onClick=${loadPart}>${t("Try again")}</button>`}
  </section>`;
}

function Main() {
  return html`<div class="sensors-page" data-chosen=${course.value !== null}>
    ${course.value && html`<${Chosen} course=${course.value} />`}
    <${SensorList} />
    <${Locations} />
  </div>`;
}

const connection = openPage({
  name: "sensors",
  title: t("Sensors"),
  Main,
  listen: {
    channels: ["sensors", "readings", "locations", "anomalies", "predictions"],
    onBegin: reload,
    onEvent: hear,
    onMissed() {
      waiting = [];
      reload();
    },
  },
});

// Where there is nothing to listen to, there is no beginning either; each panel then says what the reader may not see.
effect(() => {
  if (connection.state.value.kind === "barred") untracked(reload);
});
