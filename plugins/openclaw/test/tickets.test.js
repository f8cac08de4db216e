import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { fileURLToPath } from "node:url";

import { confirm, decide } from "../lib/calls.js";
import { clean, tellEnd } from "../lib/results.js";
import { readSettings } from "../lib/settings.js";
import { shared } from "../lib/shared.js";
import { TOOL_NAMES, toolsFor } from "../lib/tools.js";
import { edge, exec, folder, forgetAll, settings } from "./stand_in.js";

const RUN = fileURLToPath(new URL("../bin/run.js", import.meta.url));
const TICKET = "0123456789abcdef0123456789abcdef";

afterEach(forgetAll);

/**
 * The whole way of a call that needs a secret, at an edge that carries it out.
 * @param {object} outcome  of POST /v1/redeem
 * @param {string | number} [place]
 */
function carrying(outcome, place) {
  return edge(({ path, body }) => {
    if (path === "/v1/decide") return { decision: "allow", level: "yellow", rule: "r", reason: "", ticket: TICKET };
    if (path === "/v1/redeem") return body.ticket === TICKET ? outcome : { status: "refused", reason: "unknown" };
    return path === "/v1/result" ? { result: body.result } : { ok: true };
  }, place);
}

/** @param {string} command */
async function shell(command) {
  const child = spawn("sh", ["-c", command], { stdio: ["ignore", "pipe", "pipe"] });
  const [out, err, [code]] = await Promise.all([Array.fromAsync(child.stdout), Array.fromAsync(child.stderr), once(child, "close")]);
  return { out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString(), code };
}

test("exec redeems the ticket instead of its command, and prints what the edge gives back", async () => {
  const { socket, questions } = await carrying({ status: "executed", output: "SECRET_REF(KEY) it is\n", exit: 7 });
  const { event, ctx } = exec({ command: "echo SECRET_REF(KEY)", timeoutSeconds: 9, workdir: "/srv", env: { A: "SECRET_REF(KEY)" }, host: "node" });
  const { params } = /** @type {any} */ (await decide(settings(socket), event, ctx));
  assert.deepEqual(params, {
    ...{ timeoutSeconds: 9, workdir: "/srv" },
    command: `'${process.execPath}' '${RUN}' '${TICKET}' '${socket}'`,
  });
  assert.deepEqual(confirm({ ...event, params }, ctx), { params });
  assert.deepEqual(await shell(params.command), { out: "SECRET_REF(KEY) it is\n", err: "", code: 7 });
  assert.deepEqual(questions.at(-1)?.body, { ticket: TICKET });
});

test("the edge is told the call's own arguments when its result is there, once", async () => {
  const { socket, questions } = await carrying({});
  const { event, ctx } = exec({ command: "echo SECRET_REF(KEY)" });
  const { params } = /** @type {any} */ (await decide(settings(socket), event, ctx));
  const result = { content: [], details: {} };
  await clean(settings(socket), { toolCallId: "call_1", toolName: "exec", args: params, result }, { ...ctx, runtime: "openclaw" });
  await tellEnd(settings(socket), { toolName: "exec", params, toolCallId: "call_1", durationMs: 12.4 }, ctx);
  const [, told, end] = questions.map(({ body }) => body);
  assert.deepEqual(told.call.params, event.params);
  assert.deepEqual(end, { call: { ...told.call, params: event.params }, ms: 12, error: false });
  assert.equal(shared().originals.size, 0);
});

test("over loopback the command names the token's file, never the token", async () => {
  const tokenFile = join(folder(), "it's a token");
  writeFileSync(tokenFile, "sesame");
  const { port, questions } = await carrying({ status: "executed", output: "done", exit: 0 }, 0);
  const reached = readSettings({ url: `http://127.0.0.1:${port}`, tokenFile }, {});
  const { event, ctx } = exec({ command: "echo SECRET_REF(KEY)" });
  const { command } = /** @type {any} */ (await decide(reached, event, ctx)).params;
  assert.doesNotMatch(command, /sesame/);
  assert.deepEqual(await shell(command), { out: "done", err: "", code: 0 });
  assert.equal(questions.at(-1)?.headers.authorization, "Bearer sesame");
});

test("a command that the edge does not carry out fails, and says why", async () => {
  const { socket } = await carrying({ status: "refused", level: "red", rule: "r", reason: "it took too long" });
  assert.deepEqual(await shell(`'${process.execPath}' '${RUN}' '${TICKET}' '${socket}'`), {
    ...{ out: "Safety Gateway: it took too long\n", err: "", code: 1 },
  });
});

for (const place of ["/nonexistent/edge.sock", "", "http://192.0.2.1:1 /t"]) {
  test(`a command that cannot reach the edge has not run, and says so: ${place || "no place"}`, async () => {
    const { out, err, code } = await shell(`'${process.execPath}' '${RUN}' '${TICKET}' ${place}`);
    assert.deepEqual([out, code], ["", 126]);
    assert.match(err, /^Safety Gateway: the command has not run: .*sandbox/);
  });
}

test("a tool that cannot be given secrets is blocked", async () => {
  const { socket } = await carrying({});
  const { event, ctx } = exec({ text: "SECRET_REF(KEY)" });
  event.toolName = "write";
  const answer = /** @type {any} */ (await decide(settings(socket), event, ctx));
  assert.match(answer.blockReason, /write cannot be given secrets/);
  assert.equal(/** @type {any} */ (confirm(event, ctx)).block, true);
});

