// A stand-in of the edge's control listener, and of the part of OpenClaw that a plugin meets.

import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

import { readSettings } from "../lib/settings.js";
import { shared } from "../lib/shared.js";

/**
 * @typedef {{ path: string | undefined, body: any, headers: import("node:http").IncomingHttpHeaders }} Question
 * @typedef {(question: Question, response: import("node:http").ServerResponse) => unknown} Answer
 *   returns the JSON to answer with; undefined if it has answered by itself
 */

/** @returns {string} a folder that lasts as long as the test file */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), "sg-"));
  after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/**
 * @param {Answer} answer
 * @param {string | number} place  path of a Unix socket, or 0 for a free loopback port
 */
export async function edge(answer, place = join(folder(), "edge.sock")) {
  /** @type {Question[]} */
  const questions = [];
  const server = createServer(async (request, response) => {
    const raw = Buffer.concat(await Array.fromAsync(request)).toString();
    const question = { path: request.url, body: raw === "" ? undefined : JSON.parse(raw), headers: request.headers };
    questions.push(question);
    const told = answer(question, response);
    if (told !== undefined) response.end(typeof told === "string" ? told : JSON.stringify(told));
  });
  let connections = 0;
  server.on("connection", () => void (connections += 1));
  if (typeof place === "number") server.listen(place, "127.0.0.1");
  else server.listen(place);
  await once(server, "listening");
  const stop = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((done) => server.close(done));
  };
  after(stop);
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { questions, stop, socket: String(place), port: address.port, connections: () => connections };
}

/**
 * @param {string} socket
 * @param {object} more
 */
export function settings(socket, more = {}) {
  return readSettings({ socket, approvalWait: 0, answerTimeout: 5, ...more }, {});
}

/** OpenClaw's configuration with what the plugin has to be permitted. */
const PERMITTED = { plugins: { entries: { "safety-gateway": { hooks: { allowConversationAccess: true } } } } };

/**
 * @param {Record<string, unknown>} pluginConfig
 * @param {string} registrationMode
 * @param {object} config  OpenClaw's
 */
export function host(pluginConfig, registrationMode = "full", config = PERMITTED) {
  const registered = {
    /** @type {any} */ policy: undefined,
    /** @type {any} */ middleware: undefined,
    /** @type {Record<string, { handler: any, options: any }>} */ hooks: {},
    /** @type {((ctx: object) => any[]) | undefined} */ tools: undefined,
    /** @type {string[]} */ log: [],
  };
  const write = (/** @type {string} */ line) => void registered.log.push(line);
  const api = {
    registrationMode,
    pluginConfig,
    logger: { info: write, warn: write, error: write },
    config,
    runtime: { version: "2026.9.6", config: { current: () => ({}) } },
    on: (/** @type {string} */ name, /** @type {any} */ handler, /** @type {any} */ options) => {
      registered.hooks[name] = { handler, options };
    },
    registerTool: (/** @type {any} */ factory) => void (registered.tools = factory),
    registerTrustedToolPolicy: (/** @type {any} */ policy) => void (registered.policy = policy),
    registerAgentToolResultMiddleware: (/** @type {any} */ handler) => void (registered.middleware = handler),
  };
  return { api: /** @type {any} */ (api), ...registered, registered };
}

/** Forget what the copies of the plugin have agreed on. */
export function forgetAll() {
  const state = shared();
  for (const table of [state.allowed, state.tickets, state.originals, state.turns, state.sessions, state.unsaid]) table.clear();
  for (const table of [state.hooks, state.faults, state.nonces]) table.clear();
  for (const name of Object.keys(state.fired)) delete state.fired[name];
  state.needles = undefined;
}

/**
 * @param {Record<string, unknown>} params
 * @param {string} id
 * @param {AbortSignal} [abortSignal]
 */
export function exec(params, id = "call_1", abortSignal) {
  /** @type {any} */
  const event = { toolName: "exec", params, toolCallId: id, runId: "run" };
  /** @type {any} */
  const ctx = { toolName: "exec", agentId: "main", sessionKey: "agent:main:main", runId: "run", toolCallId: id, abortSignal };
  return { event, ctx };
}

/** A folder as OpenClaw would install it. */
export function skill() {
  const path = join(folder(), "clock");
  mkdirSync(path);
  writeFileSync(join(path, "SKILL.md"), "tells the time");
  return path;
}
