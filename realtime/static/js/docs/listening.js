// A socket, opened for real with the reader's own rights: what is said there, and what comes.

import { useEffect, useRef, useState } from "preact/hooks";
import { Field } from "../components/field.js";
import { html } from "../html.js";
import { t } from "../words.js";

/** Frames that are shown; older ones make room. */
const SHOWN = 20;

/**
 * A button that opens the socket `target` (`{url, protocol, socketio}`), and one that closes it. What is typed in the
 * field, `given` at first, is said when it is open; `name` is that of the event, where it is one of Socket.IO.
 */
export function Listening({ target, label, name, given }) {
  const [frames, setFrames] = useState([]);
  const [open, setOpen] = useState(false);
  const form = useRef(null);
  const socket = useRef(null);
  useEffect(() => () => socket.current?.close(), []);
  const show = (text) => setFrames((now) => [...now, text].slice(-SHOWN));
  const begin = (event) => {
    event.preventDefault();
    if (open) {
      socket.current.close();
      return;
    }
    setFrames([]);
    const text = new FormData(form.current).get("frame");
    socket.current = target.socketio ? emitter(target.url, name, text, show) : speaker(target, text, show);
    socket.current.addEventListener("open", () => setOpen(true));
    socket.current.addEventListener("close", ({ code, reason }) => {
      setOpen(false);
      show(t("Closed: %(code)s %(reason)s", { code, reason }));
    });
  };
  return html`<form ref=${form} class="trying" onSubmit=${begin} aria-label=${`${label}: ${target.url.pathname} ${name ?? ""}`}>
    ${given !== undefined && html`<${Field} label=${t("Frame")} name="frame" rows=${4} value=${JSON.stringify(given)} spellcheck="false" />`}
    <div class="actions"><button type="submit" class=${open ? "quiet" : undefined}>${open ? t("Close") : label}</button></div>
    <div class="frames" role="log" aria-label=${t("What comes")}>${frames.map((frame, index) => html`<p key=${index}><code>${frame}</code></p>`)}</div>
  </form>`;
}

function speaker({ url, protocol }, text, show) {
  const ws = protocol === undefined ? new WebSocket(url) : new WebSocket(url, protocol);
  ws.addEventListener("open", () => text !== null && ws.send(text));
  ws.addEventListener("message", ({ data }) => show(data));
  return ws;
}

// Socket.IO 5 over Engine.IO 4, as far as one page needs it.
function emitter(url, name, text, show) {
  const ws = new WebSocket(url);
  ws.addEventListener("message", ({ data }) => {
    if (data.startsWith("0")) ws.send('40{"since":"now"}');
    else if (data === "2") ws.send("3");
    else if (data.startsWith("40") && text !== null) ws.send(`421[${JSON.stringify(name)},${text}]`);
    else if (/^4[234]/.test(data)) show(data.replace(/^4[234]\d*/, ""));
  });
  return ws;
}
