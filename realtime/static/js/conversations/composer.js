// Where the reader writes: Enter sends, Shift and Enter begins a line, what is begun is kept while others are open.

import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { number, t } from "../words.js";
import { LIMIT } from "./outbox.js";
import { isWebAddress } from "./web_address.js";
import { typeWord } from "./words.js";

const TYPES = ["text", "image", "audio", "video", "document"];

/** Characters that a message may have. */
const LONGEST = 65_536;

export function Composer({ desk, conversation }) {
  const [text, setText] = useState(() => desk.draft(conversation));
  const [type, setType] = useState("text");
  const [hint, setHint] = useState("");
  const field = useRef(null);
  useEffect(() => () => desk.typing.stop(), []);
  const write = (value) => {
    setText(value);
    setHint("");
    desk.keepDraft(conversation, value);
    desk.typing.wrote(conversation, value);
  };
  const send = (event) => {
    event?.preventDefault();
    const wrong = fault(desk, text, type);
    if (wrong !== null) {
      setHint(wrong);
      field.current.focus();
      return;
    }
    desk.outbox.add(conversation, type === "text" ? text : text.trim(), type);
    write("");
    setType("text");
    field.current.focus();
  };
  const keys = (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  };
  return html`<form class="composer" onSubmit=${send}>
    <label class="sr-only" for="reply">${t("Reply")}</label>
    <textarea id="reply" ref=${field} rows="2" value=${text} placeholder=${type === "text" ? t("Write a reply …") : "https://"}
      aria-describedby=${hint ? "reply-hint" : undefined} aria-invalid=${hint ? "true" : undefined}
      onInput=${({ currentTarget }) => write(currentTarget.value)} onKeyDown=${keys} onBlur=${() => desk.typing.stop()}></textarea>
    <div class="row">
      <label class="kind">${t("Type")}
        <select value=${type} onChange=${({ currentTarget }) => { setType(currentTarget.value); setHint(""); }}>
          ${TYPES.map((each) => html`<option value=${each} key=${each}>${typeWord(each)}</option>`)}
        </select></label>
      <p class="hint" id="reply-hint" role="status">${hint}</p>
      <button type="submit" class="send">${t("Send")}</button>
    </div>
  </form>`;
}

/** Why this cannot be sent, null when it can. */
function fault(desk, text, type) {
  if (text.trim() === "") return t("Write something first.");
  if (text.length > LONGEST && [...text].length > LONGEST) return t("A message has at most %(n)s characters.", { n: number(LONGEST) });
  if (type !== "text" && !isWebAddress(text.trim())) {
    return t("Enter the address of the file, beginning with http:// or https://.");
  }
  return desk.outbox.full ? t("%(n)s messages are waiting to be sent. Wait until they are.", { n: LIMIT }) : null;
}
