// Events come one by one, and are drawn a few times a second.

/** Events that may wait for the next drawing; of more, the older half is let go. */
const LIMIT = 1_000;
const EVERY = 100;

/** In a flood nobody can follow ten drawings a second, and each costs the same. */
const FLOOD = 10;
const FLOOD_EVERY = 400;

export class Batches {
  /** `draw(events)` gets what has come since it was last called, oldest first, every tenth of a second at most; in a flood, more rarely. */
  constructor(draw) {
    this.draw = draw;
    this.waiting = [];
    this.timer = null;
    this.pause = EVERY;
  }

  add(event) {
    this.waiting.push(event);
    if (this.waiting.length > LIMIT) this.waiting = this.waiting.slice(-LIMIT / 2);
    this.timer ??= setTimeout(() => this.flush(), this.pause);
  }

  /** Draw now what waits. */
  flush() {
    clearTimeout(this.timer);
    this.timer = null;
    const events = this.waiting;
    this.waiting = [];
    this.pause = events.length > FLOOD ? FLOOD_EVERY : EVERY;
    if (events.length > 0) this.draw(events);
  }
}
