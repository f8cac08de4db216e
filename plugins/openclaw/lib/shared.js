// OpenClaw evaluates this plugin's module several times in one process and spreads the hooks of one turn over the copies, so
// what they must agree on lies on globalThis. The key names the shape: a newer plugin that is loaded into the same process
// must not meet an older one's state.

import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";

const KEY = Symbol.for("safety-gateway.openclaw/2");

/** Entries of one table: far more than can be under way at once, and a bound. A call that was forgotten is blocked. */
const ENTRIES = 10_000;

/** Characters of a call's arguments that are kept until its result is there; of longer ones the edge is told nothing. */
const ORIGINAL_LIMIT = 65_536;

/**
 * @typedef {object} Turn  what the edge says of a turn that was announced
 * @property {boolean} ok
 * @property {string} reason
 * @property {string[] | null} tools  those of the agent's manifest; null: it has none
 * @property {string} guidance
 */

/**
 * @typedef {object} Shared
 * @property {Map<string, Record<string, unknown>>} allowed  call -> the arguments that were allowed
 * @property {Map<string, string>} tickets  call of a tool of ours -> the ticket with which the edge carries it out
 * @property {Map<string, Record<string, unknown>>} originals  call that was rewritten -> its own arguments
 * @property {Map<string, Promise<Turn>>} turns  agent, trace and run -> the edge's answer
 * @property {Map<string, string[]>} hooks  copy -> what it has registered
 * @property {Map<string, string[]>} faults  copy -> why this process is not fully guarded
 * @property {Record<string, number>} fired  hook -> how often it was called
 * @property {string} process  32 hexadecimal digits that name this process
 * @property {Map<string, string>} nonces  agent -> what the next check-in must echo
 * @property {import("./needles.js").Needles | undefined} needles  undefined: none have come yet
 * @property {NodeJS.Timeout | undefined} timer  the next check-in
 * @property {number} round  which series of check-ins is the current one
 */

/** @returns {Shared} */
export function shared() {
  const place = /** @type {Record<symbol, Shared>} */ (/** @type {unknown} */ (globalThis));
  return (place[KEY] ??= {
    allowed: new Map(),
    tickets: new Map(),
    originals: new Map(),
    turns: new Map(),
    hooks: new Map(),
    faults: new Map(),
    fired: {},
    process: randomBytes(16).toString("hex"),
    nonces: new Map(),
    needles: undefined,
    timer: undefined,
    round: 0,
  });
}

/**
 * Put an entry last in a table, and let the oldest go when there are too many.
 * @template T
 * @param {Map<string, T>} table
 * @param {string} key
 * @param {T} value
 */
export function keep(table, key, value) {
  table.delete(key);
  table.set(key, value);
  const oldest = table.keys().next();
  if (table.size > ENTRIES && !oldest.done) table.delete(oldest.value);
}

/**
 * Take an entry out of a table.
 * @template T
 * @param {Map<string, T>} table
 * @param {string} key
 * @returns {T | undefined}
 */
export function take(table, key) {
  const value = table.get(key);
  table.delete(key);
  return value;
}

/**
 * Remember that this very call was allowed, until it begins: what JSON carried to the edge, nothing else.
 * @param {string} call
 * @param {Record<string, unknown>} params
 */
export function remember(call, params) {
  keep(shared().allowed, call, carried(params));
}

/**
 * Forget what was allowed under this name.
 * @param {string} call
 */
export function forget(call) {
  shared().allowed.delete(call);
  shared().tickets.delete(call);
}

/**
 * Use up the permission of a call.
 * @param {string} call
 * @param {Record<string, unknown>} params
 * @returns {Record<string, unknown> | undefined}  the allowed arguments; undefined if there are none, or others
 */
export function use(call, params) {
  const known = take(shared().allowed, call);
  return known !== undefined && isDeepStrictEqual(known, carried(params)) ? known : undefined;
}

/**
 * Remember a rewritten call's own arguments, which the edge is told again when the result is there.
 * @param {string} call
 * @param {Record<string, unknown>} params
 */
export function original(call, params) {
  const text = JSON.stringify(params);
  keep(shared().originals, call, text.length > ORIGINAL_LIMIT ? {} : JSON.parse(text));
}

/**
 * @param {Record<string, unknown>} params
 * @returns {Record<string, unknown>}
 */
function carried(params) {
  return JSON.parse(JSON.stringify(params));
}
