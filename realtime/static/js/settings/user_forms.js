// Forms about users: a new one, a password.

import { useState } from "preact/hooks";
import { Field, Form } from "../components/field.js";
import { toast } from "../components/toasts.js";
import { html } from "../html.js";
import { tell } from "../place.js";
import { t } from "../words.js";
import { meaning, ROLES } from "./roles.js";

/** Closes with the name of the user that was made. */
export function NewUser({ close }) {
  const [role, setRole] = useState("agent");
  const send = async (values) => {
    const name = values.get("name").trim();
    await tell("POST", "api/v1/users/", { name, role });
    toast(t("%(name)s may sign in: make a link, or set a password", { name }));
    close(name);
  };
  return html`<${Form} onSubmit=${send} action=${t("Make")}>
    <${Field} label=${t("Name")} name="name" autofocus required maxlength="64" autocomplete="off" spellcheck="false" autocapitalize="none" hint=${t("Letters, digits and . _ @ + -")} />
    <${Field} label=${t("Role")} name="role" options=${ROLES.map((each) => [each, each])} value=${role} hint=${meaning(role)} onChange=${({ currentTarget }) => setRole(currentTarget.value)} />
  <//>`;
}

/** Another user's password, set by an admin. */
export function NewPassword({ user, close }) {
  return html`<${PasswordForm} user=${user} autofocus note=${t("Whoever is signed in as %(name)s is signed out, and sign-in links are void.", user)} onDone=${() => close(true)} />`;
}

/** A form for the password of `user`; with `current` it asks for the present one, too. */
export function PasswordForm({ user, current = false, autofocus = false, note, onDone }) {
  const [differs, setDiffers] = useState(false);
  const send = async (values, form) => {
    const password = values.get("password");
    setDiffers(values.get("again") !== password);
    if (values.get("again") !== password) return;
    const body = { password, ...(values.get("current") ? { current: values.get("current") } : {}) };
    await tell("PUT", `api/v1/users/${user.id}/password/`, body);
    form.reset();
    toast(t("%(name)s has a new password", user));
    onDone?.();
  };
  const fresh = { type: "password", required: true, maxlength: 256, autocomplete: "new-password" };
  return html`<${Form} onSubmit=${send} action=${t("Set the password")} class="password">
    ${note && html`<p class="note">${note}</p>`}
    <input type="text" name="username" value=${user.name} autocomplete="username" hidden readonly />
    ${current && html`<${Field} label=${t("Present password")} name="current" type="password" maxlength="256" autocomplete="current-password" hint=${t("Leave it empty where you have none yet.")} />`}
    <${Field} label=${t("New password")} name="password" autofocus=${autofocus} ...${fresh} hint=${t("Long is better than odd: a few words that do not belong together.")} />
    <${Field} label=${t("Once more")} name="again" ...${fresh} error=${differs ? t("These two are not the same.") : undefined} />
  <//>`;
}
