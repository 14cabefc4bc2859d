// Broadcast with `ws`: POST /publish sends one event to all who listen on /subscribe.
//
// The body is parsed (a server that passes on unchecked JSON is none) and the frame is
// serialised once for all. Nothing is stored, and nobody is asked who they are.
"use strict";

const http = require("node:http");
const { WebSocketServer } = require("ws");

let seq = 0;

function publish(body, response) {
  let data;
  try {
    data = JSON.parse(body);
  } catch {
    response.writeHead(400).end();
    return;
  }
  const at = new Date().toISOString();
  seq += 1;
  const frame = Buffer.from(JSON.stringify({ type: "message", channel: "bench", data, timestamp: at, seq }));
  for (const client of sockets.clients) {
    if (client.readyState === client.OPEN) client.send(frame, { binary: false });
  }
  const answer = JSON.stringify({ seq, channel: "bench", at });
  response.writeHead(201, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(answer) });
  response.end(answer);
}

const server = http.createServer((request, response) => {
  if (request.method === "GET" && request.url === "/ready") {
    response.writeHead(200, { "Content-Length": 0 }).end();
    return;
  }
  if (request.method !== "POST" || request.url !== "/publish") {
    response.writeHead(404, { "Content-Length": 0 }).end();
    return;
  }
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => publish(parts.length === 1 ? parts[0] : Buffer.concat(parts), response));
});

const sockets = new WebSocketServer({ server, path: "/subscribe", perMessageDeflate: false });
server.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096 });
