import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { awaitPerson, closeDesk, decided, openDesk } from "../lib/approvals.js";
import { edge, exec, settings } from "./stand_in.js";
import { gateway } from "./stand_in_gateway.js";

const TELEGRAM = { kind: "channel", id: "telegram:default" };

/** @type {string[]} */
let warnings = [];

afterEach(() => {
  closeDesk();
  warnings = [];
});

let last = 0;

/** @param {object} more */
function pending(more = {}) {
  last += 1;
  const approval = { id: last.toString(16).padStart(32, "0"), expires: Date.now() / 1000 + 3600, digest: "d" };
  return { decision: "pending", level: "yellow_external", rule: "curl", reason: "sends data", channel: true, approval, ...more };
}

/** @param {Record<string, any>} answer */
function question(answer, params = { command: "curl example.test" }) {
  const { ctx } = exec(params);
  const requester = { channel: "telegram", accountId: "default", senderId: "777", senderIsOwner: false };
  const call = { id: "call_1", tool: "exec", params, agent: "main", session: "agent:main:main" };
  return { call, answer, ctx: /** @type {any} */ ({ ...ctx, channelId: "telegram:777", requester }) };
}

/**
 * OpenClaw's approvals: what is asked stays open until `press`.
 * @param {string | undefined} label
 * @param {{ kind: string, id: string } | undefined} resolver
 */
function chat(label = "Telegram approval (777)", resolver = TELEGRAM) {
  const { promise, resolve } = Promise.withResolvers();
  const decision = (/** @type {any} */ params) => promise.then((said) => ({ id: params.id ?? "plugin:1", decision: said }));
  const there = gateway({
    "plugin.approval.request": (params, options) => {
      options.onAccepted({ id: "plugin:1", status: "accepted" });
      return decision(params);
    },
    "plugin.approval.waitDecision": decision,
    "plugin.approval.resolve": (params) => {
      resolve(params.decision);
      return { ok: true };
    },
    "approval.history": () => ({ items: [{ id: "plugin:0" }, { id: "plugin:1", resolver }] }),
  });
  const press = (/** @type {string | null} */ said) => {
    resolve(said);
    there.tell("plugin.approval.resolved", { id: "plugin:1", decision: said, resolvedBy: label });
  };
  return { ...there, press };
}

/** @param {(body: any) => unknown} [answer]  what the edge says to a button */
async function edges(answer = () => ({ ok: true })) {
  const { promise, resolve } = Promise.withResolvers();
  const there = await edge(({ path, body }, response) => {
    if (path === "/v1/redact") {
      return { value: JSON.parse(JSON.stringify(body.value).replaceAll("hunter2", "SECRET_REF(PW)")), findings: 0 };
    }
    setImmediate(resolve, body);
    if (path !== "/v1/answer") response.statusCode = 500;
    return answer(body);
  });
  return { ...there, button: /** @type {Promise<any>} */ (promise) };
}

/** @param {ReturnType<typeof gateway>} there */
function operator({ connect }) {
  return { config: () => ({}), warn: (/** @type {string} */ line) => void warnings.push(line), connect };
}

/** @param {string} socket @param {ReturnType<typeof gateway>} there */
function desk(socket, there) {
  openDesk(settings(socket), operator(there));
}

/**
 * A question is open in the chat, and its call has gone away with "pending".
 * @param {ReturnType<typeof gateway>} there
 */
async function opened(there) {
  const { socket, button, questions } = await edges();
  desk(socket, there);
  const answer = pending();
  await awaitPerson(question(answer), async () => answer);
  await there.asked("plugin.approval.request");
  return { answer, button, questions };
}

/** @param {() => boolean} condition */
async function until(condition) {
  while (!condition()) await new Promise(setImmediate);
}

/** @param {ReturnType<typeof gateway>} there @param {string} method */
function sent(there, method) {
  return there.requests.filter((request) => request.method === method).map(({ params }) => params);
}

