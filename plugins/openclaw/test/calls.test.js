import assert from "node:assert/strict";
import { test } from "node:test";

import { confirm, decide } from "../lib/calls.js";
import { memory, shared } from "../lib/shared.js";
import { edge, exec, settings } from "./stand_in.js";

/**
 * @param {unknown} answer
 * @param {ReturnType<typeof exec>} call
 * @returns {Promise<any>}
 */
async function decided(answer, call = exec({ command: "ls" })) {
  const { socket } = await edge(() => answer);
  return decide(settings(socket), call.event, call.ctx);
}

test("an allowed call passes both witnesses, once", async () => {
  const { socket, questions } = await edge(() => ({ decision: "allow", level: "green", rule: "r", reason: "reads" }));
  const { event, ctx } = exec({ command: "ls" });
  assert.equal(await decide(settings(socket, { approvalWait: 3 }), event, ctx), undefined);
  assert.deepEqual(questions[0]?.body, {
    call: { id: "call_1", tool: "exec", params: { command: "ls" }, agent: "main", session: "agent:main:main" },
    wait: 0,
  });
  assert.equal(questions.length, 1);
  assert.deepEqual(confirm(event, ctx), { params: { command: "ls" } });
  assert.equal(/** @type {any} */ (confirm(event, ctx)).block, true, "the permission is used up");
});

test("a blocked call carries the edge's reason to the model", async () => {
  const answer = { decision: "block", level: "critical_red", rule: "wipes", reason: "deletes\u001b[2J\u202e everything" };
  const call = exec({ command: "rm -rf /" });
  assert.deepEqual(await decided(answer, call), {
    block: true,
    blockReason: "Safety Gateway: blocked: deletes [2J  everything (critical_red, wipes)",
  });
  assert.equal(/** @type {any} */ (confirm(call.event, call.ctx)).block, true);
});

test("a call that an approver changed tells the model exactly which one was approved", async () => {
  const params = { command: `echo '\u200b${"x".repeat(5000)}'` };
  const instead = { tool: "exec", params };
  const answer = { decision: "block", level: "red", rule: "approval edited", reason: "Olga changed this call", instead };
  const reason = (await decided(answer))?.blockReason ?? "";
  assert.match(reason, /^Safety Gateway: blocked: Olga changed this call\. Call exec now with exactly these arguments/);
  assert.deepEqual(JSON.parse(reason.slice(reason.indexOf("{"))), params);
  assert.match(reason, /^[\x20-\x7e]+$/);
});

test("a pending call is blocked for now, and says how to go on", async () => {
  const approval = { id: "7f3a", expires: 1_800_000_000, digest: "d" };
  const answer = await decided({ decision: "pending", level: "red", rule: "money", reason: "pays", approval });
  assert.match(answer?.blockReason ?? "", /pending approval 7f3a: pays \(red, money\)\. .* Repeat the same call after approval/);
  assert.equal(answer?.block, true);
});

test("a pending call says the code that the hub's card shows", async () => {
  const approval = { id: "7f3a", expires: 1_800_000_000, digest: "d", code: "ABCD-EFGH" };
  const answer = await decided({ decision: "pending", level: "red", rule: "money", reason: "pays", approval });
  assert.match(answer?.blockReason ?? "", /pending approval 7f3a \(code ABCD-EFGH\): pays/);
});

test("a call for which a person was asked waits for the answer", async () => {
  const pending = { decision: "pending", approval: { id: "7f3a", expires: 1_800_000_000, digest: "d" } };
  const { socket, questions } = await edge(({ body }) => (body.wait === 0 ? pending : { decision: "allow" }));
  const { event, ctx } = exec({ command: "ls" });
  assert.equal(await decide(settings(socket, { approvalWait: 3 }), event, ctx), undefined);
  assert.deepEqual(questions.map(({ body }) => body.wait), [0, 3]);
  assert.deepEqual(questions[0]?.body.call, questions[1]?.body.call);
});

for (const answer of [{}, { decision: "ALLOW" }, { decision: true }, { decision: ["allow"] }, { allow: true }, { decision: "pending" }]) {
  test(`not a permission: ${JSON.stringify(answer)}`, async () => assert.equal((await decided(answer))?.block, true));
}

test("a refusal may lack everything but the decision", async () => {
  assert.equal((await decided({ decision: "block" }))?.blockReason, "Safety Gateway: blocked: no reason given");
});

