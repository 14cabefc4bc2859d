// The Vue plugin, installed in a constructor that has what a plugin needs: a prototype.
import { obey, tellAll, token } from "./harness.mjs";
import plugin from "./seed.mjs";

class Vue {}
plugin.install(Vue);

const component = new Vue();
tellAll(component.$websocket);
component.$websocket.connect(token);
obey({
  send: (frame) => component.$websocket.send(frame),
  disconnect: () => component.$websocket.disconnect(),
});
