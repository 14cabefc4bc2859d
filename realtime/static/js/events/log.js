// What the console shows of the log: the newest events that are chosen, or a replay from somewhere on; then what happens.

import { computed, signal } from "@preact/signals";
import { ALL, Feed } from "../feed.js";
import { Hold } from "../hold.js";
import { past } from "../past.js";
import { ask, Refused } from "../place.js";
import { parse } from "../position.js";
import { summary } from "../summary.js";

/** Events that are kept and shown; a replay stops there, and goes on when it is asked to. */
export const LIMIT = 2_000;

const PAST = 200;
const PAGE = 1_000;

/** Events that may wait for the next drawing; older ones would not be shown anyway. */
const WAITING_LIMIT = LIMIT;
const DRAW_EVERY = 100;

/** Characters of an event's data that are kept; what is longer is asked for when the event is opened. */
const DATA_LIMIT = 8_192;

/** What `general` stands for. */
const SENSORS = ["general", "sensors", "readings", "locations", "anomalies", "predictions"];

/** Everything, and the newest of it. */
export const FIRST = { channels: [], type: "", since: "" };

/**
 * `choice` is a signal of `{channels, type, since}`: no channel means all, no `type` any, no `since` the newest.
 * `phase` is a signal of `{kind: "loading" | "ready" | "failed" | "full", detail, next, left}`: `full` is a replay that
 * has reached LIMIT, and has `left` numbers of the log to go from the position `next` on. `refused` is a signal of what
 * is wrong with `since`, "" for nothing. `hold` says what is to be shown. `onDrawn(events)` is told what came live.
 */
export class Log {
  constructor({ onDrawn }) {
    this.onDrawn = onDrawn;
    this.choice = signal(FIRST);
    this.feed = signal(new Feed([], LIMIT));
    this.hold = new Hold(computed(() => this.feed.value.list(ALL)));
    this.phase = signal({ kind: "loading" });
    this.refused = signal("");
    this.position = null;
    this.listening = false;
    this.turn = null;
    this.waiting = [];
    this.drawing = null;
  }

  // -- what is chosen -------------------------------------------------------------------

  /** Show something else. A `since` that cannot be is refused, and what was shown stays. */
  choose(changes) {
    const wanted = { ...this.choice.peek(), ...changes };
    return wanted.since === "" ? this.latest(wanted) : this.replay(wanted);
  }

  /** Once more, as it is chosen. */
  again() {
    return this.choose({});
  }

  /** Go on with a replay that has reached the limit: what was shown makes room. */
  goOn() {
    return this.choose({ since: this.phase.peek().next });
  }

  async latest(wanted) {
    const turn = this.begin(wanted);
    // What happens meanwhile is shown as it comes; the past is added below it.
    this.listening = true;
    if (this.position === null) return;
    await this.guarded(turn, async () => {
      const events = await past(names(wanted), this.position, PAST, wanted.type || undefined);
      if (turn !== this.turn) return;
      this.feed.peek().add(events.map(lean), { fresh: false });
      this.finish();
    });
  }

  async replay(wanted) {
    const turn = (this.turn = {});
    await this.guarded(turn, async () => {
      let { page, gap } = await this.first(wanted, turn);
      if (turn !== this.turn || page === null) return;
      this.begin(wanted, turn);
      if (gap !== null) this.feed.peek().addGap(gap, { epoch: page.epoch, seq: page.oldest - 1 });
      for (;;) {
        this.take(page);
        const next = parse(page.next);
        if (this.feed.peek().list(ALL).peek().length >= LIMIT && page.more) return this.stop(page, next);
        // Everything that was told live up to now lies before `next`, so from here on nothing is missed.
        if (!page.more && this.isPast(next)) break;
        page = await ask("api/v1/events", { ...query(wanted), since: page.next });
        if (turn !== this.turn) return;
      }
      this.listening = true;
      this.finish();
    });
  }

