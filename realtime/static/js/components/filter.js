// Which channel to show.

import { ALL } from "../feed.js";
import { html } from "../html.js";
import { t } from "../words.js";

/** `chosen` is a signal of the channel's name, ALL for all. */
export function Filter({ channels, chosen, onChoose }) {
  return html`<fieldset class="filter">
    <legend class="sr-only">${t("Channel")}</legend>
    ${[ALL, ...channels].map(
      (name) => html`<label key=${name} data-channel=${name}>
        <input type="radio" name="channel" value=${name} checked=${chosen.value === name} onChange=${() => onChoose(name)} />
        <span>${name === ALL ? t("All") : html`<span class="dot" aria-hidden="true"></span>${name}`}</span>
      </label>`,
    )}
  </fieldset>`;
}
