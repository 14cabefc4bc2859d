// Who is writing where. A signal is passing news, so what is not said again is forgotten; and the page says itself, now and
// then, that its own reader writes.

import { signal } from "@preact/signals";

/** Milliseconds after which somebody who was said to write no longer does. */
const FORGET_AFTER = 6_000;

/** Milliseconds between two signals of one's own while one writes. */
const SAY_EVERY = 2_500;

/** People of whom it is remembered that they write. */
const LIMIT = 100;

/** `now` is a signal of a Map: conversation id → names. */
export class Writers {
  constructor() {
    this.now = signal(new Map());
    this.entries = new Map();
  }

  /** The data of a `typing` signal. */
  hear({ conversation_id, sender_id, username, typing }) {
    const key = `${conversation_id} ${sender_id}`;
    clearTimeout(this.entries.get(key)?.timer);
    this.entries.delete(key);
    if (typing && this.entries.size < LIMIT) {
      const timer = setTimeout(() => this.forget(key), FORGET_AFTER);
      this.entries.set(key, { conversation_id, username, timer });
    }
    this.draw();
  }

  /** Who has said something is no longer about to. */
  said({ conversation_id, sender_id }) {
    this.forget(`${conversation_id} ${sender_id}`);
  }

  forget(key) {
    if (!this.entries.has(key)) return;
    clearTimeout(this.entries.get(key).timer);
    this.entries.delete(key);
    this.draw();
  }

  draw() {
    const now = new Map();
    for (const { conversation_id, username } of this.entries.values()) {
      now.set(conversation_id, [...(now.get(conversation_id) ?? []), username]);
    }
    this.now.value = now;
  }
}

/** Says that the reader writes: at once, then every few seconds while it goes on, and when it is over. */
export class OwnTyping {
  /** `send(conversation, typing)` says it. */
  constructor(send) {
    this.send = send;
    this.conversation = null;
    this.timer = null;
  }

  /** The reader has changed what stands in the field of a conversation. */
  wrote(conversation, text) {
    if (text === "") {
      this.stop();
      return;
    }
    const now = performance.now();
    if (this.conversation !== conversation) this.stop();
    if (this.conversation === null || now - this.saidAt >= SAY_EVERY) {
      this.conversation = conversation;
      this.saidAt = now;
      this.send(conversation, true);
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.stop(), FORGET_AFTER);
  }

  /** It is over: sent, taken back, or left. */
  stop() {
    clearTimeout(this.timer);
    if (this.conversation === null) return;
    const conversation = this.conversation;
    this.conversation = null;
    this.send(conversation, false);
  }
}
