// How sensors stand: last reading, a short trend, last anomaly. Asked for those that are in sight, many at once.

import { batch, signal } from "@preact/signals";
import { ask, Refused } from "../place.js";

/** Sensors of one request, and points of a trend: what the server takes. */
const AT_ONCE = 100;
const POINTS = 24;

const GATHER = 30;
const AGAIN_AFTER = 3_000;

/** What happened while an answer was awaited, for one sensor. */
const MISSED_LIMIT = 100;

export class Standings {
  constructor() {
    this.entries = new Map();
    this.wanted = new Set();
    this.sight = [];
    this.timer = null;
  }

  /** A signal of `{reading, anomaly, points}` of a sensor; null until it is known. */
  of(id) {
    return this.entry(id).state;
  }

  entry(id) {
    let found = this.entries.get(id);
    if (found === undefined) this.entries.set(id, (found = { state: signal(null), asked: false, missed: null }));
    return found;
  }

  /** These sensors are in sight now. */
  see(ids) {
    this.sight = ids;
    this.want(ids);
  }

  want(ids) {
    for (const id of ids) if (!this.entry(id).asked) this.wanted.add(id);
    this.soon(GATHER);
  }

  /** What is known is to be asked for anew: of one sensor, or of all, those in sight first. */
  again(id) {
    const ids = id === undefined ? this.entries.keys() : [id];
    for (const each of ids) this.entry(each).asked = false;
    this.want(id === undefined ? this.sight : [id]);
  }

  soon(delay) {
    if (this.wanted.size > 0) this.timer ??= setTimeout(() => this.ask(), delay);
  }

  async ask() {
    const ids = [...this.wanted].slice(0, AT_ONCE);
    for (const id of ids) {
      this.wanted.delete(id);
      Object.assign(this.entry(id), { asked: true, missed: [] });
    }
    let delay = 0;
    try {
      const { results } = await ask("api/v1/sensors/latest", { sensor_id: ids.join(","), points: POINTS });
      this.answered(results);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      for (const id of ids) this.entry(id).asked = false;
      // Who may not look asks no more; who could not be answered asks again.
      if (error.status === 0 || error.status >= 429) {
        for (const id of ids) this.wanted.add(id);
        delay = Math.max(AGAIN_AFTER, error.retryAfter);
      }
    }
    this.timer = null;
    this.soon(delay);
  }

  answered(results) {
    batch(() => {
      for (const { sensor_id: id, ...found } of results) {
        const entry = this.entry(id);
        entry.state.value = found;
        for (const event of entry.missed ?? []) this.apply(entry, event);
        entry.missed = null;
      }
    });
  }

  /** Take in events (canonical) of whatever kind. */
  take(events) {
    for (const event of events) {
      const id = sensorOf(event);
      const entry = this.entries.get(id);
      if (entry === undefined || !entry.asked) continue;
      if (event.type !== "reading.created" && !event.type.startsWith("anomaly.")) this.again(id);
      else if (entry.missed !== null && entry.missed.length < MISSED_LIMIT) entry.missed.push(event);
      this.apply(entry, event);
    }
  }

  apply(entry, { type, data }) {
    const now = entry.state.peek();
    if (now === null) return;
    if (type === "reading.created") entry.state.value = withReading(now, data);
    else if (type === "anomaly.created" || (type === "anomaly.updated" && now.anomaly?.id === data.id)) entry.state.value = { ...now, anomaly: data };
    else if (type === "anomaly.deleted" && now.anomaly?.id === data.id) this.again(data.sensor_id);
  }
}

/** The id of the sensor whose standing an event changes. */
function sensorOf({ type, data }) {
  if (type === "system.warning") return data?.data?.reading?.sensor_id;
  return /^(reading|anomaly)\./.test(type) ? data.sensor_id : undefined;
}

function withReading({ reading, points, anomaly }, row) {
  const at = Date.parse(row.timestamp);
  const newest = reading === null || at >= Date.parse(reading.timestamp);
  return { reading: newest ? row : reading, points: inserted(points, [at, row.valor]).slice(-POINTS), anomaly };
}

/** `points` with one more, by time. */
export function inserted(points, point) {
  let place = points.length;
  while (place > 0 && points[place - 1][0] > point[0]) place -= 1;
  return [...points.slice(0, place), point, ...points.slice(place)];
}
