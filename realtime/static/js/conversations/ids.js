// Names that the page draws for what it makes, so that the server knows it again.

/** 128 bits drawn at random; browsers give `randomUUID` to https and localhost alone. */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
