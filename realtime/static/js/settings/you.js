// One's own things: who one is here, language, theme, password.

import { useEffect } from "preact/hooks";
import { chooseLanguage, chooseTheme, theme } from "../choices.js";
import { LANGUAGES } from "../components/reader.js";
import { Panel } from "../components/panel.js";
import { html } from "../html.js";
import { Load } from "../load.js";
import { address, ask, may, reader, signInAddress } from "../place.js";
import { language, t } from "../words.js";
import { attempt } from "./doing.js";
import { PasswordForm } from "./user_forms.js";

const me = new Load((given) => ask("api/v1/me", {}, { signal: given }));

const THEMES = [["system", t("As the system")], ["light", t("Light")], ["dark", t("Dark")]];

export function You({ id, title }) {
  useEffect(() => void me.run(), []);
  return html`<${Panel} id=${id} title=${title} load=${me}>
    <${Who} />
    <div class="own">
      <div>
        <${Choice} legend=${t("Theme")} name="theme" options=${THEMES} value=${theme.value} onChoose=${(value) => attempt(() => chooseTheme(value))} />
        <${Choice} legend=${t("Language")} name="language" options=${LANGUAGES} value=${language} own onChoose=${(value) => attempt(() => chooseLanguage(value))} />
      </div>
      ${me.value?.user_id && reader.value.role !== "guest" && html`<${Password} />`}
    </div>
  <//>`;
}

function Who() {
  const { name, role } = reader.value;
  if (role === "guest") {
    return html`<p>${t("You are a guest of an open server, without an account.")} <a href=${signInAddress().href}>${t("Sign in")}</a></p>`;
  }
  return html`<p>${t("You are %(name)s (%(role)s).", { name, role })} <a href=${address("logout").href}>${t("Sign out")}</a></p>`;
}

/** One of a few: `options` are of `[value, label]`; `own` says that each label is in the language of its value. */
function Choice({ legend, name, options, value, own = false, onChoose }) {
  return html`<fieldset class="choice">
    <legend>${legend}</legend>
    ${options.map(
      ([each, label]) => html`<label key=${each} lang=${own ? each : undefined}>
        <input type="radio" name=${name} value=${each} checked=${each === value} onChange=${() => onChoose(each)} /> ${label}
      </label>`,
    )}
  </fieldset>`;
}

function Password() {
  const { name, user_id: id } = me.value;
  return html`<div>
    <h3>${t("Your password")}</h3>
    <${PasswordForm} user=${{ id, name }} current=${!may("admin")} note=${t("Your other browsers are signed out; tokens stay.")} />
  </div>`;
}
