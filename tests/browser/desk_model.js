// A small server that does things at random and tells of them later; answers are taken at any moment, may be of before and
// after what was told, and come late too. `check` runs one of the two last functions for many seeds, in the page.

async function check(one) {
  const wrong = [];
  for (let seed = 1; seed <= 300; seed += 1) {
    const found = await one(seed);
    if (found !== null) wrong.push(found);
  }
  return wrong.slice(0, 2);
}

function load(name) {
  return import(document.querySelector("script[type=module]").src.replace(/pages.*/, `conversations/${name}.js`));
}

function random(seed) {
  return () => ((seed = (seed * 1664525 + 1013904223) >>> 0) / 2 ** 32);
}

class Model {
  constructor(seed) {
    this.next = random(seed);
    this.rows = new Map();
    this.messages = new Map();
    this.told = [];
    this.time = 0;
  }
  pick(found) { return found[Math.floor(this.next() * found.length)]; }
  stamp() { return new Date(1e12 + (this.time += 1)).toISOString(); }
  tell(type, data) { this.told.push({ type, channel: "chat", data: structuredClone(data) }); }
  plain(row) { const { last_message, unread, ...rest } = row; return rest; }
  step() {
    const row = this.pick([...this.rows.values()]);
    const message = this.pick([...this.messages.values()]);
    const does = this.next();
    if (row === undefined || does < 0.15) this.open();
    else if (does < 0.5 || message === undefined) this.say(row);
    else if (does < 0.65) this.turn(row);
    else if (does < 0.75) this.edit(message);
    else if (does < 0.85) this.react(message);
    else if (does < 0.93) this.read(message);
    else this.erase(message);
  }
  open() {
    const at = this.stamp();
    const row = { id: this.rows.size + 1, contact_name: "x", assignee: null, assignee_name: null, status: "open",
      last_message_at: null, created_at: at, updated_at: at, last_message: null, unread: 0 };
    this.rows.set(row.id, row);
    this.tell("conversation.created", this.plain(row));
  }
  turn(row) {
    row.status = this.pick(["open", "pending", "closed"]);
    row.updated_at = this.stamp();
    this.tell("conversation.updated", this.plain(row));
  }
  say(row) {
    const at = this.stamp();
    const message = { id: this.messages.size + 1, conversation_id: row.id, content: `at ${at}`, sender: this.pick(["customer", "agent"]),
      sender_name: "y", message_type: "text", status: "sent", edited_at: null, deleted_at: null, created_at: at, updated_at: at, reactions: [] };
    this.messages.set(message.id, message);
    row.last_message_at = at;
    const { reactions, ...told } = message;
    this.tell("message.created", told);
  }
  edit(message) {
    if (message.deleted_at) return;
    message.updated_at = message.edited_at = this.stamp();
    message.content = `edited ${message.updated_at}`;
    this.tell("message.updated", { ...message, change: "edited" });
  }
  read(message) {
    if (message.deleted_at || message.status === "read") return;
    message.updated_at = this.stamp();
    message.status = "read";
    this.tell("message.updated", { ...message, change: "status" });
  }
  react(message) {
    if (message.deleted_at) return;
    const [user_id, reaction] = [this.pick([1, 2]), this.pick(["a", "b", ""])];
    message.reactions = message.reactions.filter((each) => each.user_id !== user_id);
    if (reaction) message.reactions.push({ user_id, username: "z", reaction });
    this.tell("reaction.updated", { message_id: message.id, conversation_id: message.conversation_id, user_id, username: "z", reaction });
  }
  erase(message) {
    if (message.deleted_at) return;
    Object.assign(message, { deleted_at: this.stamp(), content: "", reactions: [] });
    for (const event of this.told) {
      const { data } = event;
      if (event.type.startsWith("message.") && data.id === message.id) event.data = { id: data.id, conversation_id: data.conversation_id, deleted: true };
    }
    this.tell("message.deleted", { id: message.id, conversation_id: message.conversation_id, deleted_by: 1, deleted_at: message.deleted_at });
  }
  shown(row) {
    const own = [...this.messages.values()].filter((message) => message.conversation_id === row.id);
    const last = own.at(-1) ?? null;
    const unread = own.filter(({ sender, status, deleted_at }) => sender === "customer" && status !== "read" && !deleted_at).length;
    const short = last && (({ id, sender, sender_name, message_type, content, created_at, deleted_at }) => ({ id, sender, sender_name, message_type, content, created_at, deleted_at }))(last);
    return structuredClone({ ...row, last_message: short, unread });
  }
  list(status) {
    const activity = (row) => row.last_message_at ?? row.created_at;
    return [...this.rows.values()].filter((row) => status === "" || row.status === status)
      .sort((one, other) => (activity(one) < activity(other) ? 1 : -1)).map((row) => this.shown(row));
  }
  thread(id) { return structuredClone([...this.messages.values()].filter((message) => message.conversation_id === id)); }
}

