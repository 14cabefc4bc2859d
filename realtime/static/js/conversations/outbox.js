// What the reader has said and the server has not yet confirmed. Each message has an id of the page's own, by which the server
// knows it again: so it may be sent as often as it takes, and is said once.

import { signal } from "@preact/signals";
import { newId } from "./ids.js";

/** Messages that may wait. */
export const LIMIT = 100;

/**
 * `entries` is a signal of `[{uuid, conversation, content, message_type, at, failed}]`, in the order in which they were
 * written; `failed` is why the server refused it, null while it is on its way.
 */
export class Outbox {
  /** `send(entry)` resolves when the message is stored, rejects with `final: true` on it where the server refused it. */
  constructor(send) {
    this.send = send;
    this.entries = signal([]);
    this.busy = false;
  }

  /** Whether another one may wait. */
  get full() {
    return this.entries.peek().length >= LIMIT;
  }

  add(conversation, content, message_type) {
    const entry = { uuid: newId(), conversation, content, message_type, at: new Date(), failed: null };
    this.entries.value = [...this.entries.peek(), entry];
    this.flush();
    return entry.uuid;
  }

  /** The message with this uuid is stored. */
  settle(uuid) {
    if (this.entries.peek().some((entry) => entry.uuid === uuid)) this.remove(uuid);
  }

  remove(uuid) {
    this.entries.value = this.entries.peek().filter((entry) => entry.uuid !== uuid);
  }

  /** Try one that was refused again. */
  retry(uuid) {
    this.mark(uuid, null);
    this.flush();
  }

  /** None of them may go by itself any more. */
  refuse(why) {
    this.entries.value = this.entries.peek().map((entry) => ({ ...entry, failed: entry.failed ?? why }));
  }

  mark(uuid, failed) {
    this.entries.value = this.entries.peek().map((entry) => (entry.uuid === uuid ? { ...entry, failed } : entry));
  }

  /** Send what waits, one after the other; ends where the connection does, and is called again when it is back. */
  async flush() {
    if (this.busy) return;
    this.busy = true;
    try {
      for (let next = this.next(); next !== undefined; next = this.next()) {
        if (!(await this.sent(next))) return;
      }
    } finally {
      this.busy = false;
    }
  }

  next() {
    return this.entries.peek().find((entry) => entry.failed === null);
  }

  /** Whether to go on with the next one. */
  async sent(entry) {
    try {
      await this.send(entry);
      this.settle(entry.uuid);
      return true;
    } catch (error) {
      if (!error.final) return false;
      this.mark(entry.uuid, error.message);
      return true;
    }
  }
}
