// Who is here now. The server tells the whole list, on connecting and after every change.

import { signal } from "@preact/signals";
import { Panel } from "../components/panel.js";
import { html } from "../html.js";
import { number, t } from "../words.js";

/** Names that are shown; of more, how many there are. */
const SHOWN = 200;

/** Speaks for a Load: the list comes by itself. */
export class Online {
  constructor() {
    this.load = { state: signal({ kind: "loading", value: undefined, detail: "" }), run() {} };
  }

  /** `users` are `{user_id, username}`, sorted. */
  hear({ users }) {
    this.load.state.value = { kind: "ready", value: users, detail: "" };
  }

  bar() {
    this.load.state.value = { kind: "forbidden", value: undefined, detail: "" };
  }
}

export function WhoIsOnline({ online }) {
  const users = online.load.state.value.value ?? [];
  return html`<${Panel} title=${t("Online")} id="online" load=${online.load} who=${t("Viewers, agents and admins may.")} tools=${users.length > 0 && html`<span class="note">${number(users.length)}</span>`}
    empty=${(value) => value.length === 0} emptyText=${t("Nobody is signed in. Guests of an open server are not counted here.")}>
    <ul class="people" role="list" tabindex="0" aria-label=${t("Who is online")}>
      ${users.slice(0, SHOWN).map(({ user_id: id, username }) => html`<li key=${id}><span class="here" aria-hidden="true"></span><bdi>${username}</bdi></li>`)}
      ${users.length > SHOWN && html`<li class="note">${t("and %(n)s more", { n: number(users.length - SHOWN) })}</li>`}
    </ul>
  <//>`;
}
