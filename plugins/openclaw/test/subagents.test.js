import assert from "node:assert/strict";
import { test } from "node:test";

import { execEnvironment } from "../lib/environment.js";
import { ended, spawned } from "../lib/subagents.js";
import { edge, settings } from "./stand_in.js";

const child = "agent:research:subagent:1";
const parent = "agent:main:main";

test("a child counts for the agent that asked for it, until it has ended", async () => {
  const { socket, questions } = await edge(() => ({ ok: true }));
  const ctx = { childSessionKey: child, requesterSessionKey: parent };
  await spawned(settings(socket), { childSessionKey: child, agentId: "research" }, ctx);
  await ended(settings(socket), { targetSessionKey: child, targetKind: "subagent" }, ctx);
  assert.deepEqual(
    questions.map(({ path, body }) => [path, body]),
    [
      ["/v1/spawned", { agent: "main", session: child, parent }],
      ["/v1/unspawned", { agent: "main", session: child }],
    ],
  );
});

test("a child whose parent OpenClaw does not name counts for its own agent", async () => {
  const { socket, questions } = await edge(() => ({ ok: true }));
  await spawned(settings(socket), { childSessionKey: child, agentId: "research" }, {});
  await ended(settings(socket), { targetSessionKey: child, targetKind: "subagent" }, {});
  assert.deepEqual(
    questions.map(({ body }) => body.agent),
    ["research", "research"],
  );
});

test("a session that is only reset was no child", async () => {
  const { socket, questions } = await edge(() => ({ ok: true }));
  await ended(settings(socket), { targetSessionKey: parent, targetKind: "acp" }, { childSessionKey: parent });
  assert.equal(questions.length, 0);
});

test("commands know who they run for", () => {
  assert.deepEqual(execEnvironment({ sessionKey: parent }, { agentId: "main" }), { SAFETY_AGENT: "main", SAFETY_SESSION: parent });
  assert.deepEqual(execEnvironment({}, {}), { SAFETY_AGENT: "", SAFETY_SESSION: "" });
});
