// The open conversation: who it is with, how it stands, what was said, and where to answer.

import { useEffect, useRef } from "preact/hooks";
import { Forbidden } from "../components/panel.js";
import { html } from "../html.js";
import { may, reads } from "../place.js";
import { t } from "../words.js";
import { Composer } from "./composer.js";
import { Levers } from "./levers.js";
import { Messages } from "./messages_view.js";
import { Ratings } from "./ratings_view.js";
import { statusWord } from "./words.js";

export function ThreadView({ desk }) {
  const thread = desk.thread.value;
  useWayBack(thread);
  useEffect(() => void document.getElementById("main").toggleAttribute("data-open", thread !== null), [thread]);
  if (thread === null) {
    const some = desk.list.rows.value.length > 0;
    return html`<section class="thread none" aria-label=${t("Conversation")}>${some && html`<p class="note">${t("Choose a conversation.")}</p>`}</section>`;
  }
  if (!reads("chat")) return html`<section class="thread none" aria-label=${t("Conversation")}><${Forbidden} /></section>`;
  return html`<${Opened} key=${thread.id} desk=${desk} thread=${thread} />`;
}

function Opened({ desk, thread }) {
  const section = useRef(null);
  const known = thread.conversation.value;
  useEffect(() => section.current.querySelector("h2")?.focus({ preventScroll: true }), []);
  const keys = (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
    event.preventDefault();
    desk.show(null);
  };
  return html`<section class="thread" ref=${section} aria-label=${t("Conversation")} onKeyDown=${keys}>
    <header>
      <button type="button" class="small back" onClick=${() => desk.show(null)}><span aria-hidden="true">← </span>${t("All conversations")}</button>
      <h2 tabindex="-1"><bdi>${known?.contact_name ?? t("Conversation %(id)s", { id: thread.id })}</bdi></h2>
      ${known !== null && html`<${Standing} conversation=${known} />`}
      ${known !== null && may("write") && html`<${Levers} desk=${desk} conversation=${known} />`}
    </header>
    <${Phase} load=${desk.threadLoad.value}>
      <${Ratings} desk=${desk} thread=${thread} />
      <${Messages} desk=${desk} thread=${thread} />
      ${may("write") && html`<${Composer} desk=${desk} conversation=${thread.id} />`}
    <//>
  </section>`;
}

function Standing({ conversation }) {
  const { status, assignee_name, origin_channel } = conversation;
  return html`<p class="standing"><span class="badge" data-status=${status}>${statusWord(status)}</span>
    <span>${assignee_name === null ? t("Not assigned") : html`<bdi>${assignee_name}</bdi>`}</span>
    <span class="origin"><bdi>${origin_channel}</bdi></span></p>`;
}

/** What is there once it has been loaded; else how that stands. */
function Phase({ load, children }) {
  const { kind, value, detail } = load.state.value;
  if (kind === "loading" && value === undefined) return html`<p class="note" role="status">${t("Loading …")}</p>`;
  if (kind === "forbidden") return html`<${Forbidden} />`;
  return html`${kind === "failed" && html`<p class="note" role="alert">${t("This conversation could not be loaded.")} ${detail}
      ${" "}<button type="button" class="quiet" onClick=${() => load.run()}>${t("Try again")}</button></p>`}
    ${value !== undefined && children}`;
}

/** Whoever leaves a conversation is where they were in the list, also by the browser's own way back. */
function useWayBack(thread) {
  const before = useRef(null);
  useEffect(() => {
    const id = before.current;
    before.current = thread?.id ?? null;
    if (thread !== null || id === null || document.activeElement !== document.body) return;
    (document.querySelector(`.conversation[data-id="${id}"]`) ?? document.querySelector(".conversation"))?.focus();
  }, [thread]);
}

