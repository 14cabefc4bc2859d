// The class NioChatWebSocket, as the seed's own lines at its end make and connect it.
import { interval, obey, tellAll } from "./harness.mjs";
import { ws } from "./seed.mjs";

ws.reconnectInterval = Number(interval);
tellAll(ws);
obey({ send: (frame) => ws.send(frame), disconnect: () => ws.disconnect() });
