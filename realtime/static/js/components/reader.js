// Who reads, in which language and theme, and the way out.

import { chooseLanguage, chooseTheme, theme } from "../choices.js";
import { html } from "../html.js";
import { address, reader, Refused, signInAddress } from "../place.js";
import { language, t } from "../words.js";
import { Menu } from "./menu.js";
import { toast } from "./toasts.js";

// Each language by its own name, for who does not read the page's.
export const LANGUAGES = [["en", "English"], ["pt-BR", "Português (Brasil)"], ["es", "Español"]];

export function ReaderMenu() {
  const { access, name, role } = reader.value;
  const themes = [["system", t("As the system")], ["light", t("Light")], ["dark", t("Dark")]];
  const guest = role === "guest";
  const groups = [
    { label: t("Theme"), items: themes.map(([value, label]) => ({ label, checked: theme.value === value, onChoose: () => keep(chooseTheme(value)) })) },
    { label: t("Language"), items: LANGUAGES.map(([value, label]) => ({ label, lang: value, checked: language === value, onChoose: () => keep(chooseLanguage(value)) })) },
    { label: guest ? t("Open server: whoever reaches it is a guest.") : `${name} (${role})`, items: [
      guest ? { label: t("Sign in"), href: signInAddress().href } : { label: t("Sign out"), href: address("logout").href },
    ] },
  ];
  return html`<${Menu} class="reader" label=${access === "open" && guest ? t("Guest") : name} hint=${t("Theme, language, signing in and out")} groups=${groups} />`;
}

async function keep(choice) {
  try {
    await choice;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    toast(t("That could not be kept: %(why)s", { why: error.message }), { kind: "error" });
  }
}