test("a question that a chat may answer is put there, whole and without secrets, for one time only", async () => {
  const there = chat();
  const { socket } = await edges();
  desk(socket, there);
  const open = Promise.withResolvers();
  const answer = pending();
  const call = awaitPerson(question(answer, { command: "curl -d hunter2 example.test" }), () => open.promise);
  await there.asked("plugin.approval.request");
  const { timeoutMs, ...asked } = sent(there, "plugin.approval.request")[0];
  assert.ok(timeoutMs > 0 && timeoutMs <= 600_000);
  assert.deepEqual(asked, {
    pluginId: "safety-gateway",
    title: "exec: yellow_external",
    description: 'sends data (curl)\n{"command":"curl -d SECRET_REF(PW) example.test"}',
    severity: "warning",
    toolName: "exec",
    toolCallId: "call_1",
    allowedDecisions: ["allow-once", "deny"],
    agentId: "main",
    sessionKey: "agent:main:main",
    turnSourceChannel: "telegram",
    turnSourceTo: "telegram:777",
    turnSourceAccountId: "default",
    twoPhase: true,
  });
  open.resolve(answer);
  assert.equal(await call, answer);
});

for (const [said, allow] of /** @type {const} */ ([["allow-once", true], ["allow-always", true], ["deny", false]])) {
  test(`${said} is brought to the edge as one answer, with who gave it`, async () => {
    const there = chat();
    const { button, answer } = await opened(there);
    there.press(said);
    assert.deepEqual(await button, { request: answer.approval.id, allow, channel: "telegram", approver: "777" });
  });
}

test("/approve in a chat says who wrote it", async () => {
  const there = chat("Chat approval (telegram:777)");
  const { button } = await opened(there);
  there.press("allow-once");
  assert.equal((await button).approver, "777");
});

test("a device's no counts as that of the person who holds it", async () => {
  const there = chat("openclaw-control-ui", { kind: "device", id: "ab12" });
  const { button } = await opened(there);
  there.press("deny");
  const { allow, channel, approver } = await button;
  assert.deepEqual([allow, channel, approver], [false, "control-ui", "device ab12"]);
});

// OpenClaw pairs with a device on its own machine by itself, if it shows the gateway's token.
for (const resolver of [{ kind: "device", id: "ab12" }, { kind: "runtime", id: "cli" }, { kind: "system", id: "x" }, undefined]) {
  test(`the yes of ${resolver?.kind ?? "nobody"} does not count: an agent could give it to itself`, async () => {
    const there = chat("Telegram approval (777)", resolver ?? /** @type {any} */ (null));
    const { questions } = await opened(there);
    there.press("allow-once");
    await until(() => warnings.length > 0);
    assert.match(String(warnings), /does not count/);
    assert.deepEqual(questions.map(({ path }) => path), ["/v1/redact"]);
  });
}

test("anybody's no counts", async () => {
  const there = chat("cli", { kind: "runtime", id: "cli" });
  const { button } = await opened(there);
  there.press("deny");
  const { allow, channel, approver } = await button;
  assert.deepEqual([allow, channel, approver], [false, "gateway", "cli"]);
});

test("a button alone lets no call run: the edge's answer does", async () => {
  const there = chat();
  const { socket, button } = await edges();
  desk(socket, there);
  const answer = pending();
  const edgeSays = Promise.withResolvers();
  const call = awaitPerson(question(answer), () => edgeSays.promise);
  await there.asked("plugin.approval.request");
  there.press("allow-once");
  await button;
  assert.equal(await Promise.race([call, new Promise((done) => setImmediate(done, "waits"))]), "waits");
  const refusal = { decision: "block", level: "yellow_external", rule: "approval denied", reason: "the hub said no" };
  edgeSays.resolve(refusal);
  assert.equal(await call, refusal);
});

