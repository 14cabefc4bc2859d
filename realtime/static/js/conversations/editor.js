// A message is said anew, in its place.

import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { Refused } from "../place.js";
import { t } from "../words.js";

/** `onSave(content)` resolves when it is stored; `onEnd` when the reader is done, or does not want to after all. */
export function Editor({ message, onSave, onEnd }) {
  const [text, setText] = useState(message.content);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState("");
  const field = useRef(null);
  useEffect(() => field.current.focus(), []);
  const end = () => {
    const item = field.current.closest("li");
    onEnd();
    item.focus();
  };
  const save = async (event) => {
    event?.preventDefault();
    if (busy || text.trim() === "") return;
    if (text === message.content) return end();
    setBusy(true);
    try {
      await onSave(text);
      end();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setRefused(error.message);
      setBusy(false);
    }
  };
  const keys = (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      end();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      save();
    }
  };
  return html`<form class="editor" onSubmit=${save}>
    <textarea ref=${field} aria-label=${t("Edit message")} rows="3" value=${text} onInput=${({ currentTarget }) => setText(currentTarget.value)} onKeyDown=${keys}></textarea>
    ${refused && html`<p class="refused" role="alert">${refused}</p>`}
    <button type="submit" class="small" disabled=${busy || text.trim() === ""}>${t("Save")}</button>
    <button type="button" class="small" onClick=${end}>${t("Cancel")}</button>
  </form>`;
}
