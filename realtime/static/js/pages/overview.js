// The start page: how the support desk does, what customers say, who does what, and the sensor system as it happens.

import { effect } from "@preact/signals";
import { Batches } from "../batches.js";
import { Panel } from "../components/panel.js";
import { html } from "../html.js";
import { Audit, latestEntries } from "../overview/audit.js";
import { Cards } from "../overview/cards.js";
import { SensorEvents, SensorFeed, UNION } from "../overview/events.js";
import { Online, WhoIsOnline } from "../overview/online.js";
import { RangePicker } from "../overview/rangepicker.js";
import { latestRatings, Ratings } from "../overview/ratings.js";
import { charts, Report } from "../overview/report.js";
import { Satisfaction } from "../overview/satisfaction.js";
import { openPage } from "../page.js";
import { address, may, reader, reads } from "../place.js";
import { t } from "../words.js";

const report = new Report();
const ratings = latestRatings();
const entries = latestEntries();
const online = new Online();
const sensors = new SensorEvents();

const BY_CHANNEL = new Map([
  ["csat", (events) => ratings.take(events.map(({ data }) => data).filter(({ answered_at: at }) => at), { fresh: true })],
  ["audit", (events) => entries.take(events.map(({ data }) => data), { fresh: true })],
  ["users", () => {}],
]);

const batches = new Batches((events) => {
  for (const [channel, take] of BY_CHANNEL) {
    const own = events.filter((event) => event.channel === channel);
    if (own.length > 0) take(own);
  }
  const rest = events.filter((event) => !BY_CHANNEL.has(event.channel));
  if (rest.length > 0) sensors.add(rest);
});

/** Ask for all that is not in the log of the sensor system. */
function begin() {
  if (!reads("users")) online.bar();
  entries.begin();
  ratings.load.run();
  report.begin();
}

const listen = {
  channels: [UNION, "csat", "audit", "users"],
  onBegin(position) {
    if (reads(UNION)) sensors.begin(position);
    begin();
  },
  onEvent: (event) => batches.add(event),
  onGap({ from, to, over }) {
    batches.flush();
    sensors.feed.addGap(from, to);
    // What lies before the new beginning is not sent: it has to be asked for.
    if (over && reads(UNION)) sensors.begin(to);
  },
  onMissed() {
    batches.flush();
    if (reads("audit")) entries.again();
    ratings.again();
    report.begin();
  },
  onSignal({ type, data }) {
    if (type === "dashboard_metrics") report.hear(data);
    else if (type === "users:list") online.hear(data);
  },
};

function Access() {
  const { access, name, role } = reader.value;
  return html`<p class="access note">
    ${access === "open" ? t("Open server: whoever reaches it is a guest, without signing in.") : t("Closed server: you are %(name)s (%(role)s).", { name, role })}
  </p>`;
}

function Desk() {
  const { load } = report;
  if (load.state.value.kind === "forbidden") return html`<${Panel} title=${t("Support desk")} class="figures" load=${load} who=${t("Viewers, agents and admins may.")} />`;
  if (report.empty.value) {
    return html`<section class="panel desk-empty" aria-labelledby="desk"><header><h2 id="desk">${t("Support desk")}</h2></header>
      <p class="note">${t("There is no conversation yet. With the first one, the figures of the desk appear here: how many are open, how long customers wait, how satisfied they are.")}</p>
      ${reads("chat") && may("write") && html`<p><a href=${address("conversations").href}>${t("Begin the first conversation")}</a></p>`}
    </section>`;
  }
  const value = load.value;
  return html`
    <div class="desk-head"><${RangePicker} /></div>
    <${Panel} title=${t("Support desk")} class="figures" load=${load}>${value && html`<${Cards} report=${value} />`}<//>
    <div class="courses">
      <${Panel} title=${t("Conversations by day")} load=${load} id="by-day">${value && html`<${charts.Conversations} days=${value.days} />`}<//>
      <${Panel} title=${t("How long customers wait")} load=${load} id="times">${value && html`<${charts.Times} report=${value} />`}<//>
      <${Panel} title=${t("How satisfied they are")} load=${load} id="satisfaction">${value && html`<${Satisfaction} distribution=${value.distribution} />`}<//>
    </div>
  `;
}

function Overview() {
  return html`
    <div class="desk">
      <${Access} />
      <${Desk} />
      <div class="lives">
        <${Ratings} latest=${ratings} />
        <${Audit} latest=${entries} />
        <${WhoIsOnline} online=${online} />
      </div>
    </div>
    <${SensorFeed} events=${sensors} />
  `;
}

const connection = openPage({ name: "overview", title: t("Overview"), Main: Overview, listen });

// Signals are not replayed: who was away asks.
let away = false;
effect(() => {
  const { kind } = connection.state.value;
  // Who may listen to nothing is told so in each place.
  if (kind === "barred") begin();
  if (kind === "waiting" || kind === "offline") away = true;
  if (kind !== "live" || !away) return;
  away = false;
  report.begin();
});
