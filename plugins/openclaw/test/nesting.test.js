import assert from "node:assert/strict";
import { test } from "node:test";

import { decide } from "../lib/calls.js";
import { edge, exec, settings } from "./stand_in.js";

test("a call that only makes another one is put to the edge as such, and no other is", async () => {
  const { socket, questions } = await edge(() => ({ decision: "allow" }));
  const inner = exec({ command: "ls" });
  const outer = exec({ id: "exec", args: { command: "ls" } });
  outer.event.toolName = "tool_call";
  for (const { event, ctx } of [outer, inner]) await decide(settings(socket), event, ctx);
  assert.deepEqual(questions.map(({ body }) => [body.call.tool, body.nested]), [["tool_call", true], ["exec", undefined]]);
});
