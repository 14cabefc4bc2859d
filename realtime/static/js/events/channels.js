// The channels there are, as far as the reader may read them.

import { signal } from "@preact/signals";
import { ask, Refused } from "../place.js";

/** Channels that are asked for; there may be more of the users' own. */
const LIMIT = 1_000;

export class Channels {
  constructor() {
    this.own = signal([]);
    this.reserved = signal([]);
    this.known = new Set();
  }

  /** Ask which there are. Where that fails, those that are heard of become known all the same. */
  async load() {
    try {
      const { results } = await ask("api/v1/channels/", { limit: LIMIT });
      this.known = new Set(results.map(({ name }) => name));
      this.own.value = results.filter(({ own }) => own).map(({ name }) => name);
      this.reserved.value = results.filter(({ own }) => !own).map(({ name }) => name);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  /** Something has happened on these channels. */
  heard(events) {
    for (const { channel, type } of events) {
      if (type !== "publication.created" || this.known.has(channel) || this.known.size >= LIMIT) continue;
      this.known.add(channel);
      this.own.value = [...this.own.peek(), channel].sort();
    }
  }
}
