import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, test } from "node:test";

import plugin from "../index.js";
import { shared } from "../lib/shared.js";
import { edge, exec, forgetAll, host } from "./stand_in.js";

const read = (/** @type {string} */ name) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), "utf8"));

afterEach(forgetAll);

const HOOKS = [
  ...["before_tool_call", "after_tool_call", "resolve_exec_env"],
  ...["agent_turn_prepare", "before_prompt_build", "before_agent_run", "model_call_started", "llm_output"],
  ...["subagent_spawned", "subagent_ended"],
  ...["message_received", "message_sending", "reply_payload_sending", "tool_result_persist", "before_message_write"],
  ...["before_install", "gateway_start", "gateway_stop"],
];
const PARTS = ["trusted_tool_policy", "tool_result_middleware", "tools"];

for (const mode of ["full", "discovery", "tool-discovery", "setup-only", "setup-runtime", "cli-metadata"]) {
  test(`everything is registered in a ${mode} copy`, () => {
    const { api, registered } = host({ socket: "/e.sock" }, mode);
    plugin.register(api);
    assert.deepEqual(Object.keys(registered.hooks).sort(), HOOKS.toSorted());
    for (const { options } of Object.values(registered.hooks)) assert.equal(options.priority, Number.MIN_SAFE_INTEGER);
    assert.deepEqual(shared().hooks.get(mode)?.toSorted(), [...HOOKS, ...PARTS].sort());
    assert.deepEqual(shared().faults.get(mode), []);
    assert.equal(registered.policy.id, "safety-gateway");
    assert.equal(registered.policy.matcher, undefined);
    assert.equal(typeof registered.middleware, "function");
  });
}

test("what is registered is what the manifest declares", () => {
  const manifest = read("openclaw.plugin.json");
  const { api, registered } = host({});
  plugin.register(api);
  assert.equal(manifest.id, plugin.id);
  assert.equal(manifest.version, read("package.json").version);
  assert.deepEqual(manifest.contracts.trustedToolPolicies, [registered.policy.id]);
  assert.deepEqual(manifest.contracts.agentToolResultMiddleware, ["openclaw"]);
  assert.deepEqual(
    manifest.contracts.tools,
    registered.tools?.({}).map(({ name }) => name),
  );
});

test("the manifest refuses no configuration: the plugin that says no is better than none", () => {
  const { configSchema } = read("openclaw.plugin.json");
  assert.equal(configSchema.additionalProperties, true);
  for (const property of Object.values(configSchema.properties)) assert.deepEqual(Object.keys(property), ["description"]);
});

test("a wrong configuration blocks every call, withholds every result and does not check in", async () => {
  const { api, registered } = host({ sockets: "/e.sock" });
  plugin.register(api);
  const { event, ctx } = exec({ command: "ls" });
  assert.match((await registered.policy.evaluate(event, ctx)).blockReason, /configuration is wrong: sockets is not a setting/);
  const { result } = await registered.middleware({ result: { content: [] } }, {});
  assert.match(JSON.stringify(result.content), /withheld.*configuration is wrong/);
  assert.equal(registered.hooks.gateway_start, undefined);
  assert.match(registered.log.join(), /every call is blocked/);
  const { hooks } = registered;
  assert.equal(hooks.before_agent_run?.handler().outcome, "block");
  assert.equal(hooks.message_sending?.handler().cancel, true);
  assert.equal(hooks.reply_payload_sending?.handler().cancel, true);
  assert.equal(hooks.before_install?.handler().block, true);
  assert.equal(hooks.before_tool_call?.handler(event, ctx).block, true);
  assert.doesNotMatch(JSON.stringify(hooks.before_message_write?.handler({ message: { role: "user", content: "sesame" } })), /sesame/);
});

test("a plugin that OpenClaw keeps from the turns says so", () => {
  const { api } = host({ socket: "/e.sock" }, "full", {});
  plugin.register(api);
  assert.match(shared().faults.get("full")?.join() ?? "", /allowConversationAccess is not true/);
});

test("what is called is counted", async () => {
  const { api, registered } = host({ socket: "/nonexistent/edge.sock" });
  plugin.register(api);
  const { event, ctx } = exec({ command: "ls" });
  await registered.policy.evaluate(event, ctx);
  registered.hooks.before_tool_call?.handler(event, ctx);
  registered.hooks.resolve_exec_env?.handler({}, {});
  registered.hooks.resolve_exec_env?.handler({}, {});
  assert.deepEqual(shared().fired, { trusted_tool_policy: 1, before_tool_call: 1, resolve_exec_env: 2 });
});

test("a hook that only tells never fails", async () => {
  const { api, registered } = host({ socket: "/nonexistent/edge.sock" });
  plugin.register(api);
  const { event, ctx } = exec({});
  const seen = { ...ctx, trace: { traceId: "0".repeat(32) } };
  await registered.hooks.after_tool_call?.handler(event, ctx);
  await registered.hooks.llm_output?.handler({ provider: "p", model: "m", usage: {} }, seen);
  await registered.hooks.message_received?.handler({ from: "7", sessionKey: "agent:main:main" }, { channelId: "telegram" });
  await registered.hooks.subagent_spawned?.handler({ childSessionKey: "c", agentId: "main" }, {});
  await registered.hooks.subagent_ended?.handler({ targetSessionKey: "agent:main:c", targetKind: "subagent" }, {});
  assert.equal(registered.log.filter((line) => line.includes("cannot be reached")).length, 5);
});

test("results go through the edge", async () => {
  const { socket } = await edge(() => ({ result: { content: [{ type: "text", text: "clean" }] } }));
  const { api, registered } = host({ socket });
  plugin.register(api);
  const given = { toolCallId: "c", toolName: "exec", args: {}, result: { content: [{ type: "text", text: "raw" }] } };
  const { result } = await registered.middleware(given, { agentId: "main" });
  assert.deepEqual(result.content, [{ type: "text", text: "clean" }]);
});

test("the gateway's start checks in, its stop ends that", async () => {
  const { promise, resolve } = Promise.withResolvers();
  const { socket } = await edge(({ body }) => {
    resolve(body);
    return { ttl: 90 };
  });
  const { api, registered } = host({ socket });
  plugin.register(api);
  registered.hooks.gateway_start?.handler({}, {});
  const { agent, version, host: openclaw, hooks } = /** @type {any} */ (await promise);
  assert.deepEqual([agent, version, openclaw], ["main", read("package.json").version, "2026.9.6"]);
  assert.deepEqual(hooks.full.toSorted(), [...HOOKS, ...PARTS].sort());
  await registered.hooks.gateway_stop?.handler();
  assert.equal(shared().timer, undefined);
});

for (const part of ["registerTrustedToolPolicy", "registerAgentToolResultMiddleware", "on", "registerTool"]) {
  test(`register() survives a host without ${part}, keeps the rest, and says so`, () => {
    const { api, registered } = host({ socket: "/e.sock" });
    api[part] = undefined;
    plugin.register(api);
    assert.match(shared().faults.get("full")?.join() ?? "", /could not be registered/);
    assert.match(registered.log.join(), /could not be registered/);
    const kept = [registered.policy, registered.middleware, registered.hooks.before_tool_call, registered.tools];
    assert.equal(kept.filter((one) => one !== undefined).length, 3);
  });
}
