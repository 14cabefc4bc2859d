// One message: what was said, how far it is, what others think of it, and what the reader may do with it.

import { useState } from "preact/hooks";
import { html } from "../html.js";
import { exact, short } from "../times.js";
import { t } from "../words.js";
import { Editor } from "./editor.js";
import { Reactions } from "./reactions_view.js";
import { isWebAddress } from "./web_address.js";
import { deliveryWord, senderWord, typeWord } from "./words.js";

/** Characters that are shown of a long text before the reader wants all of it. */
const SHOWN = 2_000;

/**
 * `does` is what the reader may do with it, functions or null: `edit(content)`, `remove()`, `keep()`, `react(reaction)`.
 * `doomed` when it is about to be deleted, which `keep` takes back.
 */
export function Message({ message, me, does, doomed, current }) {
  const [editing, setEditing] = useState(false);
  const at = new Date(message.created_at);
  const side = message.sender === "customer" ? "theirs" : message.sender === "system" ? "middle" : "ours";
  const keys = (event) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = { e: does.edit && (() => setEditing(true)), Delete: does.remove }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  return html`<li class="message ${side} ${message.fresh ? "fresh" : ""} ${doomed ? "doomed" : ""}" data-id=${message.id} tabindex=${current ? 0 : -1} onKeyDown=${keys}>
    <p class="by"><bdi class="who">${message.sender_name}</bdi> <span class="role">${senderWord(message.sender)}</span>
      ${" "}<time datetime=${message.created_at} title=${exact(at)}>${short(at)}</time></p>
    ${editing
      ? html`<${Editor} message=${message} onSave=${does.edit} onEnd=${() => setEditing(false)} />`
      : html`<div class="bubble"><${Content} message=${message} /></div>`}
    <div class="after">
      <${State} message=${message} doomed=${doomed} />
      ${!message.deleted_at && html`<${Reactions} message=${message} me=${me} react=${doomed ? null : does.react} current=${current}>
        ${does.edit && !doomed && !editing && html`<button type="button" class="small" tabindex=${current ? 0 : -1} onClick=${() => setEditing(true)}>${t("Edit")}</button>`}
        ${does.remove && !doomed && html`<button type="button" key="remove" class="small" tabindex=${current ? 0 : -1} onClick=${does.remove}>${t("Delete")}</button>`}
        ${does.keep && doomed && html`<button type="button" key="keep" class="small" tabindex=${current ? 0 : -1} onClick=${does.keep}>${t("Keep the message")}</button>`}
      <//>`}
    </div>
  </li>`;
}

/** Whether it was changed, what will become of it, and how far it is; nothing where there is nothing to say. */
function State({ message: { sender, status, edited_at, deleted_at }, doomed }) {
  const goes = (sender === "agent" || sender === "bot") && !deleted_at;
  const edited = edited_at && !deleted_at;
  if (!goes && !edited && !doomed) return null;
  return html`<p class="state">
    ${edited && html`<span>${t("Edited")}</span> `}
    ${doomed && html`<span>${t("Will be deleted")}</span> `}
    ${goes && html`<span class="delivery" data-status=${status}>${deliveryWord(status)}</span>`}
  </p>`;
}

/** A text as it was written; of what is not text, its address, and nothing of it is loaded. */
function Content({ message }) {
  const [all, setAll] = useState(false);
  if (message.deleted_at) return html`<p class="gone">${t("Message deleted")}</p>`;
  if (message.message_type !== "text") return html`<${Link} type=${message.message_type} url=${message.content} />`;
  const long = message.content.length > SHOWN && !all;
  return html`<p class="text" dir="auto">${long ? `${message.content.slice(0, SHOWN)}…` : message.content}</p>
    ${long && html`<button type="button" class="small" onClick=${() => setAll(true)}>${t("Show all of it")}</button>`}`;
}

function Link({ type, url }) {
  return html`<p class="text"><span class="kind">${typeWord(type)}</span>${" "}
    ${isWebAddress(url) ? html`<a href=${url} rel="noreferrer noopener" target="_blank">${url}</a>` : url}</p>`;
}

/** A message that is on its way, or was refused. */
export function Pending({ entry, onRetry, onDrop }) {
  return html`<li class="message ours pending" data-uuid=${entry.uuid}>
    <p class="by"><time datetime=${entry.at.toISOString()} title=${exact(entry.at)}>${short(entry.at)}</time></p>
    <div class="bubble"><p class="text" dir="auto">${entry.content}</p></div>
    ${entry.failed === null
      ? html`<p class="state"><span class="delivery" data-status="sending">${t("Sending …")}</span></p>`
      : html`<div class="refused" role="alert"><p>${t("Not sent.")} ${entry.failed}</p>
          <button type="button" class="small" onClick=${onRetry}>${t("Try again")}</button>
          <button type="button" class="small" onClick=${onDrop}>${t("Discard")}</button></div>`}
  </li>`;
}
