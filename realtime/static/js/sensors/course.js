// The course of one sensor's readings over a time: a downsampled series from the server, and what comes after it.

import { batch, computed, signal } from "@preact/signals";
import { Load } from "../load.js";
import { ask, reads } from "../place.js";
import { Rows } from "./rows.js";
import { inserted } from "./standings.js";

const HOUR = 3_600_000;

/** The ranges that end now, in milliseconds. */
export const SPANS = new Map([["1h", HOUR], ["24h", 24 * HOUR], ["7d", 7 * 24 * HOUR], ["30d", 30 * 24 * HOUR]]);

/** Points that a series is asked for, and how many there may be with what came since, before it is asked for again. */
const POINTS = 600;
const MOST = 2 * POINTS;

/** Readings that may wait for a series; where more come, it is asked for again. */
const MISSED_LIMIT = 2_000;

/** Anomalies and predictions that are listed. */
export const MARKS_LIMIT = 200;

/** Milliseconds below which looking closer would show nothing more. */
const LEAST = 1_000;

const CLOCK = 5_000;

/** A course of hundreds of points looks the same a moment later; drawing it is the dearest thing on the page. */
const DRAW_EVERY = 250;

/** The span that was chosen last: the next sensor begins with it. */
let span = "24h";

/** One sensor's. `range` is `{kind}` of SPANS, or `{kind: "own", since, until}` (milliseconds); `zoom` a stretch of it, or null. */
export class Course {
  constructor(id) {
    this.id = id;
    this.range = signal({ kind: span });
    this.zoom = signal(null);
    this.now = signal(Date.now());
    this.missed = null;
    this.waiting = [];
    this.drawing = null;
    this.series = new Load((stop) => this.ask(stop), () => reads("readings"));
    const marks = { query: () => ({ sensor_id: id, ordering: "-id", ...this.times() }), limit: MARKS_LIMIT, wanted: (row) => row.sensor_id === id && this.covers(Date.parse(row.created_at)) };
    this.anomalies = new Rows("anomalies", "anomaly", marks);
    this.predictions = new Rows("predictions", "prediction", marks);
    this.recent = new Rows("readings", "reading", { query: () => ({ sensor_id: id, ordering: "-id" }), limit: 20, wanted: (row) => row.sensor_id === id });

    /** What the chart's axis shows: [from, to]. */
    this.axis = computed(() => {
      if (this.zoom.value) return [this.zoom.value.since, this.zoom.value.until];
      const { since, until } = this.range.value;
      if (this.range.value.kind === "own") return [since, until];
      const last = this.series.value?.points.at(-1)?.[0] ?? 0;
      const end = Math.max(this.now.value, last);
      return [end - SPANS.get(this.range.value.kind), end];
    });
  }

  start() {
    this.timer = setInterval(() => document.hidden || (this.now.value = Date.now()), CLOCK);
    this.again();
  }

  stop() {
    clearInterval(this.timer);
    clearTimeout(this.drawing);
  }

  /** Everything anew: what was heard is not to be trusted any more. */
  again() {
    this.run();
    for (const rows of [this.anomalies, this.predictions, this.recent]) rows.run();
  }

  /** Show another time. */
  show(range) {
    if (SPANS.has(range.kind)) span = range.kind;
    batch(() => {
      this.range.value = range;
      this.zoom.value = null;
      this.now.value = Date.now();
    });
    this.run();
    this.anomalies.run();
    this.predictions.run();
  }

  /** Look at a stretch (null: at all of it again). */
  look(stretch) {
    this.zoom.value = stretch && atLeast(stretch);
    this.run();
  }

  /** The whole range as the query of a list has it; one that ends now has no end. */
  times() {
    const { kind, since, until } = this.range.peek();
    if (kind === "own") return { since: iso(since), until: iso(until) };
    return { since: iso(Date.now() - SPANS.get(kind)) };
  }

  covers(at) {
    const { kind, since, until } = this.range.peek();
    return kind === "own" ? at >= since && at < until : at >= Date.now() - SPANS.get(kind);
  }

  ask(stop) {
    const zoom = this.zoom.peek();
    const times = zoom ? { since: iso(zoom.since), until: iso(zoom.until) } : this.times();
    return ask("api/v1/readings/series", { sensor_id: this.id, points: POINTS, ...times }, { signal: stop });
  }

  async run() {
    const mine = (this.missed = []);
    await this.series.run();
    if (mine !== this.missed) return;
    this.missed = null;
    if (mine.length > MISSED_LIMIT) this.run();
    else this.add(mine);
  }

  /** Take in events (canonical) of whatever kind. */
  take(events) {
    for (const rows of [this.anomalies, this.predictions, this.recent]) rows.take(events);
    const mine = events.filter(({ type, data }) => type === "reading.created" && data.sensor_id === this.id).map(({ data }) => [Date.parse(data.timestamp), data.valor]);
    if (mine.length > 0) {
      if (this.missed !== null && this.missed.length <= MISSED_LIMIT) this.missed.push(...mine);
      this.waiting.push(...mine);
      this.drawing ??= setTimeout(() => this.draw(), DRAW_EVERY);
    }
    // A point that was changed or taken away cannot be told apart in a thinned course.
    if (events.some((event) => changesPast(event, this.id))) {
      this.run();
      if (events.some(({ type }) => type === "system.warning")) this.recent.run();
    }
  }

  draw() {
    this.drawing = null;
    const readings = this.waiting;
    this.waiting = [];
    this.add(readings);
  }

  add(readings) {
    if (readings.length === 0) return;
    batch(() => {
      this.now.value = Date.now();
      const [from, to] = this.axis.peek();
      const open = this.zoom.peek() === null && this.range.peek().kind !== "own";
      const fitting = readings.filter(([at]) => at >= from && (open || at <= to));
      if (fitting.length === 0) return;
      this.series.change(({ points, count, ...rest }) => {
        let grown = points;
        let added = 0;
        for (const point of fitting) {
          // What the answer shows already is counted in it too.
          if (known(grown, point)) continue;
          grown = inserted(grown, point);
          added += 1;
        }
        const left = open ? grown.filter(([at]) => at >= from) : grown;
        // As long as every reading is a point, those that have left the range can be taken from the count.
        return { ...rest, points: left, count: count === points.length ? left.length : count + added };
      });
    });
    if ((this.series.state.peek().value?.points.length ?? 0) > MOST && this.missed === null) this.run();
  }
}

/** An answer may hold what is told after it; the same value at the same time is the same point. */
function known(points, [at, value]) {
  for (let place = points.length - 1; place >= 0 && points[place][0] >= at; place -= 1) {
    if (points[place][0] === at && points[place][1] === value) return true;
  }
  return false;
}

function changesPast({ type, data }, id) {
  if (type === "system.warning") return data?.data?.reading?.sensor_id === id;
  return type === "reading.updated" && data.sensor_id === id;
}

function atLeast({ since, until }) {
  const missing = Math.max(0, LEAST - (until - since)) / 2;
  return { since: since - missing, until: until + missing };
}

function iso(at) {
  return new Date(Math.max(0, Math.round(at))).toISOString();
}
