// The newest rows of a list that the server keeps: asked for once by REST, then kept fresh by events.

import { computed, signal } from "@preact/signals";
import { newestFirst } from "./feed.js";
import { Hold } from "./hold.js";
import { Load } from "./load.js";

/** Rows that are kept. */
const LIMIT = 50;

/**
 * `ask(signal)` resolves to rows; `rank(row)` is a number that grows with newness. A row with the `id` of one that is
 * there replaces it. `list` is a signal of entries `{key, rank, row, fresh}`, newest first; `hold` holds them while
 * somebody reads; `load` says how the asking stands.
 */
export class Latest {
  constructor({ ask, rank, allowed, limit = LIMIT }) {
    this.rank = rank;
    this.limit = limit;
    this.list = signal([]);
    this.hold = new Hold(computed(() => this.list));
    this.load = new Load(async (given) => {
      this.take(await ask(given), { fresh: false });
      return true;
    }, allowed);
  }

  /** Forget what is there, and ask anew: after a gap, or in another history, it may be another list. */
  again() {
    this.list.value = [];
    this.load.run();
  }

  /** Take rows in, in whatever order; older news of a row changes nothing. */
  take(rows, { fresh }) {
    const known = new Map(this.list.peek().map((entry) => [entry.key, entry]));
    for (const row of rows) {
      const [key, rank] = [String(row.id), [0, this.rank(row)]];
      const old = known.get(key);
      if (old === undefined || newestFirst({ rank }, old) < 0 || fresh) known.set(key, { key, rank, row, fresh });
    }
    this.list.value = [...known.values()].sort(newestFirst).slice(0, this.limit);
  }
}
