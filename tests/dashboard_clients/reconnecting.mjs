// The class WebSocketWithReconnect.
import { interval, more, obey, tellAll, token } from "./harness.mjs";
import { WebSocketWithReconnect } from "./seed.mjs";

const ws = new WebSocketWithReconnect(`ws://localhost:8010/ws/dashboard/?token=${token}${more}`, {
  reconnectInterval: Number(interval),
});
tellAll(ws);
ws.connect();
obey({ send: (frame) => ws.send(frame), disconnect: () => ws.disconnect() });
