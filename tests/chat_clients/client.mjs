// The official client of Socket.IO, told what to do by lines of JSON, telling what happens by such lines:
// ["event", name, ...args], ["connect"], ["connect_error", message, data], ["disconnect", reason], ["ack", n, ...args],
// ["transport", name] when it changes.
import { createInterface } from 'node:readline';
import { io } from 'socket.io-client';

const [url, options] = process.argv.slice(2);
const tell = (...line) => console.log(JSON.stringify(line));
const socket = io(url, { reconnectionDelay: 50, reconnectionDelayMax: 200, ...JSON.parse(options) });

// What it knows when it comes back: the position after the last event that it has seen.
const following = socket.auth && 'since' in socket.auth;
socket.onAny((name, ...args) => {
  tell('event', name, ...args);
  const [payload] = args;
  if (following && name === 'hello') socket.auth.since = payload.position;
  if (following && payload?.seq) socket.auth.since = String(payload.seq);
});
socket.on('connect', () => tell('connect', socket.io.engine.transport.name));
socket.on('connect_error', (error) => tell('connect_error', error.message, error.data ?? null));
socket.on('disconnect', (reason) => tell('disconnect', reason));
socket.io.on('open', () => socket.io.engine.on('upgrade', (transport) => tell('transport', transport.name)));

const commands = {
  emit: (...args) => socket.emit(...args),
  ask: (number, ...args) => socket.emit(...args, (...answer) => tell('ack', number, ...answer)),
  // A piece of a document, as it stands there.
  run: (source) => new Function('socket', source)(socket),
  binary: (number) => socket.emit('message:send', Buffer.from('abc'), (...answer) => tell('ack', number, ...answer)),
  auth: (auth) => Object.assign(socket.auth, auth),
  connect: () => socket.connect(),
  disconnect: () => socket.disconnect(),
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const [name, ...args] = JSON.parse(line);
  commands[name](...args);
});
