// The page of the sensors: all of them as cards, the chosen one with its course, and where they are.

import { batch, computed, effect, untracked } from "@preact/signals";
import { part } from "../components/part.js";
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
const Detail = part(() => import("../sensors/detail.js"), "Detail", { class: "detail panel" });

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
  else batch(() => [sensors, locations, standings, course.peek()].forEach((one) => one?.take(events)));
}

function reload() {
  sensors.run();
  locations.run();
  standings.again();
  course.peek()?.again();
}

function Main() {
  return html`<div class="sensors-page" data-chosen=${course.value !== null}>
    ${course.value && html`<${Detail} key=${course.value.id} course=${course.value} />`}
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
