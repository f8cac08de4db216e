// One question to the edge, one JSON object back, or an EdgeError. There is no third outcome and no retry.

import { readFileSync } from "node:fs";
import { Agent, ClientRequest } from "node:http";
import { connect } from "node:net";

/** Bytes. The edge answers with at most what it accepts (10 MiB) and a little for the placeholders. */
const ANSWER_LIMIT = 16 * 1024 * 1024;

/** Milliseconds that an idle connection is kept; less than the edge keeps it, so that no question meets a closing one. */
const IDLE = 20_000;

/** The edge gave no usable answer. Its text may be shown to the model: it holds nothing of the question. */
export class EdgeError extends Error {}

/** @type {Map<string, Agent>} address -> its connections; never the global agent, which others replace */
const connections = new Map();

/**
 * @param {import("./settings.js").Settings} settings
 * @param {string} path  "/v1/decide"
 * @param {unknown} body  anything JSON can say; undefined: a GET
 * @param {{ seconds: number, bytes?: number, signal?: AbortSignal | undefined }} limits  `bytes`: of the answer
 * @returns {Promise<Record<string, unknown>>}
 * @throws {EdgeError}
 */
export async function ask(settings, path, body, limits) {
  const text = body === undefined ? undefined : JSON.stringify(body); // may throw TypeError for what JSON cannot say; every caller treats any error as a no
  const deadline = AbortSignal.timeout(limits.seconds * 1000);
  const signal = limits.signal ? AbortSignal.any([limits.signal, deadline]) : deadline;
  try {
    const { status, raw } = await exchange(settings.address, path, text, tokenOf(settings), { signal, bytes: limits.bytes ?? ANSWER_LIMIT });
    return understood(status, raw);
  } catch (error) {
    if (error instanceof EdgeError) throw error;
    if (limits.signal?.aborted) throw new EdgeError("the call was cancelled");
    if (deadline.aborted) throw new EdgeError(`the edge did not answer within ${limits.seconds} seconds`);
    throw new EdgeError(`the edge cannot be reached (${code(error)}); start it with \`safety edge\``);
  }
}

/**
 * Read anew for each question, so that the token can be rotated.
 * @param {import("./settings.js").Settings} settings
 */
function tokenOf({ tokenFile }) {
  if (tokenFile === undefined) return undefined;
  try {
    return readFileSync(tokenFile, "utf8").trim();
  } catch (error) {
    throw new EdgeError(`the token file cannot be read (${code(error)})`);
  }
}

/**
 * @param {import("node:net").NetConnectOpts} address
 * @param {string} path
 * @param {string | undefined} text
 * @param {string | undefined} token
 * @param {{ signal: AbortSignal, bytes: number }} limits
 * @returns {Promise<{ status: number, raw: Buffer }>}
 */
function exchange(address, path, text, token, { signal, bytes }) {
  const { promise, resolve, reject } = Promise.withResolvers();
  // Not http.request(): OpenClaw's proxy support and other plugins replace it, and would send this question elsewhere.
  const request = new ClientRequest({
    agent: connectionsTo(address),
    host: "localhost",
    method: text === undefined ? "GET" : "POST",
    path,
    signal,
    headers: {
      ...(text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
  });
  request.on("error", reject);
  request.on("response", (response) => {
    collect(response, bytes).then((raw) => resolve({ status: response.statusCode ?? 0, raw }), reject);
  });
  request.end(text);
  return promise;
}

/**
 * @param {import("node:net").NetConnectOpts} address
 * @returns {Agent}  that keeps its connections open for the next question
 */
function connectionsTo(address) {
  const name = JSON.stringify(address);
  const known = connections.get(name);
  if (known !== undefined) return known;
  const agent = new Agent({ keepAlive: true, timeout: IDLE, scheduling: "lifo" });
  agent.createConnection = () => connect(address);
  connections.set(name, agent);
  return agent;
}

/**
 * @param {import("node:http").IncomingMessage} response
 * @param {number} most  bytes
 */
async function collect(response, most) {
  const parts = [];
  let size = 0;
  for await (const part of response) {
    size += part.length;
    if (size > most) throw new EdgeError(`the edge's answer is larger than ${most} bytes`);
    parts.push(part);
  }
  if (!response.complete) throw new EdgeError("the edge's answer broke off");
  return Buffer.concat(parts);
}

/**
 * @param {number} status
 * @param {Buffer} raw
 * @returns {Record<string, unknown>}
 */
function understood(status, raw) {
  const answer = parsed(raw);
  if (answer === undefined) throw new EdgeError(`the edge's answer (status ${status}) is not a JSON object`);
  if (status === 200) return answer;
  const { thing, reason, fix } = /** @type {Record<string, unknown>} */ (answer.error ?? {});
  const told = typeof thing === "string" && typeof reason === "string" ? `: ${thing}: ${reason}` : "";
  throw new EdgeError(`the edge refused (status ${status})${told}${fix && told ? `. Fix: ${fix}` : ""}`);
}

/** @param {Buffer} raw */
function parsed(raw) {
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(raw));
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @param {unknown} error */
function code(error) {
  return /** @type {NodeJS.ErrnoException} */ (error)?.code ?? "no connection";
}
