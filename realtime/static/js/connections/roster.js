// The roster as it is now: one page of it, asked for again and again while somebody looks. Connects and
// disconnects are rows and no events, so asking is the only way to know.

import { signal } from "@preact/signals";
import { ask, Refused } from "../place.js";

/** Connections on one page. */
export const PAGE = 100;

const EVERY = 2_000;
const SLOWEST = 30_000;

/** An answer that takes long says that the server has other things to do: it gets this many times as long in peace. */
const PEACE = 4;

/** Between two looks for which there was a reason. */
const SOON = 500;

const FRESH_FOR = 6_000;

/** What is shown at first: who is connected. */
export const FIRST = { user: "", status: "Ativa", dialect: "", channel: "" };

/**
 * `state` is a signal of `{kind: "loading" | "ready" | "failed" | "forbidden", value, detail}` with `value` `{count, rows}`,
 * which stays while newer rows are asked for, and when they cannot be had; then `trouble` is a signal of why, else
 * null. `refused` is a signal of what the server says of the filters: name → sentences. `at` is a signal of when the rows were true, `fresh` holds the ids of those that have just come.
 */
export class Roster {
  constructor() {
    this.state = signal({ kind: "loading" });
    this.filters = signal(FIRST);
    this.offset = signal(0);
    this.at = signal(null);
    this.trouble = signal(null);
    this.refused = signal(new Map());
    this.fresh = new Map();
    this.newest = null;
    this.failures = 0;
    this.asking = false;
    this.asked = 0;
    this.again = false;
    this.timer = null;
  }

  /** Ask from now on, for as long as the page is in sight. */
  start() {
    document.addEventListener("visibilitychange", () => document.hidden || this.run());
    this.run();
  }

  /** Show what `changes` to the filters select, from its beginning. */
  narrow(changes) {
    this.filters.value = { ...this.filters.peek(), ...changes };
    this.turn(0);
  }

  /** Show the page that begins after `offset` rows. */
  turn(offset) {
    this.offset.value = offset;
    this.newest = null;
    this.run();
  }

  /** Something has happened to connections: look, though not more than twice a second. */
  soon() {
    if (this.asking || document.hidden || performance.now() - this.asked < SOON) return;
    this.run();
  }

  /** Ask now; while an answer is under way, right after it. */
  async run() {
    clearTimeout(this.timer);
    this.again = this.asking;
    if (this.asking) return;
    this.asking = true;
    const [wanted, began] = [this.query(), performance.now()];
    this.asked = began;
    let pause;
    try {
      const page = await ask("api/v1/websockets/", wanted);
      // What was asked for meanwhile is something else: this is no answer to it.
      if (same(wanted, this.query())) this.take(page);
      pause = Math.max(EVERY, PEACE * (performance.now() - began));
    } catch (error) {
      pause = this.fail(error);
    }
    this.asking = false;
    this.plan(pause);
  }

  query() {
    const given = Object.entries(this.filters.peek()).filter(([, value]) => value !== "");
    return { ...Object.fromEntries(given), ordering: "-id", limit: PAGE, offset: this.offset.peek() };
  }

  take({ count, results: rows }) {
    if (rows.length === 0 && this.offset.peek() > 0) {
      // The page has emptied while it was shown.
      this.offset.value = Math.max(0, Math.floor((count - 1) / PAGE) * PAGE);
      this.again = true;
      return;
    }
    this.mark(rows);
    this.failures = 0;
    this.trouble.value = null;
    this.refused.value = new Map();
    this.at.value = new Date();
    this.state.value = { kind: "ready", value: { count, rows } };
  }

  /** Rows with an id that is higher than any before have come since. */
  mark(rows) {
    const now = performance.now();
    for (const [id, until] of this.fresh) if (until < now) this.fresh.delete(id);
    const highest = rows.reduce((most, { id }) => Math.max(most, id), 0);
    if (this.newest !== null) {
      for (const { id } of rows) if (id > this.newest) this.fresh.set(id, now + FRESH_FOR);
    }
    this.newest = Math.max(this.newest ?? 0, highest);
  }

  /** Keep what is shown, where there is something; the pause until the next time. */
  fail(error) {
    if (!(error instanceof Refused)) throw error;
    const { status, message, errors, retryAfter } = error;
    this.failures += 1;
    this.trouble.value = status === 0 ? "" : message;
    this.refused.value = errors;
    if (status === 403) this.state.value = { kind: "forbidden", detail: message };
    else if (status === 400) this.state.value = { kind: "ready", value: { count: 0, rows: [] } };
    else if (this.state.peek().value === undefined) this.state.value = { kind: "failed", detail: this.trouble.value };
    return Math.max(retryAfter, EVERY * 2 ** this.failures);
  }

  plan(pause) {
    if (this.again) this.run();
    else if (!document.hidden) this.timer = setTimeout(() => this.run(), Math.min(pause, SLOWEST));
  }
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
