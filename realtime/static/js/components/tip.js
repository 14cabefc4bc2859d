// A definition beside a word, on hover and focus (WCAG 2.2, 1.4.13: it can be pointed at, and dismissed).

import { useId, useState } from "preact/hooks";
import { html } from "../html.js";

/** `label` is shown, `text` told when it is pointed at or has the focus; Escape takes it away. */
export function Tip({ label, text }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const escape = (event) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    setOpen(false);
  };
  return html`<span class="tip" onPointerEnter=${() => setOpen(true)} onPointerLeave=${() => setOpen(false)} onKeyDown=${escape}>
    <button type="button" aria-describedby=${id} onFocus=${() => setOpen(true)} onBlur=${() => setOpen(false)} onClick=${() => setOpen(true)}>${label}</button>
    <span class="bubble" role="tooltip" id=${id} hidden=${!open}>${text}</span>
  </span>`;
}
