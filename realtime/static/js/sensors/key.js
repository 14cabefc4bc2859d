// A name that nobody has given before, also where the browser is not in a secure context and has no randomUUID.

export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
