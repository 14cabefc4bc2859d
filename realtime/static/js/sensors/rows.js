// Rows of one kind as the server has them: asked for once, then kept true by events.

import { Load } from "../load.js";
import { ask, reads } from "../place.js";

/** Rows that one answer may hold. */
const PAGE = 1_000;

/** Events that may wait for an answer; where more come, the rows are asked for again. */
const MISSED_LIMIT = 2_000;

/**
 * `load` is a Load of `{rows, count}`: a Map of id → row, and how many the server has. `word` begins the types of the
 * events (`sensor` for `sensor.created`); `query()` narrows what is asked for, `limit` how much of it; rows that do not
 * match `wanted(row)` are not kept.
 */
export class Rows {
  constructor(kind, word, { query = () => ({}), limit = PAGE, wanted = () => true } = {}) {
    Object.assign(this, { kind, word, query, limit, wanted });
    this.missed = null;
    this.fresh = new Set();
    this.load = new Load((signal) => this.ask(signal), () => reads(kind));
  }

  /** Whether the row `id` was made while the page was open; a set of so many as there may be rows. */
  isFresh(id) {
    return this.fresh.has(id);
  }

  /** The Map of rows; empty before there is one. */
  get rows() {
    return this.load.value?.rows ?? NONE;
  }

  async ask(signal) {
    const rows = new Map();
    const query = this.query();
    for (;;) {
      const limit = Math.min(PAGE, this.limit - rows.size);
      const page = await ask(`api/v1/${this.kind}/`, { ...query, limit, id_after: [...rows.keys()].at(-1) ?? (query.ordering ? undefined : 0) }, { signal });
      for (const row of page.results) rows.set(row.id, row);
      if (page.next === null || rows.size >= this.limit) return { rows, count: page.count };
    }
  }

  /** Ask, or ask again. What is told meanwhile is applied to the answer, which may be older. */
  async run() {
    const mine = (this.missed = []);
    await this.load.run();
    if (mine !== this.missed) return;
    this.missed = null;
    if (mine.length > MISSED_LIMIT) this.run();
    else this.apply(mine);
  }

  /** Take in events (canonical) of whatever kind. */
  take(events) {
    const mine = events.filter(({ type }) => type === `${this.word}.created` || type === `${this.word}.updated` || type === `${this.word}.deleted`);
    if (mine.length === 0) return;
    for (const { type, data } of mine) if (type.endsWith(".created")) this.fresh.add(data.id);
    if (this.fresh.size > this.limit) this.fresh.clear();
    if (this.missed !== null && this.missed.length <= MISSED_LIMIT) this.missed.push(...mine);
    this.apply(mine);
  }

  apply(events) {
    if (events.length === 0) return;
    this.load.change(({ rows, count }) => {
      const changed = new Map(rows);
      for (const { type, data } of events) {
        const [had, keep] = [changed.has(data.id), !type.endsWith(".deleted") && this.wanted(data)];
        if (keep) changed.set(data.id, data);
        else changed.delete(data.id);
        count += Number(keep) - Number(had);
      }
      return { rows: this.bounded(changed), count };
    });
  }

  /** A list of the newest lets go of the oldest, any other of what came last. */
  bounded(rows) {
    if (rows.size <= this.limit) return rows;
    const ids = [...rows.keys()].sort((one, other) => one - other);
    const over = ids.length - this.limit;
    for (const id of this.query().ordering === "-id" ? ids.slice(0, over) : ids.slice(-over)) rows.delete(id);
    return rows;
  }

  /** Keep a row that the server answered with, before its event comes. */
  put(row) {
    this.apply([{ type: `${this.word}.updated`, data: row }]);
  }
}

const NONE = new Map();
