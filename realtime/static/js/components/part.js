// A part of a page that is loaded when it is first shown: who never sees it does not wait for it.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../words.js";

/** The component that the module of `load` exports as `name`, and until it is there, a note of that `class`. */
export function part(load, name, { class: classes = "" } = {}) {
  const state = signal({ kind: "loading" });

  async function begin() {
    if (state.peek().kind === "ready") return;
    state.value = { kind: "loading" };
    state.value = await load().then(
      (module) => ({ kind: "ready", Loaded: module[name] }),
      () => ({ kind: "failed" }),
    );
  }

  return function Part(props) {
    const { kind, Loaded } = state.value;
    useEffect(() => void begin(), []);
    if (kind === "ready") return html`<${Loaded} ...${props} />`;
    return html`<section class=${`${classes} note`} role="status">
      <p>${kind === "failed" ? t("This could not be loaded.") : t("Loading …")}</p>
      ${kind === "failed" && html`<button type="button" class="quiet" onClick=${begin}>${t("Try again")}</button>`}
    </section>`;
  };
}
