// Addresses that others wrote: only those of the web become links.

const SCHEMES = new Set(["http:", "https:"]);

/** Whether `text` is an absolute address of the web. */
export function isWebAddress(text) {
  return URL.canParse(text) && SCHEMES.has(new URL(text).protocol);
}
