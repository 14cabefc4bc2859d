// The page of the support desk: the conversations on one side, the open one on the other; on a phone one after the other.

import { effect, untracked } from "@preact/signals";
import { openDialog } from "../components/dialog.js";
import { Desk } from "../conversations/desk.js";
import { Filters } from "../conversations/filters_view.js";
import { own } from "../conversations/levers.js";
import { ListView } from "../conversations/list_view.js";
import { begin } from "../conversations/new_conversation.js";
import { Help, useShortcuts } from "../conversations/shortcuts.js";
import { ThreadView } from "../conversations/thread_view.js";
import { DESK } from "../connection.js";
import { html } from "../html.js";
import { openPage } from "../page.js";
import { may, reader, reads } from "../place.js";
import { t } from "../words.js";

const desk = new Desk();

const help = () => openDialog(Help, { title: t("Keyboard shortcuts") });

/** Put the focus there; false where it is not on the screen. */
function focus(selector) {
  const found = document.querySelector(selector);
  found?.focus();
  return found !== null;
}

function press(selector) {
  const found = document.querySelector(selector);
  found?.click();
  return found !== null;
}

function Main() {
  useShortcuts(
    new Map([
      ["?", help],
      ["Escape", () => desk.selected.peek() !== null && desk.show(null)],
      ["/", () => focus("#search")],
      ["j", () => focus(".conversation[tabindex='0']")],
      ["n", () => may("write") && begin(desk)],
      ["r", () => focus("#reply")],
      ["a", () => own(desk) !== null && press(".levers .take")],
    ]),
  );
  return html`<div class="desk" data-open=${desk.selected.value !== null}>
    <section class="conversations" aria-label=${t("List of conversations")}>
      <div class="tools">
        ${may("write") && html`<button type="button" class="new" onClick=${() => begin(desk)}>${t("New conversation")}</button>`}
        <button type="button" class="quiet" onClick=${help}>${t("Keyboard shortcuts")}</button>
      </div>
      ${reads("chat") && html`<${Filters} desk=${desk} />`}
      <${ListView} desk=${desk} />
    </section>
    <${ThreadView} desk=${desk} />
    <p class="sr-only" aria-live="polite">${desk.announced.value}</p>
  </div>`;
}

desk.connection = openPage({
  name: "conversations",
  title: t("Conversations"),
  Main,
  listen: {
    door: DESK,
    channels: ["chat", "csat"],
    onBegin: () => desk.begin(),
    onEvent: (event) => desk.hear(event),
    onSignal: (news) => desk.hearSignal(news),
    onMissed: (missed) => desk.again(missed),
  },
});

// Another may sign in while the page is open: what is one's own is then theirs.
let known = reader.peek();
effect(() => {
  const now = reader.value;
  const same = now.name === known.name && now.role === known.role;
  known = now;
  if (!same && desk.began) untracked(() => desk.meet());
});

// What waits is sent as soon as there is somebody to send it to.
effect(() => {
  if (desk.connection.state.value.kind === "live") desk.outbox.flush();
});
