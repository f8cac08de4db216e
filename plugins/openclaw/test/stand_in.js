// A stand-in of the edge's control listener, and of the part of OpenClaw that a plugin meets.

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

import { readSettings } from "../lib/settings.js";

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
    const question = { path: request.url, body: JSON.parse(raw), headers: request.headers };
    questions.push(question);
    const told = answer(question, response);
    if (told !== undefined) response.end(typeof told === "string" ? told : JSON.stringify(told));
  });
  if (typeof place === "number") server.listen(place, "127.0.0.1");
  else server.listen(place);
  await once(server, "listening");
  const stop = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((done) => server.close(done));
  };
  after(stop);
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { questions, stop, socket: String(place), port: address.port };
}

/**
 * @param {string} socket
 * @param {object} more
 */
export function settings(socket, more = {}) {
  return readSettings({ socket, approvalWait: 0, answerTimeout: 5, ...more }, {});
}

/** @param {Record<string, unknown>} pluginConfig */
export function host(pluginConfig, registrationMode = "full") {
  const registered = {
    /** @type {any} */ policy: undefined,
    /** @type {any} */ middleware: undefined,
    /** @type {Record<string, { handler: any, options: any }>} */ hooks: {},
    /** @type {string[]} */ log: [],
  };
  const write = (/** @type {string} */ line) => void registered.log.push(line);
  const api = {
    registrationMode,
    pluginConfig,
    logger: { info: write, warn: write, error: write },
    runtime: { config: { current: () => ({}) } },
    on: (/** @type {string} */ name, /** @type {any} */ handler, /** @type {any} */ options) => {
      registered.hooks[name] = { handler, options };
    },
    registerTrustedToolPolicy: (/** @type {any} */ policy) => void (registered.policy = policy),
    registerAgentToolResultMiddleware: (/** @type {any} */ handler) => void (registered.middleware = handler),
  };
  return { api: /** @type {any} */ (api), ...registered, registered };
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
