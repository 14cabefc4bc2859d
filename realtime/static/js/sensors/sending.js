// Sends readings to the server, many at a time, until all are there, nothing more can be done, or the reader has enough.

import { Refused, tell } from "../place.js";
import { t } from "../words.js";
import { newKey } from "./key.js";

/** Readings of one request: far below what a body may hold, and soon answered. */
const AT_ONCE = 2_000;

/** Faults that are kept to be shown; further ones are counted. */
export const FAULTS_LIMIT = 200;

const ATTEMPTS = 8;
const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 15_000;

/** One import. `told({stored, refused, faults})` is called after every step. `run` resolves when it is over. */
export class Sending {
  constructor(told) {
    this.told = told;
    this.stored = 0;
    this.refused = 0;
    this.faults = [];
    this.most = AT_ONCE;
    this.unknown = new Set();
    this.stopped = false;
    this.stopping = new Promise((resolve) => (this.wake = resolve));
  }

  /** No further request; what is on its way is still told. */
  stop() {
    this.stopped = true;
    this.wake();
  }

  /** `items` is an async iterable of `{line, reading}` and `{line, error}`. Throws Refused for what stops the whole import. */
  async run(items) {
    let waiting = [];
    for await (const { line, reading, error } of items) {
      if (this.stopped) return;
      if (error !== undefined) this.fault(line, error);
      else if (this.unknown.has(reading.sensor_id)) this.fault(line, noSensor(reading.sensor_id));
      else waiting.push({ line, reading });
      if (waiting.length < this.most) continue;
      await this.send(waiting);
      waiting = [];
    }
    await this.send(waiting);
  }

  fault(line, sentence) {
    this.refused += 1;
    if (this.faults.length < FAULTS_LIMIT) this.faults.push({ line, sentence });
  }

  /** Store these. One bad line makes the server refuse all of them: it names it, and the others go again without it. */
  async send(items) {
    let left = items;
    while (left.length > 0 && !this.stopped) {
      try {
        await this.attempt(left);
        this.stored += left.length;
        left = [];
      } catch (error) {
        if (error.status === 413 && left.length > 1) {
          this.most = Math.max(1, Math.floor(left.length / 2));
          await this.send(left.slice(0, this.most));
          left = left.slice(this.most);
        } else if (error.status === 400 && error.errors.size > 0) left = this.without(left, error.errors);
        else throw error;
      }
      this.tell();
    }
  }

  tell() {
    this.told({ stored: this.stored, refused: this.refused, faults: [...this.faults] });
  }

  /** What is left when the lines are taken out that the server named, and all others of sensors that it does not know. */
  without(items, errors) {
    for (const [nth, said] of errors) {
      if (!Array.isArray(said) && said.sensor_id !== undefined) this.unknown.add(items[Number(nth) - 1]?.reading.sensor_id);
    }
    return items.filter(({ line, reading }, index) => {
      const said = errors.get(String(index + 1));
      if (this.unknown.has(reading.sensor_id)) this.fault(line, noSensor(reading.sensor_id));
      else if (said !== undefined) this.fault(line, sentenceOf(said));
      else return true;
      return false;
    });
  }

  /** One request, again and again while the server is away or busy; the same key makes it one all the same. */
  async attempt(items) {
    const body = items.map(({ reading }) => reading);
    const key = newKey();
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await tell("POST", "api/v1/readings/", body, { key });
      } catch (error) {
        const passing = error instanceof Refused && (error.status === 0 || [408, 409, 429, 503].includes(error.status));
        if (!passing || attempt === ATTEMPTS || this.stopped) throw error;
        const delay = Math.max(error.retryAfter, Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** attempt));
        await Promise.race([this.stopping, new Promise((resolve) => setTimeout(resolve, delay))]);
      }
    }
  }
}

function noSensor(id) {
  return t("There is no sensor “%(text)s”.", { text: id });
}

function sentenceOf(said) {
  if (Array.isArray(said)) return said.join(" ");
  return Object.entries(said).map(([name, sentences]) => `${name}: ${sentences.join(" ")}`).join(" ");
}
