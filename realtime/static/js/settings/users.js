// Who may sign in, and as what.

import { Ago } from "../components/ago.js";
import { confirmed, openDialog } from "../components/dialog.js";
import { Menu } from "../components/menu.js";
import { Panel } from "../components/panel.js";
import { useEffect } from "preact/hooks";
import { html } from "../html.js";
import { ask, reader, tell } from "../place.js";
import { t } from "../words.js";
import { attempt } from "./doing.js";
import { onAudit } from "./news.js";
import { Paged, Pager } from "./paged.js";
import { ROLES } from "./roles.js";
import { Secret } from "./secret.js";
import { NewPassword, NewUser } from "./user_forms.js";

const PATH = "api/v1/users/";

/** Users of the server's own, whom nobody signs in as. */
const BUILT_IN = 2;

const users = new Paged(PATH);

onAudit(["user_", "token_created", "password_"], () => users.run());

/** Somebody has come or gone. */
export function seen({ user_id: id, status }) {
  const online = status === "online";
  users.change((page) => ({ ...page, results: page.results.map((user) => (user.id === id ? { ...user, online } : user)) }));
}

const WHICH = [["", t("All")], ["true", t("Active")], ["false", t("Disabled")]];

export function Users({ id, title }) {
  useEffect(() => void users.run(), []);
  const add = () => openDialog(NewUser, { title: t("New user") }).then((name) => name && users.run());
  const narrow = (query) => users.narrow({ ...users.query.peek(), ...query });
  const tools = html`
    <label class="which"><span class="sr-only">${t("Search users by name")}</span>
      <input type="search" placeholder=${t("Name")} maxlength="64" onInput=${({ currentTarget }) => narrow({ search: currentTarget.value.trim() || undefined })} /></label>
    <label class="which"><span class="sr-only">${t("Which users")}</span>
      <select onChange=${({ currentTarget }) => narrow({ active: currentTarget.value || undefined })}>
        ${WHICH.map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}
      </select>
    </label>
    <button type="button" class="quiet" onClick=${add}>${t("New user")}</button>`;
  return html`<${Panel} id=${id} title=${title} load=${users} tools=${tools} empty=${({ count }) => count === 0} emptyText=${t("There is no such user.")}>
    <ul class="rows" role="list">${users.value?.results.map((user) => html`<${Row} key=${user.id} user=${user} />`)}</ul>
    ${users.value && html`<${Pager} pages=${users} label=${t("Pages of users")} />`}
  <//>`;
}

function Row({ user }) {
  const { name, role, active, online } = user;
  return html`<li data-user=${name} data-active=${active}>
    <div class="what">
      <p class="name"><bdi>${name}</bdi> <span class="badge" data-role=${role}>${role}</span>
        ${!active && html` <span class="badge bad">${t("disabled")}</span>`}
        ${online && html` <span class="badge good">${t("online")}</span>`}
        ${name === reader.value.name && html` <span class="badge">${t("you")}</span>`}</p>
      <p class="note">${t("made")} <${Ago} at=${user.created_at} /></p>
    </div>
    ${user.id > BUILT_IN ? html`<${Menu} label=${t("Change")} hint=${t("Change %(name)s", { name })} groups=${choices(user)} />` : html`<span class="note">${t("built in")}</span>`}
  </li>`;
}

function choices(user) {
  if (!user.active) return [{ items: [{ label: t("Let in again"), onChoose: () => change(user, { active: true }) }] }];
  return [
    { label: t("To sign in"), items: [
      { label: t("Make a sign-in link"), onChoose: () => makeLink(user) },
      { label: t("Set a password"), onChoose: () => openDialog(NewPassword, { title: t("Password of %(name)s", { name: user.name }), user }) },
      { label: t("Take the password away"), onChoose: () => removePassword(user) },
    ] },
    { label: t("Role"), items: ROLES.map((role) => ({ label: role, checked: user.role === role, onChoose: () => change(user, { role }) })) },
    { items: [{ label: t("Disable"), danger: true, onChoose: () => disable(user) }] },
  ];
}

async function change({ id, name }, values) {
  await attempt(() => tell("PATCH", `${PATH}${id}/`, values), t("%(name)s was changed", { name }));
  users.run();
}

async function disable({ id, name }) {
  const sure = await confirmed({
    title: t("Disable %(name)s?", { name }),
    text: t("Connections, tokens, sign-ins, links and the password of %(name)s end at once, and for good.", { name }),
    action: t("Disable"),
    danger: true,
  });
  if (!sure) return;
  await attempt(() => tell("DELETE", `${PATH}${id}/`), t("%(name)s is disabled", { name }));
  users.run();
}

function makeLink({ id, name }) {
  return attempt(async () => {
    const { body } = await tell("POST", `${PATH}${id}/link/`);
    const note = t("Whoever opens it within the next minutes signs in as %(name)s, once.", { name });
    openDialog(Secret, { title: t("Sign-in link of %(name)s", { name }), lines: [[t("The link"), body.url]], note });
  });
}

async function removePassword({ id, name }) {
  const sure = await confirmed({
    title: t("Take the password of %(name)s away?", { name }),
    text: t("Sign-in links are then the only way in. Whoever is signed in stays so."),
    action: t("Take away"),
    danger: true,
  });
  if (sure) await attempt(() => tell("DELETE", `${PATH}${id}/password/`), t("%(name)s has no password now", { name }));
}

/** The names of users that a token can be for, as many as one page has. */
export async function names() {
  const { results } = await ask(PATH, { active: "true", limit: 1000 });
  return results.filter(({ id }) => id > BUILT_IN).map(({ name }) => name);
}
