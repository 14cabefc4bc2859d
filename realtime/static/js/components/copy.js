// A button that copies a text.

import { useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../words.js";

const SAID_FOR = 2_000;

export function Copy({ text }) {
  const [said, setSaid] = useState("");
  const button = useRef(null);
  const copy = async () => {
    setSaid((await toClipboard(text, button.current)) ? t("Copied") : t("Press Ctrl+C"));
    setTimeout(() => setSaid(""), SAID_FOR);
  };
  return html`<span class="copy">
    <button type="button" class="quiet" ref=${button} onClick=${copy}>${said || t("Copy")}</button>
    <span class="sr-only" role="status">${said}</span>
  </span>`;
}

async function toClipboard(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Browsers give a clipboard to https and localhost alone; elsewhere the text is marked for the reader's own keys.
    getSelection().selectAllChildren(button.closest(".line").querySelector("code"));
    return false;
  }
}
