// A list that grows at its top moves what somebody is reading. So it is held while the reader has
// paused it, has scrolled down into it, or has the focus in it; what comes meanwhile is counted.

import { computed, effect, signal } from "@preact/signals";
import { newestFirst } from "./feed.js";

/** `list` is a signal of the signal that holds the list to show. */
export class Hold {
  constructor(list) {
    this.list = list;
    this.paused = signal(false);
    this.away = signal(false);
    this.inside = signal(false);
    this.held = computed(() => this.paused.value || this.away.value || this.inside.value);
    this.kept = signal(null);
    effect(() => {
      const list = this.list.value;
      this.kept.value = this.held.value ? list.peek() : null;
    });

    /** What is to be shown. */
    this.shown = computed(() => this.kept.value ?? this.list.value.value);

    /** How many entries wait; `many` when there are more than the list keeps. */
    this.waiting = computed(() => {
      const [list, kept] = [this.list.value.value, this.kept.value];
      if (kept === null) return { count: 0, many: false };
      const count = kept.length === 0 ? list.length : list.filter((entry) => newestFirst(entry, kept[0]) < 0).length;
      return { count, many: count > 0 && count === list.length && kept.length > 0 };
    });
  }

  /**
   * What to hear on the element around the list and the button that shows what waits: going from row to row is no
   * leaving, and whoever goes to that button finds it there.
   */
  get focus() {
    return {
      onFocusIn: () => (this.inside.value = true),
      onFocusOut: ({ currentTarget, relatedTarget }) => (this.inside.value = currentTarget.contains(relatedTarget)),
    };
  }

  /** Show what waits, and hold on there if it is still to be held. */
  catchUp() {
    this.kept.value = this.held.peek() ? this.list.peek().peek() : null;
  }
}
