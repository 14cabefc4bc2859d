// Theme and language: chosen here, kept by the server in a cookie, so that the next page comes as it was chosen.

import { signal } from "@preact/signals";
import { tell } from "./place.js";

/** A signal of the theme that was chosen: light, dark, or system. */
export const theme = signal(document.documentElement.dataset.theme || "system");

/** Show the page in `wanted`, from now on. Throws Refused where that could not be kept. */
export async function chooseTheme(wanted) {
  theme.value = wanted;
  if (wanted === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = wanted;
  await tell("POST", "preferences", { theme: wanted });
}

/** The page again, in `wanted`. Throws Refused where that could not be kept. */
export async function chooseLanguage(wanted) {
  await tell("POST", "preferences", { language: wanted });
  location.reload();
}
