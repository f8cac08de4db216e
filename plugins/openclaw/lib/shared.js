// OpenClaw evaluates this plugin's module several times in one process and spreads the hooks of one turn over the copies, so
// what they must agree on lies on globalThis. The key names the shape: a newer plugin that is loaded into the same process
// must not meet an older one's state.

import { hash, randomBytes } from "node:crypto";

const KEY = Symbol.for("safety-gateway.openclaw/6");

/** Calls that were allowed and have not begun: far more than can be under way at once, and a bound. A forgotten one is blocked. */
const CALLS = 10_000;

/** Entries of the other tables, which are larger. A forgotten turn is announced anew. */
const ENTRIES = 500;

/** Characters of a call's arguments that are kept until its result is there; of longer ones the edge is told nothing. */
const ORIGINAL_LIMIT = 8192;

/** Bytes that an entry is counted with: its name and digest; an answer with its list of tools and its guidance. */
const WEIGHT = { call: 512, turn: 4096 };

/**
 * @typedef {object} Turn  what the edge says of a turn that was announced
 * @property {boolean} ok
 * @property {string} reason
 * @property {string[] | null} tools  those of the agent's manifest; null: it has none
 * @property {string} guidance
 */

/**
 * @typedef {object} Shared
 * @property {Map<string, string>} allowed  call -> digest of the arguments that were allowed
 * @property {Map<string, string>} tickets  call of a tool of ours -> the ticket with which the edge carries it out
 * @property {Map<string, Record<string, unknown>>} originals  call that was rewritten -> its own arguments
 * @property {Map<string, Promise<Turn>>} turns  agent, trace and run -> the edge's answer
 * @property {Map<string, string>} sessions  channel and address -> the session in which they were last heard or answered
 * @property {Map<string, true>} unsaid  question about a text that was kept back, by its id at the edge
 * @property {Map<string, string[]>} hooks  copy -> what it has registered
 * @property {Map<string, string[]>} faults  copy -> why this process is not fully guarded
 * @property {Record<string, number>} fired  hook -> how often it was called
 * @property {string} process  32 hexadecimal digits that name this process
 * @property {Map<string, string>} nonces  agent -> what the next check-in must echo
 * @property {import("./needles.js").Needles | undefined} needles  undefined: none have come yet
 * @property {string} trouble  why the last check-in failed; empty if it did not
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
    sessions: new Map(),
    unsaid: new Map(),
    hooks: new Map(),
    faults: new Map(),
    fired: {},
    process: randomBytes(16).toString("hex"),
    nonces: new Map(),
    needles: undefined,
    trouble: "",
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
 * @param {number} most
 */
export function keep(table, key, value, most = ENTRIES) {
  table.delete(key);
  table.set(key, value);
  const oldest = table.keys().next();
  if (table.size > most && !oldest.done) table.delete(oldest.value);
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
  keep(shared().allowed, call, digestOf(carried(params)), CALLS);
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
  if (known === undefined) return undefined;
  const now = carried(params);
  return known === digestOf(now) ? now : undefined;
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

/** Bytes that the tables and the needles hold, estimated. */
export function memory() {
  const { allowed, tickets, turns, sessions, originals, needles } = shared();
  const calls = (allowed.size + tickets.size + sessions.size) * WEIGHT.call + turns.size * WEIGHT.turn;
  const params = [...originals.values()].reduce((sum, each) => sum + JSON.stringify(each).length * 2, 0);
  return calls + params + (needles?.memory ?? 0);
}

/**
 * @param {Record<string, unknown>} params
 * @returns {Record<string, unknown>}
 */
function carried(params) {
  return JSON.parse(JSON.stringify(params));
}

/**
 * @param {unknown} params  what JSON can say
 * @returns {string}  the same for the same fields in another order
 */
function digestOf(params) {
  return hash("sha256", JSON.stringify(params, inOrder));
}

/**
 * @param {string} _
 * @param {unknown} value
 */
function inOrder(_, value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
