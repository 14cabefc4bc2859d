// The page of events: a console over the log.

import { computed, effect, signal } from "@preact/signals";
import { Announcer } from "../announcer.js";
import { openDialog } from "../components/dialog.js";
import { Panel } from "../components/panel.js";
import { Channels } from "../events/channels.js";
import { Details } from "../events/details.js";
import { Filters } from "../events/filters.js";
import { List } from "../events/list.js";
import { Log } from "../events/log.js";
import { Programs } from "../events/programs.js";
import { Publish, TestEvent } from "../events/publish.js";
import { html } from "../html.js";
import { openPage } from "../page.js";
import { number, t } from "../words.js";

const announcer = new Announcer();
const channels = new Channels();
const epoch = signal(null);

const log = new Log({
  onDrawn(events) {
    channels.heard(events);
    announcer.add(events);
  },
});

const details = ({ event }) => openDialog(Details, { title: t("Event %(seq)s", { seq: number(event.seq) }), event, epoch });

function Main({ connection }) {
  const barred = computed(() => (connection.state.value.kind === "barred" ? { kind: "forbidden" } : { kind: "ready", value: true }));
  return html`
    <${Panel} title=${t("Log")} id="log" load=${{ state: barred }} who=${t("Viewers, agents and admins may.")} tools=${barred.value.kind === "ready" && html`<${Pause} />`}>
      <${Filters} log=${log} channels=${channels} />
      <${List} log=${log} onOpen=${details} />
      <p class="sr-only" aria-live="polite">${announcer.text}</p>
    <//>
    <div class="beside">
      <div><${Programs} log=${log} /><${TestEvent} /></div>
      <${Publish} channels=${channels} />
    </div>
  `;
}

function Pause() {
  const { paused } = log.hold;
  return html`<button type="button" class="quiet" onClick=${() => (paused.value = !paused.peek())}>${paused.value ? t("Resume") : t("Pause")}</button>`;
}

const connection = openPage({
  name: "events",
  title: t("Events"),
  Main,
  listen: {
    door: "api/v1/ws/secure",
    channels: ["*"],
    onBegin(position) {
      epoch.value = position.epoch;
      log.start(position);
    },
    onEvent: (event) => log.hear(event),
    onGap(gap) {
      epoch.value = gap.to.epoch;
      log.gap(gap);
    },
  },
});

effect(() => {
  if (connection.state.value.kind === "live") channels.load();
});
