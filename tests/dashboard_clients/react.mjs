// The React hook, in a component that shows nothing and tells what each rendering brings.
import { mount } from "react";
import { obey, tell, token } from "./harness.mjs";
import { useWebSocket } from "./seed.mjs";

let shown = { connected: false, messages: [], metrics: null, csatUpdates: [] };

const unmount = mount(
  () => useWebSocket(token),
  (state) => {
    if (state.connected !== shown.connected) tell(state.connected ? "connected" : "disconnected");
    if (state.metrics !== shown.metrics) tell("dashboard_metrics", state.metrics);
    for (const message of state.messages.slice(shown.messages.length)) tell("chat_message", message);
    for (const update of state.csatUpdates.slice(shown.csatUpdates.length)) tell("csat_update", update);
    shown = state;
  },
);
obey({ send: (frame) => shown.sendMessage(frame), disconnect: unmount });
