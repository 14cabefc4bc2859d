// The present choice as programs that run: what they print is what the console shows.

import { address, reader, socketAddress } from "../place.js";

/** `[name, code]` of each language, for `{channels, type, since}`; without a `since` they begin now. */
export function programs({ channels, type, since }) {
  const query = { channel: channels.length > 0 ? channels.join(",") : undefined, since: since || "now" };
  const closed = reader.value.access === "closed";
  return [
    ["curl", curl(query, type, closed)],
    ["JavaScript", javascript({ ...query, channel: query.channel ?? "*" }, type, closed)],
    ["Python", python(query, type, closed)],
  ];
}

function curl(query, type, closed) {
  const token = closed ? ' -H "Authorization: Bearer $REALTIME_TOKEN"' : "";
  // A line is JSON without spaces, so the type of an event can be told by its text.
  const grep = type ? ` | grep --line-buffered -F ${quoted(`,"type":${JSON.stringify(type)},`)}` : "";
  return `curl -N${token} ${quoted(address("api/v1/events/ndjson", query).href)}${grep}`;
}

/** A word of a shell. */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function javascript({ channel, since }, type, closed) {
  const offered = closed ? '["realtime.v1", "bearer", token]' : '["realtime.v1"]';
  return `${closed ? 'const token = "rt_…";\n' : ""}let position = ${JSON.stringify(since)};

function listen() {
  const url = new URL(${JSON.stringify(socketAddress("api/v1/ws/secure").href)});
  url.search = new URLSearchParams({ channel: ${JSON.stringify(channel)}, since: position });
  const socket = new WebSocket(url, ${offered});
  let epoch;
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    if (frame.type === "hello") [epoch, position] = [frame.epoch, frame.position];
    if (frame.type === "gap") console.warn("cannot be replayed:", frame.from, frame.to);
    if (!("seq" in frame)) return;
    position = \`\${epoch}:\${frame.seq}\`;
    ${type ? `if (frame.type === ${JSON.stringify(type)}) ` : ""}console.log(frame);
  };
  socket.onclose = ({ code }) => {
    if (code < 4500) setTimeout(listen, 1000 + Math.random() * 4000);
  };
}

listen();`;
}

function python({ channel, since }, type, closed) {
  const query = channel === undefined ? '{"since": position}' : `{"channel": ${literal(channel)}, "since": position}`;
  const header = closed ? '\n    request.add_header("Authorization", "Bearer " + os.environ["REALTIME_TOKEN"])' : "";
  const modules = ["http.client", "json", ...(closed ? ["os"] : []), "time", "urllib.error", "urllib.parse", "urllib.request"];
  return `${modules.map((name) => `import ${name}`).join("\n")}

url = ${literal(address("api/v1/events/ndjson").href)}
position, epoch = ${literal(since)}, None

while True:
    query = urllib.parse.urlencode(${query})
    request = urllib.request.Request(f"{url}?{query}")${header}
    try:
        with urllib.request.urlopen(request, timeout=60) as stream:
            for line in filter(str.strip, map(bytes.decode, stream)):  # an empty line is a sign of life
                frame = json.loads(line)
                if frame["type"] == "hello":
                    epoch, position = frame["epoch"], frame["position"]
                if "seq" in frame:
                    position = f"{epoch}:{frame['seq']}"
                    ${type ? `if frame["type"] == ${literal(type)}:\n                        ` : ""}print(json.dumps(frame), flush=True)
    except urllib.error.HTTPError as error:
        raise SystemExit(error.read().decode())
    except (OSError, http.client.HTTPException):
        time.sleep(2)  # the server is away; it goes on where it was`;
}

/** A string of Python: that of JSON is one as well. */
function literal(text) {
  return JSON.stringify(text);
}
