// Loaded before a driver: it tells also every frame as it arrives, with what the client leaves aside.
import { tell } from "./harness.mjs";

globalThis.WebSocket = class extends globalThis.WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => tell("frame", JSON.parse(data)));
  }
};
