// What programs sign in with.

import { useEffect } from "preact/hooks";
import { Ago } from "../components/ago.js";
import { confirmed, openDialog } from "../components/dialog.js";
import { Panel } from "../components/panel.js";
import { html } from "../html.js";
import { tell } from "../place.js";
import { exact, short } from "../times.js";
import { t } from "../words.js";
import { attempt } from "./doing.js";
import { onAudit } from "./news.js";
import { Paged, Pager } from "./paged.js";
import { NewToken } from "./token_form.js";

const PATH = "api/v1/tokens/";
const NEWEST = { ordering: "-id" };

const tokens = new Paged(PATH, NEWEST);

onAudit(["token_", "user_"], () => tokens.run());

export function Tokens({ id, title }) {
  useEffect(() => void tokens.run(), []);
  const revoked = tokens.query.value.revoked === "true";
  const add = () => openDialog(NewToken, { title: t("New token") }).then(() => tokens.run());
  const tools = html`
    <label class="which"><span class="sr-only">${t("Which tokens")}</span>
      <select onChange=${({ currentTarget }) => tokens.narrow({ ...NEWEST, revoked: currentTarget.value })}>
        <option value="false">${t("In use")}</option><option value="true">${t("Revoked")}</option>
      </select>
    </label>
    <button type="button" class="quiet" onClick=${add}>${t("New token")}</button>`;
  const none = revoked ? t("No token was revoked.") : t("There is no token yet. A program needs one to sign in.");
  return html`<${Panel} id=${id} title=${title} load=${tokens} tools=${tools} empty=${({ count }) => count === 0} emptyText=${none}>
    <ul class="rows" role="list">${tokens.value?.results.map((token) => html`<${Row} key=${token.id} token=${token} />`)}</ul>
    ${tokens.value && html`<${Pager} pages=${tokens} label=${t("Pages of tokens")} />`}
  <//>`;
}

function Row({ token }) {
  const { name, user, role, channels, verbs } = token;
  return html`<li data-token=${token.id}>
    <div class="what">
      <p class="name"><bdi>${name || t("without a name")}</bdi> <span class="badge" data-role=${role}>${role}</span></p>
      <p class="note"><${Of} user=${user} /> · ${t("made")} <${Ago} at=${token.created_at} /> · <${End} token=${token} /></p>
      ${channels && html`<p class="note">${t("only channels:")} ${channels.length > 0 ? channels.join(", ") : t("none")}</p>`}
      ${verbs && html`<p class="note">${t("only to:")} ${verbs.length > 0 ? verbs.join(", ") : t("none")}</p>`}
    </div>
    ${!token.revoked_at && html`<button type="button" class="quiet" aria-label=${t("Revoke %(name)s", { name: name || `#${token.id}` })} onClick=${() => revoke(token)}>${t("Revoke")}</button>`}
  </li>`;
}

function Of({ user }) {
  return html`<bdi>${t("of %(user)s", { user })}</bdi>`;
}

function End({ token: { expires_at: end, revoked_at: revoked } }) {
  const date = new Date(revoked ?? end);
  const text = revoked ? t("revoked %(time)s", { time: short(date) }) : date < Date.now() ? t("expired %(time)s", { time: short(date) }) : t("good until %(time)s", { time: short(date) });
  return html`<time datetime=${date.toISOString()} title=${exact(date)}>${text}</time>`;
}

async function revoke({ id, name, user }) {
  const sure = await confirmed({
    title: t("Revoke this token?"),
    text: t("“%(name)s” of %(user)s: whatever uses it is closed at once and cannot come back with it.", { name: name || `#${id}`, user }),
    action: t("Revoke"),
    danger: true,
  });
  if (!sure) return;
  await attempt(() => tell("DELETE", `${PATH}${id}/`), t("The token is revoked"));
  tokens.run();
}
