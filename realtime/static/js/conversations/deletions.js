// Deleting a message is for good, so it is said to the server only after a while in which it can be taken back.

import { signal } from "@preact/signals";

/** Seconds in which a deletion can be taken back. */
export const GRACE = 5;

/** `waiting` is a signal of the Set of the ids of messages that are about to be deleted. */
export class Deletions {
  /** `send(id, {leaving})` deletes it; `leaving` when the page is being left and cannot wait for an answer. */
  constructor(send) {
    this.send = send;
    this.waiting = signal(new Set());
    addEventListener("pagehide", () => this.leave());
  }

  add(id) {
    this.waiting.value = new Set([...this.waiting.peek(), id]);
  }

  /** It is taken back, or done. */
  drop(id) {
    this.waiting.value = new Set([...this.waiting.peek()].filter((other) => other !== id));
  }

  /** All are taken back. */
  clear() {
    this.waiting.value = new Set();
  }

  /** Its time has come. Rejects with what `send` does. */
  async due(id) {
    if (!this.waiting.peek().has(id)) return;
    try {
      await this.send(id, { leaving: false });
    } finally {
      this.drop(id);
    }
  }

  /** Whoever leaves meant what they said. */
  leave() {
    for (const id of this.waiting.peek()) this.send(id, { leaving: true });
    this.clear();
  }
}
