import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { agentsOf, checkIn, stopCheckIn } from "../lib/presence.js";
import { shared } from "../lib/shared.js";
import { edge, settings } from "./stand_in.js";

/** @type {string[]} */
let warnings = [];
const host = { version: "1.2.3", config: () => ({}), warn: (/** @type {string} */ line) => void warnings.push(line) };

beforeEach(() => {
  warnings = [];
  mock.timers.enable({ apis: ["setTimeout"] });
});

afterEach(() => {
  stopCheckIn();
  shared().faults.length = 0;
  mock.timers.reset();
});

/** @param {() => boolean} condition */
async function until(condition) {
  while (!condition()) await new Promise(setImmediate);
}

/** @param {{ questions: unknown[] }} edge */
async function count({ questions }, expected = 1) {
  await until(() => questions.length >= expected && shared().timer !== undefined);
  assert.equal(questions.length, expected);
}

test("it checks in, and again three times as often as asked", async () => {
  const there = await edge(() => ({ ok: true, policy: "r", ttl: 9 }));
  await checkIn(settings(there.socket), host);
  assert.deepEqual(there.questions[0]?.body, { agent: "main", plugin: "openclaw", version: "1.2.3" });
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

test("a plugin that is not whole does not check in", async () => {
  const there = await edge(() => ({ ttl: 90 }));
  shared().faults.push("before_tool_call could not be registered");
  await checkIn(settings(there.socket), host);
  assert.equal(there.questions.length, 0);
  assert.match(warnings.join(), /not checking in with the edge: before_tool_call could not be registered/);
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
