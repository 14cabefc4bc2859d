// Broadcast with Socket.IO: an emitted `message:send` goes to all who are connected, and is then acknowledged.
//
// As the library's documentation shows it: `io.emit` (it encodes the packet and its WebSocket
// frame once for all), its default parser and adapter. Nothing is stored, nobody is asked who they are.
"use strict";

const http = require("node:http");
const { randomUUID } = require("node:crypto");
const { Server } = require("socket.io");

const server = http.createServer((request, response) => {
  response.writeHead(request.url === "/ready" ? 200 : 404, { "Content-Length": 0 }).end();
});
const io = new Server(server, { transports: ["websocket"], serveClient: false });

io.on("connection", (socket) => {
  socket.on("message:send", (message, acknowledge) => {
    const id = randomUUID();
    const { chat_id, sender_id, body } = message;
    io.emit("message:send", { id, chat_id, sender_id, body, status: "sent", created_at: new Date().toISOString() });
    acknowledge({ ok: true, id });
  });
});

server.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096 });
