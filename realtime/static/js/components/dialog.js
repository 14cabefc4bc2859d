// Questions and forms over the page: the browser's own <dialog>, which keeps the focus and gives it back.

import { signal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../words.js";

const open = signal([]);
let last = 0;

/**
 * Show `Component` in a dialog with the heading `title`; it gets `props` and `close(value)`. Resolves to that value,
 * undefined when it was closed by Escape or its cross.
 */
export function openDialog(Component, { title, ...props } = {}) {
  return new Promise((resolve) => {
    const one = { id: (last += 1), Component, title, props, resolve };
    open.value = [...open.peek(), one];
  });
}

/** Ask whether to do something; true for yes. `action` is the word on the button that does it, `danger` marks it. */
export async function confirmed({ title, text, action, danger = false }) {
  return (await openDialog(Question, { title, text, action, danger })) === true;
}

function Question({ text, action, danger, close }) {
  return html`
    <p>${text}</p>
    <div class="actions">
      <button type="button" class="quiet" onClick=${() => close(false)}>${t("Cancel")}</button>
      <button type="button" class=${danger ? "danger" : ""} onClick=${() => close(true)}>${action}</button>
    </div>
  `;
}

/** The place of the dialogs; the shell has it. */
export function Dialogs() {
  return open.value.map((one) => html`<${Frame} key=${one.id} one=${one} />`);
}

function Frame({ one: { id, Component, title, props, resolve } }) {
  const dialog = useRef(null);
  const heading = useId();
  useEffect(() => dialog.current.showModal(), []);
  const close = (value) => {
    // Closed before it goes, so that the browser leads the focus back to where it was.
    dialog.current?.close();
    open.value = open.peek().filter((other) => other.id !== id);
    resolve(value);
  };
  const cancel = (event) => {
    event.preventDefault();
    close(undefined);
  };
  return html`<dialog ref=${dialog} aria-labelledby=${heading} onCancel=${cancel}>
    <article>
      <header>
        <h2 id=${heading}>${title}</h2>
        <button type="button" class="close" aria-label=${t("Close")} onClick=${() => close(undefined)}>×</button>
      </header>
      <${Component} ...${props} close=${close} />
    </article>
  </dialog>`;
}