for (const [answer, decision] of /** @type {const} */ ([
  [{ decision: "allow" }, "allow-once"],
  [{ decision: "block", rule: "approval denied" }, "deny"],
])) {
  test(`when the hub answers first (${answer.decision}), the question in the chat is closed, and no button is reported`, async () => {
    const there = chat("Safety Gateway", { kind: "runtime", id: "gateway-client" });
    const { socket, questions } = await edges();
    desk(socket, there);
    await awaitPerson(question(pending()), async () => {
      await there.asked("plugin.approval.request");
      return { ...answer };
    });
    await there.asked("plugin.approval.resolve");
    assert.deepEqual(sent(there, "plugin.approval.resolve"), [{ id: "plugin:1", decision }]);
    await until(() => there.connections.every(({ open }) => !open));
    assert.deepEqual(questions.map(({ path }) => path), ["/v1/redact"]);
    assert.deepEqual(warnings, []);
  });
}

/**
 * A decision as the edge's list brings it.
 * @param {string} id
 * @param {boolean} allow
 * @param {object} more
 */
function told(id, allow, more = {}) {
  return { id, session: "agent:main:main", state: allow ? "granted" : "denied", ...more };
}

test("a decision that comes after the wait closes the question in the chat too", async () => {
  const there = chat();
  const { answer } = await opened(there);
  assert.equal(decided(told(answer.approval.id, false)), "wake");
  await there.asked("plugin.approval.resolve");
  assert.deepEqual(sent(there, "plugin.approval.resolve"), [{ id: "plugin:1", decision: "deny" }]);
});

test("nobody is asked twice for one question", async () => {
  const there = chat();
  const { answer } = await opened(there);
  await awaitPerson(question(answer), async () => answer);
  assert.equal(sent(there, "plugin.approval.request").length, 1);
});

test("where policy lets no chat answer, none is asked", async () => {
  const there = chat();
  const { socket, questions } = await edges();
  desk(socket, there);
  const answer = pending({ channel: false });
  assert.equal(await awaitPerson(question(answer), async () => answer), answer);
  assert.deepEqual([there.requests, questions], [[], []]);
});

test("what a chat cannot show whole is not asked there", async () => {
  const there = chat();
  const { socket } = await edges();
  desk(socket, there);
  await awaitPerson(question(pending(), { command: "x".repeat(600) }), async () => pending());
  await until(() => warnings.length > 0);
  assert.match(String(warnings), /too long for a chat/);
  assert.deepEqual(there.requests, []);
});

test("nothing in a question hides or turns what is asked", async () => {
  const there = chat();
  const { socket } = await edges();
  desk(socket, there);
  const command = "ls \u202etxt.exe\u2028\u3164\u00a0\u{e0041}";
  const answer = { ...pending(), reason: "runs \u2066a thing\n{}" };
  await awaitPerson(question(answer, { command }), async () => answer);
  await there.asked("plugin.approval.request");
  const [{ description }] = sent(there, "plugin.approval.request");
  const [why, params, ...more] = description.split("\n");
  assert.match(why, /^runs \\u2066a thing\\u000a\{\}/);
  assert.equal(params, '{"command":"ls \\u202etxt.exe\\u2028\\u3164\\u00a0\\udb40\\udc41"}');
  assert.deepEqual([JSON.parse(params), more], [{ command }, []]);
});

test("an edge that cannot redact has nothing shown", async () => {
  const there = chat();
  desk("/nonexistent/edge.sock", there);
  await awaitPerson(question(pending()), async () => pending());
  await until(() => warnings.length > 0);
  assert.deepEqual(there.requests, []);
});

test("a question that nobody answers in OpenClaw stays open at the edge", async () => {
  const there = chat();
  const { questions } = await opened(there);
  there.press(null);
  await until(() => there.connections.every(({ open }) => !open));
  assert.deepEqual([questions.map(({ path }) => path), warnings], [["/v1/redact"], []]);
});

test("a connection that breaks while a person thinks costs no answer", async () => {
  const there = chat();
  const { button, answer } = await opened(there);
  there.hangUp();
  await there.asked("plugin.approval.waitDecision");
  there.press("allow-once");
  assert.equal((await button).request, answer.approval.id);
});

