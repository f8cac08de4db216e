import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, test } from "node:test";

import plugin from "../index.js";
import { shared } from "../lib/shared.js";
import { edge, exec, host } from "./stand_in.js";

const read = (/** @type {string} */ name) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), "utf8"));

afterEach(() => {
  shared().faults.length = 0;
});

for (const mode of ["full", "discovery", "tool-discovery", "setup-only", "setup-runtime", "cli-metadata"]) {
  test(`everything is registered in a ${mode} copy`, () => {
    const { api, registered } = host({ socket: "/e.sock" }, mode);
    plugin.register(api);
    assert.deepEqual(Object.keys(registered.hooks), ["before_tool_call", "gateway_start", "gateway_stop"]);
    assert.equal(registered.hooks.before_tool_call?.options.priority, Number.MIN_SAFE_INTEGER);
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
  registered.hooks.gateway_start?.handler();
  assert.deepEqual(await promise, { agent: "main", plugin: "openclaw", version: read("package.json").version });
  registered.hooks.gateway_stop?.handler();
  assert.equal(shared().timer, undefined);
});

for (const part of ["registerTrustedToolPolicy", "registerAgentToolResultMiddleware", "on"]) {
  test(`register() survives a host without ${part}, keeps the rest, and will not check in`, () => {
    const { api, registered } = host({ socket: "/e.sock" });
    api[part] = undefined;
    plugin.register(api);
    assert.ok(shared().faults.length > 0);
    assert.match(registered.log.join(), /could not be registered/);
    const kept = [registered.policy, registered.middleware, registered.hooks.before_tool_call];
    assert.equal(kept.filter((one) => one !== undefined).length, 2);
  });
}
