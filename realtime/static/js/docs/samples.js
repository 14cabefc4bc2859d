// Requests and sockets as code that runs as it stands: in a terminal, in JavaScript, in Python.

import { reader } from "../place.js";

/** Whether a guest would be refused, so that samples carry a token. */
const guarded = () => reader.value.access === "closed";

const quoted = (text) => `'${text.replaceAll("'", `'"'"'`)}'`;

const indented = (value) => JSON.stringify(value, null, 2);

// Python's words for what JSON calls otherwise; strings are the same in both.
const python = (value) => JSON.stringify(value, (_, each) => each, 1).replace(/\n\s*/g, " ").replace(/("(?:[^"\\]|\\.)*")|\btrue\b|\bfalse\b|\bnull\b/g, (word, text) => text ?? { true: "True", false: "False", null: "None" }[word]);

/** A request, as a Map of language → code. `body` is a JSON value, or undefined; `media` what it is sent as. */
export function request({ method, url, body, media }) {
  return new Map([
    ["curl", curl(method, url, body, media)],
    ["JavaScript", fetching(method, url, body, media)],
    ["Python", requesting(method, url, body, media)],
  ]);
}

function curl(method, url, body, media) {
  const lines = [`curl ${method === "GET" ? "" : `-X ${method} `}${quoted(url.href)}`];
  if (guarded()) lines.push('-H "Authorization: Bearer $REALTIME_TOKEN"');
  if (body !== undefined) lines.push(`-H ${quoted(`Content-Type: ${media}`)}`, `-d ${quoted(JSON.stringify(body))}`);
  return lines.join(" \\\n  ");
}

function fetching(method, url, body, media) {
  const headers = { ...(guarded() && { Authorization: "Bearer rt_…" }), ...(body !== undefined && { "Content-Type": media }) };
  const given = [
    method !== "GET" && `  method: "${method}",`,
    Object.keys(headers).length > 0 && `  headers: ${JSON.stringify(headers)},`,
    body !== undefined && `  body: JSON.stringify(${JSON.stringify(body)}),`,
  ].filter(Boolean);
  const options = given.length === 0 ? "" : `, {\n${given.join("\n")}\n}`;
  return `const answer = await fetch("${url.href}"${options});\nconsole.log(answer.status, await answer.text());`;
}

function requesting(method, url, body, media) {
  const given = [`"${url.href}"`, `method="${method}"`];
  const headers = { ...(guarded() && { Authorization: "Bearer rt_…" }), ...(body !== undefined && { "Content-Type": media }) };
  if (Object.keys(headers).length > 0) given.push(`headers=${python(headers)}`);
  if (body !== undefined) given.push(`data=json.dumps(${python(body)}).encode()`);
  return `import json, urllib.request\n\nrequest = urllib.request.Request(\n    ${given.join(",\n    ")},\n)\nwith urllib.request.urlopen(request) as answer:\n    print(answer.status, answer.read().decode())`;
}

/** A socket that listens, and says `frame` where one is given. `protocol` is a subprotocol to ask for, or undefined. */
export function socket({ url, frame, protocol }) {
  const asked = protocol === undefined ? "" : `, "${protocol}"`;
  const said = frame === undefined ? "" : `\nws.onopen = () => ws.send(JSON.stringify(${JSON.stringify(frame)}));`;
  const more = protocol === undefined ? "" : `, subprotocols=["${protocol}"]`;
  const token = guarded() ? ', additional_headers={"Authorization": "Bearer rt_…"}' : "";
  const sent = frame === undefined ? "" : `        await ws.send(json.dumps(${python(frame)}))\n`;
  return new Map([
    ["JavaScript", `const ws = new WebSocket("${url.href}"${asked});${said}\nws.onmessage = ({ data }) => console.log(JSON.parse(data));`],
    ["Python", `import asyncio, json, websockets\n\n\nasync def main():\n    async with websockets.connect("${url.href}"${more}${token}) as ws:\n${sent}        async for frame in ws:\n            print(json.loads(frame))\n\n\nasyncio.run(main())`],
  ]);
}

/** A client of Socket.IO that hears everything, and emits an event where one is given. */
export function socketio({ origin, name, payload }) {
  const auth = guarded() ? ', { auth: { token: "rt_…" } }' : "";
  const said = name === undefined ? "" : `\nsocket.emit("${name}", ${indented(payload)}, console.log);`;
  const login = guarded() ? ', auth={"token": "rt_…"}' : "";
  const sent = name === undefined ? "" : `    print(await client.call("${name}", ${python(payload)}))\n`;
  return new Map([
    ["JavaScript", `const socket = io("${origin}"${auth});\nsocket.onAny(console.log);${said}`],
    ["Python", `import asyncio, socketio\n\n\nasync def main():\n    client = socketio.AsyncClient()\n    client.on("*", print)\n    await client.connect("${origin}"${login})\n${sent}    await client.wait()\n\n\nasyncio.run(main())`],
  ]);
}
