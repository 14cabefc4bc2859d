// What is said in passing at the edge of the page, politely, and goes by itself.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../words.js";

/** Toasts that are shown at once; the oldest goes when there is one more. */
const LIMIT = 4;

const shown = signal([]);
let last = 0;

/**
 * Say `text` for some `seconds`; while the pointer or the focus is on it, the time stands still. `undo`, where given,
 * is what a button does that takes back what was done; `onEnd` is called when it went without that. `kind` is info,
 * warning or error. Returns what takes it away at once (as if it had ended).
 */
export function toast(text, { undo, onEnd, seconds = 6, kind = "info" } = {}) {
  const one = { id: (last += 1), text, undo, onEnd, seconds, kind };
  for (const old of shown.peek().slice(0, Math.max(0, shown.peek().length + 1 - LIMIT))) end(old);
  shown.value = [...shown.peek(), one];
  return () => end(one);
}

function end(one, undone = false) {
  if (!shown.peek().includes(one)) return;
  shown.value = shown.peek().filter((other) => other !== one);
  if (undone) one.undo();
  else one.onEnd?.();
}

export function Toasts() {
  return html`<div class="toasts" role="status" aria-label=${t("Messages")}>
    ${shown.value.map((one) => html`<${Toast} key=${one.id} one=${one} />`)}
  </div>`;
}

const STEP = 250;

function Toast({ one }) {
  const held = useRef(false);
  useEffect(() => {
    let left = one.seconds * 1000;
    const timer = setInterval(() => {
      if (!held.current) left -= STEP;
      if (left <= 0) end(one);
    }, STEP);
    return () => clearInterval(timer);
  }, []);
  const hold = (on) => () => (held.current = on);
  return html`<div class="toast" data-kind=${one.kind} onPointerEnter=${hold(true)} onPointerLeave=${hold(false)} onFocusIn=${hold(true)} onFocusOut=${hold(false)}>
    <p>${one.text}</p>
    ${one.undo && html`<button type="button" class="quiet" onClick=${() => end(one, true)}>${t("Undo")}</button>`}
    <button type="button" class="close" aria-label=${t("Close")} onClick=${() => end(one)}>×</button>
  </div>`;
}