test("no edge, no call", async () => {
  const { event, ctx } = exec({ command: "ls" });
  const answer = /** @type {any} */ (await decide(settings("/nonexistent/edge.sock"), event, ctx));
  assert.match(answer?.blockReason ?? "", /cannot be reached/);
});

test("a cancelled turn ends in a block, not in silence", async () => {
  const cancel = new AbortController();
  const { socket } = await edge(() => void cancel.abort());
  const { event, ctx } = exec({ command: "ls" }, "call_1", cancel.signal);
  assert.match(/** @type {any} */ (await decide(settings(socket), event, ctx)).blockReason, /cancelled/);
});

test("a call that JSON cannot carry is not put to the edge", async () => {
  assert.match((await decided({ decision: "allow" }, exec({ n: 1n })))?.blockReason ?? "", /could not be put to the edge/);
});

test("a call without an id, or of nobody, is blocked", async () => {
  const anonymous = exec({}, "");
  assert.match((await decided({ decision: "allow" }, anonymous))?.blockReason ?? "", /no id/);
  const nobody = exec({});
  delete nobody.ctx.agentId;
  assert.match((await decided({ decision: "allow" }, nobody))?.blockReason ?? "", /which agent/);
});

test("the second witness stops a call that the trusted policy did not see", () => {
  const { event, ctx } = exec({ command: "ls" }, "never_decided");
  assert.match(/** @type {any} */ (confirm(event, ctx)).blockReason, /trusted policy did not see it/);
});

test("arguments that change after the decision are caught", async () => {
  const { event, ctx } = exec({ command: "ls" });
  await decided({ decision: "allow" }, { event, ctx });
  event.params = { command: "rm -rf /" };
  assert.equal(/** @type {any} */ (confirm(event, ctx)).block, true);
});

test("arguments that the caller changes in place are caught", async () => {
  const { event, ctx } = exec({ env: { A: "1" } });
  await decided({ decision: "allow" }, { event, ctx });
  event.params.env.A = "2";
  assert.equal(/** @type {any} */ (confirm(event, ctx)).block, true);
});

test("the same arguments in another order are the same", async () => {
  const { event, ctx } = exec({ command: "ls", env: { A: "1", B: [{ c: 2, d: null }] } });
  await decided({ decision: "allow" }, { event, ctx });
  event.params = { env: { B: [{ d: null, c: 2 }], A: "1" }, command: "ls" };
  assert.deepEqual(confirm(event, ctx), { params: event.params });
});

for (const other of [{ a: "1" }, { a: [1, 2] }, { a: { 0: 1 } }, { a: null }, {}, { b: 1 }, { a: 1, ["__proto__"]: 1 }]) {
  test(`other arguments are others: ${JSON.stringify(other)}`, async () => {
    const { event, ctx } = exec({ a: 1 });
    await decided({ decision: "allow" }, { event, ctx });
    assert.equal(/** @type {any} */ (confirm({ ...event, params: other }, ctx)).block, true);
  });
}

test("a permission is good for one tool, call, run, session and agent", async () => {
  const other = { toolName: "write", toolCallId: "call_2", runId: "later" };
  for (const [key, value] of Object.entries(other)) {
    const { event, ctx } = exec({ command: "ls" });
    await decided({ decision: "allow" }, { event, ctx });
    assert.equal(/** @type {any} */ (confirm({ ...event, [key]: value }, ctx)).block, true, key);
  }
  for (const key of ["agentId", "sessionKey"]) {
    const { event, ctx } = exec({ command: "ls" });
    await decided({ decision: "allow" }, { event, ctx });
    assert.equal(/** @type {any} */ (confirm(event, { ...ctx, [key]: "other" })).block, true, key);
  }
});

test("asking anew takes an earlier permission of the same name away first", async () => {
  const call = exec({ command: "ls" });
  await decided({ decision: "allow" }, call);
  await decided({ decision: "block" }, call);
  assert.equal(/** @type {any} */ (confirm(call.event, call.ctx)).block, true);
});

test("permissions nobody uses do not pile up; the oldest go", async () => {
  const { socket } = await edge(() => ({ decision: "allow" }));
  const { allowed } = shared();
  allowed.clear();
  for (let n = 0; n < 10_000; n++) allowed.set(`forgotten ${n}`, "");
  const { event, ctx } = exec({ command: "ls" });
  await decide(settings(socket), event, ctx);
  assert.equal(allowed.size, 10_000);
  assert.equal(allowed.has("forgotten 0"), false);
  assert.deepEqual(confirm(event, ctx), { params: { command: "ls" } });
  assert.ok(memory() < 20 * 1024 * 1024);
  allowed.clear();
});
