// The figures of the support desk: asked for by REST, kept fresh by the signal `dashboard_metrics`.

import { computed, effect } from "@preact/signals";
import { Load } from "../load.js";
import { ask, reads, Refused } from "../place.js";
import { isUsual, query, range } from "./range.js";

/** The signal comes up to once a second, the whole report is asked for more rarely. */
const ASK_AGAIN = 2_000;

/** What draws the charts: loaded with the first figures that there are, and before they are shown. */
export let charts = null;

export class Report {
  constructor() {
    this.load = new Load(asked, () => reads("csat"));
    this.timer = null;
    this.begun = false;

    /** Days with anything in them at all, for who has no support desk. */
    this.empty = computed(() => this.load.value?.total_conversations === 0);
  }

  /** Ask, and again whenever the range is another. */
  begin() {
    if (this.begun) return this.load.run();
    this.begun = true;
    return effect(() => {
      range.value;
      this.load.run();
    });
  }

  /** `figures` are the six of the last 30 days, as of now: shown at once, and all others a little later. */
  hear(figures) {
    if (charts !== null && isUsual(range.peek())) this.load.change((report) => ({ ...report, ...figures }));
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.load.run();
    }, ASK_AGAIN);
  }
}

async function asked(signal) {
  const report = await ask("api/v1/metrics/", query(range.peek()), { signal });
  // A server without a support desk has no charts. Shown a moment later, they would move what stands below.
  if (report.total_conversations > 0) charts ??= await import("./courses.js").catch((error) => Promise.reject(new Refused(0, error.message)));
  return report;
}