// What the list shows in the end, and what the server has, where that is not the same.
async function checkList(seed) {
  const { ConversationList, EVERYTHING } = await load("list");
  const model = new Model(seed), list = new ConversationList(), status = model.pick(["", "open", "closed"]);
  const stale = new Set(), found = [];
  const want = (wanted) => typeof wanted === "number" && stale.add(wanted);
  const may = (chance) => model.next() < chance;
  let heard = 0, answer = null, note = [];
  const hear = (upto) => { for (; heard < upto; heard += 1) want(list.hear(model.told[heard])); };
  const look = () => { for (const id of stale) found.push(model.shown(model.rows.get(id))); stale.clear(); };
  const put = () => { for (const row of found.splice(0)) want(list.put(row)); };
  const fill = () => { list.fill(answer, answer.length, list.heard.end(note)).forEach(want); answer = null; };
  for (let n = 0; n < 20; n += 1) model.step();
  heard = model.told.length - Math.floor(model.next() * 3);
  list.forget({ ...EVERYTHING, status });
  for (let n = 0; n < 60; n += 1) {
    if (may(0.1) && answer === null) { note = list.heard.begin(); answer = false; }
    if (answer === false && may(0.5)) answer = model.list(status);
    if (answer && may(0.3)) fill();
    model.step();
    if (may(0.5)) hear(heard + Math.floor(model.next() * (model.told.length - heard + 1)));
    if (may(0.3)) look();
    if (may(0.3)) put();
    if (may(0.2)) list.draw();
  }
  if (answer === null) { note = list.heard.begin(); answer = false; }
  answer ||= model.list(status);
  hear(model.told.length - 1);
  fill();
  hear(model.told.length);
  while (stale.size + found.length > 0) { put(); look(); }
  list.draw();
  const known = (row) => JSON.stringify([row.id, row.status, row.unread, row.last_message?.id, row.last_message?.content, row.last_message_at]);
  const [is, has] = [list.rows.value.map(known), model.list(status).map(known)];
  return is.join() === has.join() && list.count.value === has.length ? null : { seed, is, has };
}

// The same of one conversation.
async function checkThread(seed) {
  const { Thread } = await load("thread");
  const model = new Model(seed), thread = new Thread(1);
  for (let n = 0; n < 30; n += 1) model.step();
  let heard = model.told.length - Math.floor(model.next() * 5);
  const hear = (upto) => { for (; heard < upto; heard += 1) thread.hear(model.told[heard]); };
  const note = thread.heard.begin();
  for (let n = 0; n < 20; n += 1) { model.step(); if (model.next() < 0.4) hear(heard + 1); }
  const answer = model.thread(1);
  for (let n = 0; n < 20; n += 1) { model.step(); if (model.next() < 0.4) hear(heard + 1); }
  thread.fill(model.shown(model.rows.get(1)), answer.reverse(), false, [], thread.heard.end(note));
  hear(model.told.length);
  thread.draw();
  const known = ({ id, content, status, deleted_at, reactions }) =>
    JSON.stringify([id, content, deleted_at || status, reactions.map(({ user_id, reaction }) => user_id + reaction).sort()]);
  // One that was made and deleted before it was heard of leaves nothing to show.
  const is = thread.messages.value.map(known);
  const has = model.thread(1).filter(({ id, deleted_at }) => !deleted_at || thread.known.has(id)).map(known);
  return is.join() === has.join() ? null : { seed, is, has };
}
