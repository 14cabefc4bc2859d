// The keys of the page, and the dialog that tells of them. Those that are a single letter work everywhere but in fields, and
// can be turned off (WCAG 2.1.4): whoever speaks to the computer would press them by speaking.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../html.js";
import { may } from "../place.js";
import { t } from "../words.js";

export const active = signal(true);

/** `does` maps a key to what it does; it says false where that is not possible now. */
export function useShortcuts(does) {
  useEffect(() => {
    const press = (event) => {
      if ((!active.peek() && event.key.length === 1) || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
      const act = does.get(event.key);
      if (act !== undefined && act() !== false) event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });
}

function keys() {
  const writes = [
    ["r", t("Reply")],
    ["a", t("Assign to me")],
    ["n", t("New conversation")],
    ["e", t("Edit the message in focus")],
    ["Delete", t("Delete the message in focus")],
  ];
  return [
    ["j / ↓", t("Next conversation or message")],
    ["k / ↑", t("Previous conversation or message")],
    ["Enter", t("Open the conversation, send the message")],
    ["Shift + Enter", t("New line")],
    ["Esc", t("Back to the list")],
    ["/", t("Search")],
    ...(may("write") ? writes : []),
    ["?", t("This help")],
  ];
}

/** What the help dialog holds. */
export function Help() {
  return html`<div class="help">
    <dl>${keys().map(([key, what]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}</dl>
    <label><input type="checkbox" role="switch" checked=${active.value} onChange=${({ currentTarget }) => (active.value = currentTarget.checked)} />${t("Keys of a single letter")}</label>
  </div>`;
}
