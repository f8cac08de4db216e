import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { agentsOf, checkIn, checkOut, stopCheckIn } from "../lib/presence.js";
import { shared } from "../lib/shared.js";
import { edge, forgetAll, settings } from "./stand_in.js";

/** @type {string[]} */
let warnings = [];
const host = { version: "1.2.3", config: () => ({}), warn: (/** @type {string} */ line) => void warnings.push(line) };

beforeEach(() => {
  warnings = [];
  mock.timers.enable({ apis: ["setTimeout"] });
});

afterEach(() => {
  stopCheckIn();
  forgetAll();
  mock.timers.reset();
});

/** @param {() => boolean} condition */
async function until(condition) {
  for (let turns = 0; !condition(); turns += 1) {
    assert.ok(turns < 100_000, "what was waited for did not come");
    await new Promise(setImmediate);
  }
}

/** @param {{ questions: unknown[] }} edge */
async function count({ questions }, expected = 1) {
  await until(() => questions.length >= expected && shared().timer !== undefined);
  assert.equal(questions.length, expected);
}

test("it checks in, and again three times as often as asked", async () => {
  const there = await edge(() => ({ ok: true, policy: "r", ttl: 9 }));
  await checkIn(settings(there.socket), host);
  const { process } = shared();
  const loaded = { hooks: {}, fired: {}, faults: [], memory: 0 };
  assert.match(process, /^[0-9a-f]{32}$/);
  assert.deepEqual(there.questions[0]?.body, { agent: "main", plugin: "openclaw", version: "1.2.3", process, ...loaded });
  assert.equal(there.questions[0]?.path, "/v1/check-in");
  mock.timers.tick(2_999);
  await count(there, 1);
  mock.timers.tick(1);
  await until(() => there.questions.length === 2);
  assert.deepEqual(warnings, []);
});

test("however long a check-in counts, an edge that was started anew soon knows who is there", async () => {
  const there = await edge(() => ({ ttl: 3600 }));
  await checkIn(settings(there.socket), host);
  mock.timers.tick(5_000);
  await until(() => there.questions.length === 2);
});

test("each agent is checked in, also one that came later", async () => {
  const there = await edge(() => ({ ttl: 30 }));
  const agents = { entries: { main: {} } };
  await checkIn(settings(there.socket), { ...host, config: () => ({ agents }) });
  Object.assign(agents.entries, { Research: {} });
  mock.timers.tick(5_000);
  await until(() => there.questions.length === 3);
  assert.deepEqual(there.questions.map((question) => question.body.agent).sort(), ["main", "main", "research"]);
});

test("an edge that is away is tried again soon, and the log says so", async () => {
  await checkIn(settings("/nonexistent/edge.sock"), host);
  assert.match(warnings.join(), /cannot check in: the edge cannot be reached \(ENOENT\)/);
  mock.timers.tick(5_000);
  await until(() => warnings.length === 2);
});

test("a ttl that is none does not end in a busy loop", async () => {
  const there = await edge(() => ({ ttl: -1 }));
  await checkIn(settings(there.socket), host);
  mock.timers.tick(999);
  await count(there, 1);
});

test("it says what is loaded, what was called and what is wrong, and warns when that is not enough", async () => {
  const there = await edge(() => ({ ok: false, reason: "the copy discovery lacks before_tool_call", ttl: 90 }));
  shared().hooks.set("discovery", ["llm_output"]);
  shared().faults.set("discovery", ["before_tool_call could not be registered"]);
  shared().fired.llm_output = 3;
  await checkIn(settings(there.socket), { ...host, host: "2026.9.6" });
  const { hooks, fired, faults, host: openclaw } = there.questions[0]?.body ?? {};
  assert.deepEqual(hooks, { discovery: ["llm_output"] });
  assert.deepEqual(fired, { llm_output: 3 });
  assert.deepEqual(faults, ["before_tool_call could not be registered"]);
  assert.equal(openclaw, "2026.9.6");
  assert.match(warnings.join(), /does not count main as guarded: the copy discovery lacks before_tool_call/);
});

test("each answer's nonce is echoed by the next check-in of that agent", async () => {
  const there = await edge(({ body }) => ({ ok: true, ttl: 30, nonce: `${body.agent}-${there.questions.length}` }));
  const config = () => ({ agents: { entries: { main: {}, ops: {} } } });
  await checkIn(settings(there.socket), { ...host, config });
  mock.timers.tick(5_000);
  await until(() => there.questions.length === 4);
  const echoed = there.questions.map(({ body }) => [body.agent, body.nonce]).sort();
  assert.deepEqual(
    echoed.filter(([, nonce]) => nonce === undefined),
    [
      ["main", undefined],
      ["ops", undefined],
    ],
  );
  for (const [agent, nonce] of echoed) assert.ok(nonce === undefined || nonce.startsWith(`${agent}-`));
});

test("the needles are fetched when there are new ones", async () => {
  const needles = { version: "v1", key: "00".repeat(16), window: 8, needles: [] };
  const there = await edge(({ path }) => (path === "/v1/needles" ? needles : { ok: true, ttl: 30, needles: needles.version }));
  const paths = () => there.questions.map((question) => question.path);
  await checkIn(settings(there.socket), host);
  const { timer } = shared();
  mock.timers.tick(5_000);
  await until(() => there.questions.length === 3 && shared().timer !== timer);
  assert.deepEqual(paths(), ["/v1/check-in", "/v1/needles", "/v1/check-in"]);
  assert.equal(shared().needles?.version, "v1");
  needles.version = "v2";
  mock.timers.tick(5_000);
  await until(() => shared().needles?.version === "v2");
});

test("needles that are none leave those that are there", async () => {
  const there = await edge(({ path }) => (path === "/v1/check-in" ? { ok: true, ttl: 30, needles: "v2" } : { version: "v2" }));
  await checkIn(settings(there.socket), host);
  assert.equal(shared().needles, undefined);
  assert.match(warnings.join(), /cannot check in: not needles/);
});

test("good-bye is said of every agent that had checked in, and to an edge that is away too", async () => {
  const there = await edge(() => ({ ok: true, ttl: 30, nonce: "n" }));
  await checkIn(settings(there.socket), host);
  await checkOut(settings(there.socket));
  assert.equal(there.questions[1]?.path, "/v1/check-out");
  assert.deepEqual(there.questions[1]?.body, { agent: "main", process: shared().process });
  assert.equal(shared().timer, undefined);
  shared().nonces.set("main", "n");
  await checkOut(settings("/nonexistent/edge.sock"));
});

test("a second start replaces the first, a stop ends it, also while it is asking", async () => {
  const there = await edge(() => ({ ttl: 30 }));
  await checkIn(settings(there.socket), host);
  await checkIn(settings(there.socket), host);
  mock.timers.tick(5_000);
  await until(() => there.questions.length === 3);
  const asking = checkIn(settings(there.socket), host);
  stopCheckIn();
  await asking;
  assert.equal(shared().timer, undefined);
});

test("agents are read in both of OpenClaw's forms", () => {
  assert.deepEqual(agentsOf(undefined), ["main"]);
  assert.deepEqual(agentsOf({ agents: { defaults: {} } }), ["main"]);
  assert.deepEqual(agentsOf({ agents: { list: [{ id: "Main" }, { id: "main" }, { id: "ops" }] } }), ["main", "ops"]);
  assert.deepEqual(agentsOf({ agents: { entries: { ops: {} } } }), ["ops"]);
});
