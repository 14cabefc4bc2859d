// What is said aloud: how much came, now and then, and not every event by itself.

import { signal } from "@preact/signals";
import { summary } from "./summary.js";
import { tn } from "./words.js";

const PAUSE = 5_000;

export class Announcer {
  constructor() {
    this.text = signal("");
    this.count = 0;
    this.timer = null;
  }

  add(events) {
    this.count += events.length;
    this.last = events.at(-1);
    this.timer ??= setTimeout(() => this.speak(), PAUSE);
  }

  speak() {
    this.timer = null;
    const told = tn("%(n)s new event", "%(n)s new events", this.count);
    this.text.value = `${told}: ${this.last.type}, ${summary(this.last)}`;
    this.count = 0;
  }
}