/**
 * @param {string} socket
 * @param {string} name
 * @param {object} params
 * @param {object} agent
 */
function used(socket, name, params, agent = { agentId: "main", sessionKey: "agent:main:main" }) {
  return toolsFor(settings(socket), agent)[TOOL_NAMES.indexOf(name)].execute("call_1", params);
}

test("http_request redeems the ticket of this very call, once", async () => {
  const { socket, questions } = await carrying({ status: "executed", output: '{"a":1}', exit: 201 });
  const params = { method: "POST", url: "https://api.example/", headers: { Authorization: "SECRET_REF(KEY)" } };
  const { event, ctx } = exec(params);
  event.toolName = "http_request";
  assert.equal(await decide(settings(socket), event, ctx), undefined);
  await assert.rejects(used(socket, "http_request", params, { agentId: "main", sessionKey: "agent:main:other" }), /no ticket/);
  const { content, details } = await used(socket, "http_request", params);
  assert.deepEqual(content, [{ type: "text", text: 'HTTP status 201\n{"a":1}' }]);
  assert.deepEqual(details, { status: 201 });
  await assert.rejects(used(socket, "http_request", params), /no ticket/);
  assert.equal(questions.length, 2);
});

test("an agent sees the names of its secrets, never a value", async () => {
  let names = ["KEY", "DB"];
  const { socket, questions } = await edge(() => ({ names }));
  assert.equal((await used(socket, "secret_names", {})).content[0].text, "SECRET_REF(KEY)\nSECRET_REF(DB)");
  assert.deepEqual(questions[0]?.body, { agent: "main" });
  names = [];
  assert.match((await used(socket, "secret_names", {})).content[0].text, /no secret that you may use/);
});

test("a request for a secret that went through the gate says how to go on", async () => {
  const { content } = await used("/nonexistent/edge.sock", "secret_request", { name: "STRIPE_KEY", why: "refunds" });
  assert.match(content[0].text, /STRIPE_KEY was approved/);
});

const SHOP = { name: "shop_db", adapter: "sql", words: "a database" };
const QUERY = { tool: "sql_query", words: "reads records", connections: ["shop_db"], parameters: { type: "object" } };

test("a call of a connected service redeems its ticket, and says how it ended", async () => {
  let outcome = { status: "executed", output: "[[1]]", exit: 0 };
  const { socket, questions } = await edge(({ path }) =>
    path === "/v1/redeem" ? outcome : { decision: "allow", level: "green", rule: "r", reason: "", ticket: TICKET },
  );
  const params = { tool: "sql_query", arguments: { query: "select 1" } };
  const { event, ctx } = exec(params);
  event.toolName = "service_call";
  assert.equal(await decide(settings(socket), event, ctx), undefined);
  assert.deepEqual(questions[0]?.body.call.params, params);
  assert.equal(questions[0]?.body.nested, undefined);
  assert.deepEqual((await used(socket, "service_call", params)).content, [{ type: "text", text: "[[1]]" }]);
  await assert.rejects(used(socket, "service_call", params), /no ticket/);
  outcome = { status: "executed", output: "no such order", exit: 404 };
  await decide(settings(socket), event, ctx);
  assert.deepEqual((await used(socket, "service_call", params)).content[0].text, "Status 404\nno such order");
});

test("a call of a connected service that an approver changed is told as the agent can make it", async () => {
  const { socket } = await edge(() => ({ decision: "block", reason: "changed", instead: { tool: "sql_query", params: { query: "select 2" } } }));
  const { event, ctx } = exec({ tool: "sql_query", arguments: { query: "select 1" } });
  event.toolName = "service_call";
  const { blockReason } = /** @type {any} */ (await decide(settings(socket), event, ctx));
  assert.match(blockReason, /Call service_call now .*: {"tool":"sql_query","arguments":{"query":"select 2"}}$/);
});

test("an agent sees its connected services, with parameters as long as they are short", async () => {
  /** @type {object} */
  let answer = { connections: [SHOP], tools: [QUERY] };
  const { socket, questions } = await edge(() => answer);
  const told = async (/** @type {object} */ params) => (await used(socket, "services", params)).content[0].text;
  assert.deepEqual(JSON.parse(await told({})), answer);
  assert.deepEqual(questions[0]?.path, "/v1/tools");
  assert.deepEqual(questions[0]?.body, { agent: "main" });
  const long = { ...QUERY, tool: "crm.find", connections: ["crm"], parameters: { description: "x".repeat(9000) } };
  answer = { connections: [SHOP, { ...SHOP, name: "crm" }], tools: [QUERY, long] };
  const listed = JSON.parse(await told({}));
  assert.deepEqual(listed.tools, [QUERY, long].map(({ tool, words, connections }) => ({ tool, words, connections })));
  assert.match(listed.parameters, /with a connection/);
  assert.deepEqual(JSON.parse(await told({ connection: "crm" })), [long]);
  assert.equal(await told({ connection: "other" }), "Connected for you: shop_db, crm.");
  answer = { connections: [], tools: [] };
  assert.match(await told({}), /No service is connected/);
  answer = { tools: {} };
  await assert.rejects(told({}), /not understood/);
});

test("every tool is offered to the model itself", () => {
  for (const tool of toolsFor(settings("/e.sock"), {})) {
    assert.equal(tool.catalogMode, "direct-only");
    assert.equal(tool.parameters.additionalProperties, false);
  }
});
