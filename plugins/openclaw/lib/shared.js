// OpenClaw evaluates this plugin's module several times in one process and spreads the hooks of one turn over the copies, so
// what they must agree on lies on globalThis. The key names the shape: a newer plugin that is loaded into the same process
// must not meet an older one's state.

import { isDeepStrictEqual } from "node:util";

const KEY = Symbol.for("safety-gateway.openclaw/1");

/** Calls that were allowed and have not begun: far more than can run at once, and a bound. A forgotten one is blocked. */
const CALLS = 10_000;

/**
 * @typedef {object} Shared
 * @property {Map<string, Record<string, unknown>>} allowed  call -> the arguments that were allowed
 * @property {string[]} faults  why this process is not fully guarded
 * @property {NodeJS.Timeout | undefined} timer  the next check-in
 * @property {number} round  which series of check-ins is the current one
 */

/** @returns {Shared} */
export function shared() {
  const place = /** @type {Record<symbol, Shared>} */ (/** @type {unknown} */ (globalThis));
  return (place[KEY] ??= { allowed: new Map(), faults: [], timer: undefined, round: 0 });
}

/**
 * Remember that this very call was allowed, until it begins: what JSON carried to the edge, nothing else.
 * @param {string} call
 * @param {Record<string, unknown>} params
 */
export function remember(call, params) {
  const { allowed } = shared();
  allowed.delete(call);
  allowed.set(call, carried(params));
  const oldest = allowed.keys().next();
  if (allowed.size > CALLS && !oldest.done) allowed.delete(oldest.value);
}

/**
 * Forget what was allowed under this name.
 * @param {string} call
 */
export function forget(call) {
  shared().allowed.delete(call);
}

/**
 * Use up the permission of a call.
 * @param {string} call
 * @param {Record<string, unknown>} params
 * @returns {Record<string, unknown> | undefined}  the allowed arguments; undefined if there are none, or others
 */
export function use(call, params) {
  const { allowed } = shared();
  const known = allowed.get(call);
  allowed.delete(call);
  return known !== undefined && isDeepStrictEqual(known, carried(params)) ? known : undefined;
}

/**
 * @param {Record<string, unknown>} params
 * @returns {Record<string, unknown>}
 */
function carried(params) {
  return JSON.parse(JSON.stringify(params));
}
