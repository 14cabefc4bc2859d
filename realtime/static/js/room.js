// How much room there is: what a script has to know because rows of a long list have a height in pixels.

import { signal } from "@preact/signals";

/** A signal of whether the media query matches. */
export function matching(query) {
  const list = matchMedia(query);
  const found = signal(list.matches);
  list.addEventListener("change", () => (found.value = list.matches));
  return found;
}

const root = document.documentElement;
const size = () => parseFloat(getComputedStyle(root).fontSize);

/** A signal of how many pixels a rem is: more on a wall, and where the reader wants it larger. */
export const rem = signal(size());
addEventListener("resize", () => (rem.value = size()));
