// OpenClaw evaluates the plugin's modules more than once in a process.

import assert from "node:assert/strict";
import { test } from "node:test";

import plugin from "../index.js";
import { confirm } from "../lib/calls.js";
import { shared } from "../lib/shared.js";
import { edge, exec, host } from "./stand_in.js";

test("one copy of the module decides, another confirms", async () => {
  const { socket } = await edge(() => ({ decision: "allow" }));
  const other = (await import(`../lib/calls.js?${"copy=2"}`)).confirm;
  assert.notEqual(other, confirm);
  const { api, registered } = host({ socket });
  plugin.register(api);
  const { event, ctx } = exec({ command: "ls" });
  assert.equal(await registered.policy.evaluate(event, ctx), undefined);
  assert.deepEqual(other(event, ctx), { params: { command: "ls" } });
});

test("state is shared by copies of the module that holds it", async () => {
  const copy = await import(`../lib/shared.js?${"copy=2"}`);
  assert.notEqual(copy.shared, shared);
  assert.equal(copy.shared(), shared());
});
