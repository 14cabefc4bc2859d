// A client of the sensor event socket, for trying and watching. It stands alone: one page and this
// script, served by the server or opened as a file. What it shows are the frames as they came.
"use strict";

(() => {
  const KEPT = 500; // frames that are kept and shown
  const SHOWN = 4_000; // characters of a frame that are shown; the copy has all
  const SEED_CHANNELS = ["general", "sensors", "readings", "locations", "anomalies", "predictions"];
  const FINAL = new Set([1000, 1002, 1008, 1009]); // after these the same request would only be refused again
  const CODES = {
    1001: "The server is shutting down.",
    1006: "The connection was lost.",
    4500: "The token is not valid: it is mistyped, expired or revoked.",
    4501: "The server did not understand this client.",
    4502: "The server wants a token: paste one into the token field.",
    4503: "The server has closed this connection on purpose.",
    4507: "This token may not read these channels.",
  };
  const TOKEN_COMMAND = "python3 run.py token create --user ana --role agent";

  const CLOCK = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

  const find = (id) => document.getElementById(id);
  const isFile = location.protocol === "file:";
  let target = null; // {url, token} of the last "Connect"
  let socket = null;
  let position = null; // "epoch:seq": where to go on
  let tip = null; // the position of the newest event when we were greeted
  let lastSeq = 0;
  let attempts = 0;
  let timer, countdown, asking;
  let received = 0;
  let kept = []; // newest first

  // -- what the fields say ---------------------------------------------------

  function channels() {
    const ticked = [...find("channels").querySelectorAll("input:checked")].map((box) => box.value);
    const others = find("others").value.split(",").map((name) => name.trim()).filter(Boolean);
    return [...new Set([...ticked, ...others])];
  }

  /** The URL of the door: with a token, or for channels of the users' own, it is `/secure`. Throws Error. */
  function door() {
    const text = find("address").value.trim();
    if (!/^(ws|http)s?:/.test(text) || !URL.canParse(text)) {
      throw new Error("The address must look like ws://localhost:8000/api/v1/ws.");
    }
    const url = new URL(text);
    url.protocol = url.protocol.replace("http", "ws");
    if (url.searchParams.has("token") || url.searchParams.has("ticket") || url.username || url.password) {
      throw new Error("Addresses end in logs and histories: put the token into the token field.");
    }
    const secure = token() !== "" || channels().some((name) => !SEED_CHANNELS.includes(name));
    if (secure) url.pathname = url.pathname.replace(/\/ws\/?$/, "/ws/secure");
    url.hash = "";
    return url;
  }

  const token = () => find("token").value.trim();

  /** The same place by plain HTTP. */
  function httpUrl(url, path = url.pathname) {
    const plain = new URL(url);
    plain.protocol = plain.protocol.replace("ws", "http");
    plain.pathname = path;
    return plain;
  }

  // -- the connection ----------------------------------------------------------

  function begin() {
    stop();
    position = null;
    lastSeq = attempts = 0;
    tell("told", "");
    if (channels().length === 0) return tell("told", "Tick a channel, or name one.");
    if (isFile && token() === "") return tell("told", `A page that was opened as a file needs a token. On the server's machine: ${TOKEN_COMMAND}`);
    try {
      target = { url: door(), token: token() };
    } catch (error) {
      return tell("told", error.message);
    }
    target.url.searchParams.set("channel", channels().join(","));
    connect();
  }

  function connect() {
    clear(timer, countdown);
    const { url, token } = target;
    url.searchParams.set("since", position ?? "now");
    show("wait", position === null ? "Connecting …" : "Reconnecting …");
    busy(true);
    let opened = false;
    const mine = (socket = new WebSocket(url));
    mine.onopen = () => {
      opened = true;
      if (token !== "") mine.send(JSON.stringify({ type: "auth", token }));
      show("wait", "Waiting for the server's hello …");
    };
    mine.onmessage = ({ data }) => hear(data);
    mine.onclose = ({ code, reason }) => {
      if (socket !== mine) return;
      socket = null;
      closed(url, opened, code, reason);
    };
  }

  function closed(url, opened, code, reason) {
    const said = [CODES[code], reason && `(${reason})`].filter(Boolean).join(" ");
    if (code >= 4500 || FINAL.has(code)) {
      end(`Closed (${code})`);
      tell("told", said || `The server closed the connection with ${code}.`);
    } else if (opened) {
      tell("told", `${said} Trying again from ${position ?? "now"}.`);
      wait();
    } else {
      explain(url);
    }
  }

  /** A browser does not say why an upgrade was refused; a plain request to the same address is told. */
  async function explain(url) {
    const last = timer;
    const answer = await fetch(httpUrl(url)).catch(() => null);
    if (socket !== null || timer !== last) return; // the reader did not wait for it
    const { detail = answer?.statusText } = (await answer?.json().catch(() => null)) ?? {};
    const again = answer === null || answer.status === 426 || answer.status === 429 || answer.status >= 500;
    if (again && (position !== null || answer?.status === 426)) return wait();
    const help = [401, 403].includes(answer?.status) ? ` Paste a token. On the server's machine: ${TOKEN_COMMAND}` : "";
    end(answer === null ? "No answer" : "Refused");
    tell("told", answer === null ? `No server answers at ${url.host}. Is it running, and is the address right?` : `${detail}${help}`);
  }

  /** Come back from where we were: after a while that doubles, and not all clients at once. */
  function wait() {
    const delay = Math.min(5_000, 1_000 * 2 ** attempts) * (0.3 + 0.7 * Math.random());
    attempts += 1;
    const until = performance.now() + delay;
    const count = () => show("wait", `Reconnecting in ${Math.max(0, Math.ceil((until - performance.now()) / 1_000))} s`);
    count();
    countdown = setInterval(count, 250);
    timer = setTimeout(connect, delay);
  }

  /** After a sleep a socket may be long dead without saying so: ask, and do not wait for ever. */
  function check() {
    if (find("disconnect").disabled) return;
    if (socket === null) return connect();
    if (socket.readyState !== WebSocket.OPEN) return;
    clear(asking);
    asking = setTimeout(() => (stop(), connect()), 5_000);
    socket.send('{"action":"ping"}');
  }

  function stop() {
    clear(timer, countdown, asking);
    socket?.close(1000);
    socket = null;
  }

  function end(state, kind = "stop") {
    clear(timer, countdown);
    show(kind, state);
    busy(false);
  }

  // -- frames --------------------------------------------------------------------

  function hear(text) {
    clear(asking);
    const frame = JSON.parse(text);
    if (frame.type === "hello") {
      attempts = 0;
      tip = `${frame.epoch}:${frame.tip}`;
      if (position === null) live(frame.position);
      else show("wait", "Catching up …");
      tell("told", "");
    } else if (frame.type === "recovered") {
      live(frame.position);
    } else if (frame.type === "gap") {
      position = frame.to;
      lastSeq = Number(frame.to.split(":").at(-1));
      if (frame.to === tip) live(frame.to); // nothing of the past will follow
    } else if (typeof frame.seq === "number") {
      if (frame.seq <= lastSeq) return; // we have it
      lastSeq = frame.seq;
      position = position?.replace(/\d+$/, frame.seq) ?? null;
    }
    received += 1;
    kept.unshift({ at: new Date(), frame, text });
    find("frames").prepend(item(kept[0]));
    for (; kept.length > KEPT; kept.pop()) find("frames").lastElementChild.remove();
    recount();
  }

  function live(from) {
    position = from;
    show("open", "Connected");
  }

  function item({ at, frame, text }) {
    const [kind, name] = kindOf(frame);
    const more = [frame.seq === undefined ? "" : `seq ${frame.seq}`, frame.replayed ? "replayed" : ""].join(" ");
    const line = element("p", element("time", CLOCK.format(at)), element("strong", name), element("small", more));
    line.firstChild.title = at.toISOString();
    const made = element("li", line, element("pre", shorten(text)));
    made.dataset.kind = kind;
    return made;
  }

  function kindOf(frame) {
    if (frame.type === "entity_event") return [frame.event_type, `${frame.entity_type} ${frame.event_type}`];
    if (frame.type === "system_event") return [frame.level, `system ${frame.level}`];
    if (frame.type === "result" && !frame.success) return ["failure", "result: failure"];
    if (frame.type === "message") return ["message", `message on ${frame.channel}`];
    return [String(frame.type), String(frame.type)];
  }

  async function copy() {
    const text = `[\n${kept.map((one) => one.text).reverse().join(",\n")}\n]`;
    try {
      await navigator.clipboard.writeText(text);
      find("copy").textContent = "Copied";
      setTimeout(() => (find("copy").textContent = "Copy as JSON"), 2_000);
    } catch {
      // Browsers give a clipboard to https, localhost and files alone.
      Object.assign(find("copied"), { hidden: false, value: text }).select();
    }
  }

  // -- the test event --------------------------------------------------------------

  async function sendTest() {
    const channel = channels().find((name) => SEED_CHANNELS.includes(name)) ?? "general";
    try {
      const here = door();
      const url = httpUrl(here, here.pathname.replace(/\/ws(\/secure)?\/?$/, "/ws/test-event"));
      url.search = new URLSearchParams({ channel, message: find("message").value });
      const headers = token() === "" ? {} : { Authorization: `Bearer ${token()}` };
      const answer = await fetch(url, { method: "POST", headers });
      const body = await answer.json();
      tell("test-told", answer.ok ? `Sent to ${channel} as event ${body.seq}; listening: ${body.matched}.` : body.detail, !answer.ok);
    } catch (error) {
      tell("test-told", error instanceof TypeError ? "No server answers there." : error.message);
    }
  }

  // -- the page ------------------------------------------------------------------------

  /** An element with these children; what is text stays text. */
  function element(name, ...children) {
    const made = document.createElement(name);
    made.append(...children);
    return made;
  }

  function show(kind, text) {
    const state = find("state");
    find("send").disabled = !(find("send-hint").hidden = kind === "open");
    state.dataset.kind = kind;
    state.ariaLive = /\d s$/.test(text) ? "off" : "polite"; // nobody wants to hear a countdown
    if (state.textContent !== text) state.textContent = text;
  }

  function tell(id, text, bad = text !== "") {
    find(id).textContent = text;
    find(id).dataset.kind = bad ? "bad" : "";
  }

  function busy(connected) {
    find("connect").textContent = connected ? "Reconnect" : "Connect";
    find("disconnect").disabled = !connected;
  }

  function recount() {
    find("count").textContent = received > kept.length ? `${received}, the last ${kept.length} shown` : received;
    find("copy").disabled = find("clear").disabled = kept.length === 0;
    find("empty").hidden = kept.length > 0;
  }

  const shorten = (text) => (text.length > SHOWN ? `${text.slice(0, SHOWN)}… (${text.length} characters)` : text);
  const clear = (...timers) => timers.forEach((one) => clearInterval(one));

  const base = isFile ? "http://localhost:8000/" : location.href;
  find("address").value = new URL("api/v1/ws", base).href.replace(/^http/, "ws");
  find(isFile ? "file-hint" : "home").hidden = false;
  find("connection").addEventListener("submit", (event) => (event.preventDefault(), begin()));
  find("disconnect").addEventListener("click", () => (stop(), end("Not connected", "idle"), tell("told", "")));
  find("test").addEventListener("submit", (event) => (event.preventDefault(), sendTest()));
  find("copy").addEventListener("click", copy);
  find("clear").addEventListener("click", () => {
    [kept, received] = [[], 0];
    find("frames").replaceChildren();
    find("copied").hidden = true;
    recount();
  });
  addEventListener("online", check);
  document.addEventListener("visibilitychange", () => document.hidden || check());
})();