  /** The first page after `since`; with the `gap` it begins with where that was trimmed. Null for what cannot be. */
  async first(wanted, turn) {
    try {
      return { page: await ask("api/v1/events", { ...query(wanted), since: wanted.since }), gap: null };
    } catch (error) {
      if (!(error instanceof Refused) || (error.code !== "bad_position" && error.code !== "trimmed")) throw error;
      const page = error.code === "trimmed" ? await ask("api/v1/events", query(wanted)) : null;
      const given = page && positionOf(wanted.since, page.epoch);
      if (page === null || (given.epoch === page.epoch && given.seq > page.tip)) {
        if (turn === this.turn) this.refused.value = error.message;
        return { page: null, gap: null };
      }
      return { page, gap: given };
    }
  }

  begin(wanted, turn = {}) {
    this.turn = turn;
    this.listening = false;
    this.waiting = [];
    this.refused.value = "";
    this.choice.value = wanted;
    this.hold.paused.value = false;
    this.feed.value = new Feed([], LIMIT);
    this.phase.value = { kind: "loading" };
    return turn;
  }

  take(page) {
    const feed = this.feed.peek();
    feed.add(page.results.map((event) => lean({ ...event, epoch: page.epoch })), { fresh: false });
    for (const seq of page.damaged ?? []) feed.addGap({ epoch: page.epoch, seq: seq - 1 }, { epoch: page.epoch, seq });
    this.hold.catchUp();
  }

  stop(page, next) {
    this.phase.value = { kind: "full", next: page.next, left: Math.max(0, page.tip - next.seq) };
  }

  finish() {
    this.phase.value = { kind: "ready" };
    this.hold.catchUp();
  }

  async guarded(turn, work) {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (turn === this.turn) this.phase.value = { kind: "failed", detail: error.status === 0 ? "" : error.message };
    }
  }

  isPast(next) {
    return this.position === null || next.epoch !== this.position.epoch || next.seq >= this.position.seq;
  }

  // -- what happens -----------------------------------------------------------------------

  /** The connection begins at `position`. */
  start(position) {
    this.position = position;
    this.again();
  }

  /** Something has happened. */
  hear(event) {
    this.position = { epoch: event.epoch, seq: event.seq };
    if (!this.listening || !matches(this.choice.peek(), event)) return;
    this.waiting.push(lean(event));
    if (this.waiting.length > 2 * WAITING_LIMIT) this.waiting = this.waiting.slice(-WAITING_LIMIT);
    this.drawing ??= setTimeout(() => this.draw(), DRAW_EVERY);
  }

  /** What lies between `from` and `to` is not told; `over`: and what follows is another history, or far ahead. */
  gap({ from, to, over }) {
    this.draw();
    this.position = to;
    if (!this.listening) return;
    this.feed.peek().addGap(from, to);
    if (over) this.refill(to);
  }

  /** What lies before the new beginning is not sent: it has to be asked for. */
  async refill(position) {
    const [turn, wanted] = [this.turn, this.choice.peek()];
    await this.guarded(turn, async () => {
      const events = await past(names(wanted), position, PAST, wanted.type || undefined);
      if (turn === this.turn) this.feed.peek().add(events.map(lean), { fresh: false });
    });
  }

  draw() {
    clearTimeout(this.drawing);
    this.drawing = null;
    const events = this.waiting;
    this.waiting = [];
    if (events.length === 0) return;
    this.feed.peek().add(events, { fresh: true });
    this.onDrawn(events);
  }
}

/** The event; where its data is long, what a row tells of it instead. */
function lean(event) {
  return (JSON.stringify(event.data) ?? "").length <= DATA_LIMIT ? event : { ...event, data: null, told: summary(event) };
}

/** Whether the choice has the event in it. */
export function matches({ channels, type }, event) {
  if (type !== "" && event.type !== type) return false;
  if (channels.length === 0 || channels.includes(event.channel)) return true;
  return channels.includes("general") && SENSORS.includes(event.channel);
}

function names({ channels }) {
  return channels.length > 0 ? channels.join(",") : undefined;
}

function query(wanted) {
  return { channel: names(wanted), type: wanted.type || undefined, limit: PAGE };
}

/** The position that `since` names; of an age or a time, the beginning of this history. */
function positionOf(since, epoch) {
  if (/^\d+$/.test(since)) return { epoch, seq: Number(since) };
  return /^\w+:\d+$/.test(since) ? parse(since) : { epoch, seq: 0 };
}
