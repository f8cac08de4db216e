import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, test } from "node:test";

import { shared } from "../lib/shared.js";
import { admitted, agentOf, announce, prompted } from "../lib/turns.js";
import { tellUsage } from "../lib/usage.js";
import { edge, folder, forgetAll, settings } from "./stand_in.js";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const OK = { ok: true, reason: "", tools: null, guidance: "" };

/** @type {any} */
const ctx = { agentId: "main", sessionKey: "agent:main:main", runId: "run", trace: { traceId: TRACE } };

afterEach(forgetAll);

test("a turn is announced once, by whichever hook fires first, also when they overlap", async () => {
  const { socket, questions } = await edge(() => OK);
  await Promise.all([announce(settings(socket), ctx), announce(settings(socket), { ...ctx }), admitted(settings(socket), ctx)]);
  await prompted(settings(socket), ctx);
  assert.deepEqual(
    questions.map(({ path, body }) => [path, body]),
    [["/v1/turn", { agent: "main", session: "agent:main:main", run: "run", trace: TRACE, process: shared().process, prefix: { soul: "", tools: "" } }]],
  );
});

test("another run, agent or trace is another turn", async () => {
  const { socket, questions } = await edge(() => OK);
  for (const other of [{}, { runId: "next" }, { agentId: "ops" }, { trace: { traceId: "f".repeat(32) } }]) {
    await announce(settings(socket), { ...ctx, ...other });
  }
  assert.equal(questions.length, 4);
});

test("the parts of the prompt that stay the same are told by their hashes", async () => {
  const workspaceDir = folder();
  writeFileSync(join(workspaceDir, "SOUL.md"), "be kind");
  const { socket, questions } = await edge(() => OK);
  await announce(settings(socket), { ...ctx, workspaceDir });
  assert.deepEqual(questions[0]?.body.prefix, { soul: createHash("sha256").update("be kind").digest("hex"), tools: "" });
});

test("the model is offered the agent's tools, and told what the edge says", async () => {
  const { socket } = await edge(() => ({ ...OK, tools: ["exec", "http_request"], guidance: "Write SECRET_REF(NAME)." }));
  assert.deepEqual(await prompted(settings(socket), ctx), {
    toolsAllow: ["exec", "http_request"],
    appendSystemContext: "Write SECRET_REF(NAME).",
  });
});

test("an agent without a manifest keeps its tools; one that may use none has none", async () => {
  const free = await edge(() => OK);
  assert.deepEqual(await prompted(settings(free.socket), ctx), {});
  const bare = await edge(() => ({ ...OK, tools: [] }));
  assert.deepEqual(await prompted(settings(bare.socket), { ...ctx, runId: "next" }), { toolsAllow: [] });
});

test("a halted agent's run is blocked, with the reason for the user, and asked for anew the next time", async () => {
  let halted = true;
  const { socket } = await edge(() => (halted ? { ...OK, ok: false, reason: "halted:\u202e drill" } : OK));
  assert.equal(await prompted(settings(socket), ctx), undefined);
  const block = await admitted(settings(socket), ctx);
  assert.deepEqual(block, { outcome: "block", reason: "Safety Gateway: halted:  drill", message: "Safety Gateway: halted:  drill" });
  halted = false;
  assert.equal(await admitted(settings(socket), ctx), undefined);
});

for (const answer of [{}, { ok: "true" }, { ok: 1 }, { ok: false }, { allow: true }]) {
  test(`not a consent: ${JSON.stringify(answer)}`, async () => {
    const { socket } = await edge(() => answer);
    assert.equal((await admitted(settings(socket), ctx))?.outcome, "block");
  });
}

test("no edge, no turn", async () => {
  const block = await admitted(settings("/nonexistent/edge.sock"), ctx);
  assert.match(block?.message ?? "", /cannot be reached/);
});

test("a turn that has no trace, or is nobody's, is not begun", async () => {
  const { socket, questions } = await edge(() => OK);
  assert.equal((await admitted(settings(socket), { ...ctx, trace: undefined }))?.outcome, "block");
  assert.equal((await admitted(settings(socket), { runId: "run", trace: { traceId: TRACE } }))?.outcome, "block");
  assert.equal(questions.length, 0);
});

test("hooks that do not name the agent name its session", () => {
  assert.equal(agentOf({ sessionKey: "agent:ops:subagent:1" }), "ops");
  assert.equal(agentOf({ agentId: "main", sessionKey: "agent:ops:1" }), "main");
  assert.equal(agentOf({ sessionKey: "main" }), undefined);
  assert.equal(agentOf({}), undefined);
});

test("what OpenClaw counted is told in the edge's words", async () => {
  const { socket, questions } = await edge(() => ({ ok: true, matches: true }));
  const usage = { input: 300, output: 30, cacheRead: 5 };
  await tellUsage(settings(socket), { runId: "run", provider: "p", model: "m", usage }, ctx);
  await tellUsage(settings(socket), { runId: "run", provider: "p", model: "m" }, ctx);
  assert.deepEqual(
    questions.map(({ path, body }) => [path, body]),
    [
      [
        "/v1/usage-seen",
        {
          ...{ agent: "main", run: "run", trace: TRACE, provider: "p", model: "m" },
          usage: { input: 300, output: 30, cache_read: 5, cache_write: 0 },
        },
      ],
    ],
  );
});
