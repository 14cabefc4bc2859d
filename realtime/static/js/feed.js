// What the page knows of the log: the newest events of all channels together and of each, bounded.

import { batch, signal } from "@preact/signals";

/** Entries that one list keeps, where nothing else is said. */
export const LIMIT = 200;

/** The name of the list of all channels. */
export const ALL = "";

/**
 * Lists of entries, newest first. An entry is `{key, rank, event, fresh}`, or `{key, rank, gap}` for a stretch that
 * cannot be shown; `rank` orders them. `fresh` tells what came while the page was open.
 */
export class Feed {
  constructor(channels, limit = LIMIT) {
    this.limit = limit;
    this.lists = new Map([ALL, ...channels].map((name) => [name, signal([])]));
    this.epochs = [];
  }

  /** The signal of a channel's list. */
  list(channel) {
    return this.lists.get(channel);
  }

  /** Take in events in whatever order; what is there already stays as it is. */
  add(events, { fresh }) {
    const entries = events.map((event) => ({
      key: `${event.epoch}:${event.seq}`,
      rank: [this.age(event.epoch), event.seq],
      event,
      fresh,
    }));
    batch(() => {
      this.merge(ALL, entries);
      for (const name of new Set(events.map((event) => event.channel))) {
        if (this.lists.has(name)) this.merge(name, entries.filter((entry) => entry.event.channel === name));
      }
    });
  }

  /** Take in the past of one channel, which reaches further back than the list of all. */
  addPast(channel, events) {
    const entries = events.map((event) => ({
      key: `${event.epoch}:${event.seq}`,
      rank: [this.age(event.epoch), event.seq],
      event,
      fresh: false,
    }));
    this.merge(channel, entries);
  }

  /** Events after `from` and up to `to` cannot be shown. */
  addGap(from, to) {
    const another = from.epoch !== to.epoch;
    const rank = another ? [this.age(to.epoch), 0] : [this.age(to.epoch), from.seq + 0.5];
    const entry = { key: `gap ${to.epoch}:${to.seq}`, rank, gap: { from, to, another } };
    batch(() => {
      for (const name of this.lists.keys()) this.merge(name, [entry]);
    });
  }

  /** Histories are older the earlier they were met. */
  age(epoch) {
    if (!this.epochs.includes(epoch)) this.epochs.push(epoch);
    return this.epochs.indexOf(epoch);
  }

  merge(name, entries) {
    const list = this.lists.get(name);
    const known = new Set(list.value.map((entry) => entry.key));
    const added = entries.filter((entry) => !known.has(entry.key));
    if (added.length > 0) list.value = [...added, ...list.value].sort(newestFirst).slice(0, this.limit);
  }
}

/** The order of a list. */
export function newestFirst(one, other) {
  return other.rank[0] - one.rank[0] || other.rank[1] - one.rank[1];
}
