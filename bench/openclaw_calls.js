// What a tool call waits for: the plugin's hooks around it, called as OpenClaw calls them, against a running edge.
//
//     node openclaw_calls.js PLUGIN_FOLDER SOCKET WORKSPACE CALLS   ->   {"milliseconds": [...], "megabytes": n}

const [folder, socket, workspace, number] = process.argv.slice(2);

/** Shapes of what an agent runs; each call has another name in it, so that none has been judged before. */
const COMMANDS = ["ls -la N", "cat N.txt | grep total", "git status --short N", "mkdir -p N", "wc -l N.csv", "sort N | uniq -c | head"];

const hooks = new Map();
const middleware = [];
let policy;
const api = {
  registrationMode: "discovery",
  pluginConfig: { socket, approvalWait: 0 },
  config: access(),
  logger: { info() {}, warn: console.error, error: console.error },
  runtime: { version: "bench", config: { current: access } },
  on: (name, handler) => hooks.set(name, handler),
  registerTrustedToolPolicy: (registered) => (policy = registered),
  registerAgentToolResultMiddleware: (handler) => middleware.push(handler),
  registerTool() {},
};

/** @param {number} index */
async function call(index) {
  const name = `name${index}`;
  const params = { command: COMMANDS[index % COMMANDS.length].replaceAll("N", name), workdir: workspace };
  const event = { toolName: "exec", params, toolCallId: `call_${index}`, runId: "run" };
  const ctx = { agentId: "main", sessionKey: "agent:main:bench", runId: "run", toolName: "exec", toolCallId: event.toolCallId };
  const result = { content: [{ type: "text", text: `${name}\n`.repeat(40) }], details: { status: "completed", exitCode: 0 } };
  const began = performance.now();
  const refusal = await policy.evaluate(event, ctx);
  if (refusal?.block) throw new Error(refusal.blockReason);
  await hooks.get("before_tool_call")(event, ctx);
  await middleware[0]({ toolCallId: event.toolCallId, toolName: "exec", args: params, result }, { ...ctx, runtime: "openclaw" });
  return performance.now() - began;
}

/** OpenClaw's configuration, in which the plugin has what it asks for. */
function access() {
  return { plugins: { entries: { "safety-gateway": { hooks: { allowConversationAccess: true } } } } };
}

const before = memory();
const { default: plugin } = await import(`${folder}/index.js`);
plugin.register(api);
await hooks.get("gateway_start")({}, {});
const milliseconds = [];
for (let index = 0; index < 100 + Number(number); index += 1) {
  const took = await call(index);
  if (index >= 100) milliseconds.push(took);
}
console.log(JSON.stringify({ milliseconds, megabytes: memory() - before }));
process.exit(0);

/** MiB on the heap and in buffers, what nobody refers to any more left out. */
function memory() {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}