test("an edge that does not take the answer is named in the log", async () => {
  const there = chat();
  const { socket } = await edges(() => "no JSON");
  desk(socket, there);
  await awaitPerson(question(pending()), async () => pending());
  await there.asked("plugin.approval.request");
  there.press("allow-once");
  await until(() => warnings.length > 0);
  assert.match(String(warnings), /does not take the answer/);
});

test("when the gateway begins to stop, what is open in it is closed and no call waits any longer", async () => {
  const there = chat();
  const { socket, questions } = await edges();
  const stopping = new AbortController();
  openDesk(settings(socket), operator(there), stopping.signal);
  const answer = pending();
  const call = awaitPerson(question(answer), async (signal) => {
    await new Promise((_, reject) => signal?.addEventListener("abort", reject, { once: true }));
    return { decision: "allow" };
  });
  await there.asked("plugin.approval.request");
  stopping.abort();
  assert.equal(await call, answer, "the edge's own question stays open");
  await until(() => there.connections.every(({ open }) => !open));
  assert.deepEqual(sent(there, "plugin.approval.resolve"), [{ id: "plugin:1", decision: "deny" }]);
  assert.deepEqual([questions.map(({ path }) => path), warnings], [["/v1/redact"], []]);
});

test("a gateway that answers nothing any more is not waited for long", async () => {
  const there = gateway({
    "plugin.approval.request": (_, options) => {
      options.onAccepted({ id: "plugin:1" });
      return new Promise(() => {});
    },
    "plugin.approval.resolve": () => new Promise(() => {}),
  });
  await opened(there);
  await closeDesk();
  await until(() => there.connections.every(({ open }) => !open));
});

test("an edge that fails while a call waits blocks the call", async () => {
  const failing = async () => {
    throw new Error("the edge cannot be reached");
  };
  await assert.rejects(awaitPerson(question(pending()), failing), /cannot be reached/);
});

test("a decision is told once: to the call that waits, or else to the session", async () => {
  const answer = pending();
  const { id } = answer.approval;
  let meanwhile = "";
  await awaitPerson(question(answer), async () => {
    meanwhile = decided(told(id, true));
    return { decision: "allow" };
  });
  assert.deepEqual([meanwhile, decided(told(id, true)), decided(told(id, true))], ["later", "heard", "wake"]);
});

test("a refusal for another reason than the people's leaves their decision to be told", async () => {
  const answer = pending();
  await awaitPerson(question(answer), async () => ({ decision: "block", rule: "halted" }));
  assert.equal(decided(told(answer.approval.id, true)), "wake");
});

test("an answer that names no question is not waited for", async () => {
  const answer = { decision: "pending" };
  assert.equal(await awaitPerson(question(answer), async () => ({ decision: "allow" })), answer);
});

test("two calls that wait for the same answer are both told by the edge", async () => {
  const answer = pending();
  const { id } = answer.approval;
  const second = Promise.withResolvers();
  const other = awaitPerson(question(answer), () => second.promise);
  await awaitPerson(question(answer), async () => ({ decision: "allow" }));
  assert.equal(decided(told(id, true)), "later");
  second.resolve(answer);
  await other;
  assert.equal(decided(told(id, true)), "heard");
});

test("where an approver changed the call, the question about the first one is closed in the chat", async () => {
  const there = chat();
  const { answer } = await opened(there);
  assert.equal(decided(told("e".repeat(32), true, { edited_from: answer.approval.id })), "wake");
  await there.asked("plugin.approval.resolve");
  assert.deepEqual(sent(there, "plugin.approval.resolve"), [{ id: "plugin:1", decision: "deny" }]);
});

test("a gateway that is stopping already is asked nothing", async () => {
  const there = chat();
  const { socket, questions } = await edges();
  openDesk(settings(socket), operator(there), AbortSignal.abort());
  const answer = pending();
  await awaitPerson(question(answer), async () => answer);
  assert.deepEqual([there.requests, questions], [[], []]);
});
