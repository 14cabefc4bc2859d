// A time as it is seen from now, in the reader's language; the exact one on hover and focus.

import { computed, signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { html } from "../html.js";
import { exact, short } from "../times.js";
import { locale } from "../words.js";

const STEP = 10_000;
const STEPS = [[60, "second", 1], [3_600, "minute", 60], [86_400, "hour", 3_600], [7 * 86_400, "day", 86_400]];

const [LONG, BRIEF] = ["long", "short"].map((style) => new Intl.RelativeTimeFormat(locale, { numeric: "auto", style }));

// One clock for the whole page.
const now = signal(Date.now());
setInterval(() => document.hidden || (now.value = Date.now()), STEP);
document.addEventListener("visibilitychange", () => document.hidden || (now.value = Date.now()));

/** How long before `to` (milliseconds) the Date `date` was; a week and more as the date itself. */
export function ago(date, to = Date.now(), relative = LONG) {
  const seconds = (to - date) / 1000;
  if (seconds < STEP / 1000) return relative.format(0, "second");
  const step = STEPS.find(([limit]) => seconds < limit);
  if (step === undefined) return short(date);
  const [, unit, length] = step;
  // Below a minute it moves with the page's clock.
  return relative.format(-(unit === "second" ? Math.floor(seconds / 10) * 10 : Math.floor(seconds / length)), unit);
}

/** `at` is a timestamp of the server. `still`: it stands in something that takes the focus itself; `brief`: where there is little room. */
export function Ago({ at, still = false, brief = false }) {
  const date = useMemo(() => new Date(at), [at]);
  const text = useMemo(() => computed(() => ago(date, now.value, brief ? BRIEF : LONG)), [date, brief]);
  const told = exact(date);
  return html`<time class="ago" datetime=${at} title=${told} tabindex=${still ? undefined : 0} data-exact=${told}>${text}</time>`;
}
