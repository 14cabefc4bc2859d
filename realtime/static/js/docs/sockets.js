// The sockets of the server (AsyncAPI): how each is opened, what may be said there, what is heard.

import { signal } from "@preact/signals";
import { html } from "../html.js";
import { address, socketAddress } from "../place.js";
import { t } from "../words.js";
import { Listening } from "./listening.js";
import { Code, Fields, Fold, Json, Lines, Said } from "./parts.js";
import { socket, socketio } from "./samples.js";
import { kind, resolved } from "./schema.js";

const SOCKETIO = "/socket.io/";

const open = signal(new Set());

function fold(id) {
  return {
    open: open.value.has(id),
    onOpen(isOpen) {
      if (open.peek().has(id) === isOpen) return;
      const now = new Set(open.peek());
      if (isOpen) now.add(id);
      else now.delete(id);
      open.value = now;
    },
  };
}

/** All sockets of the document. */
export function Sockets({ root }) {
  return Object.entries(root.channels).map(([name, channel]) => html`<${Fold} key=${name} ...${fold(name)}
    head=${html`<span class="about" lang="en">${channel.title}</span> <code class="path">${channel.address}</code>`}>
    ${() => html`<${Door} root=${root} name=${name} channel=${channel} />`}
  <//>`);
}

function Door({ root, name, channel }) {
  const { description, bindings } = channel;
  const query = Object.entries(bindings.ws.query.properties).map(([each, schema]) => ({ path: each, kind: kind(root, schema), required: false, says: schema.description ?? "" }));
  const heard = root.operations[`${name}.hear`].messages.map((each) => resolved(root, each)).map((each) => resolved(root, each));
  const commands = Object.values(root.operations).filter((each) => each.action === "receive" && each.channel.$ref === `#/channels/${name}`);
  return html`
    <p lang="en"><${Said} text=${description} /></p>
    <${Lines} caption=${t("Parameters")} lines=${query} />
    <${Code} label=${t("Code")} samples=${samples(channel)} />
    <${Listening} target=${target(channel)} label=${t("Listen here")} />
    <h3>${t("What you may say")}</h3>
    ${commands.map((each) => html`<${Command} key=${each.messages[0].$ref} root=${root} channel=${channel} operation=${each} />`)}
    <h3>${t("What you hear")}</h3>
    ${heard.map((message, index) => html`<${Heard} key=${index} root=${root} id=${`${name}/${index}`} message=${message} />`)}
  `;
}

function Command({ root, channel, operation }) {
  const [{ $ref: ref }] = operation.messages;
  const message = resolved(root, resolved(root, operation.messages[0]));
  const [done, refused] = operation.reply.messages.map((each) => resolved(root, resolved(root, each)));
  const [{ payload }] = message.examples;
  return html`<${Fold} ...${fold(ref)} head=${html`<code>${message.name}</code> <span class="about" lang="en"><${Said} text=${message.summary} /></span>`}>
    ${() => html`
      <${Fields} root=${root} schema=${message.payload} caption=${t("Fields")} />
      <${Code} label=${t("Code")} samples=${samples(channel, message.name, payload)} />
      <${Json} title=${t("Done")} value=${done.examples[0].payload} />
      <${Json} title=${t("Refused")} value=${refused.examples[0].payload} />
      <${Listening} target=${target(channel)} label=${t("Say it and listen")} name=${message.name} given=${payload} />
    `}
  <//>`;
}

function Heard({ root, id, message }) {
  return html`<${Fold} ...${fold(id)} head=${html`<code>${message.name}</code> <span class="about">${message.title !== message.name && html`<code>${message.title}</code>`} <span lang="en"><${Said} text=${message.summary} /></span></span>`}>
    ${() => html`<${Json} title=${t("For example")} value=${message.examples[0].payload} /><${Fields} root=${root} schema=${message.payload} caption=${t("Fields")} />`}
  <//>`;
}

/** Where a socket is, and how it is spoken to: `{url, protocol, socketio}`. */
function target({ address: path, bindings }) {
  const isSocketIO = path === SOCKETIO;
  const query = isSocketIO ? { EIO: "4", transport: "websocket" } : { since: "now" };
  return { url: socketAddress(path.slice(1), query), protocol: bindings.ws.headers?.properties["Sec-WebSocket-Protocol"]?.const, socketio: isSocketIO };
}

function samples(channel, name, payload) {
  const { url, protocol, socketio: isSocketIO } = target(channel);
  if (isSocketIO) return socketio({ origin: address("").origin, name, payload });
  return socket({ url, protocol, frame: payload });
}
