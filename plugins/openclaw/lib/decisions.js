// Hears of late answers: what people decided about calls that went away with "pending". The edge keeps telling a decision until
// it hears that the session which asked was woken.

import { setTimeout as sleep } from "node:timers/promises";

import { decided } from "./approvals.js";
import { ask } from "./edge.js";
import { agentsOf } from "./presence.js";
import { textOf, wake } from "./wake.js";

const KEY = Symbol.for("safety-gateway.openclaw.wake/1");

/** Seconds that one question for decisions stays open at the edge. */
const POLL = 50;

/** Seconds between two attempts that fail: the first, twice as long each time, at most the last. */
const PAUSE = { first: 1, last: 15 };

/** Attempts to wake a session that the gateway refuses: it may have been deleted. */
const REFUSALS = 3;

/**
 * @typedef {import("./settings.js").Settings} Settings
 * @typedef {import("./wake.js").Decision} Decision
 * @typedef {import("./wake.js").Host} Host
 * @typedef {{ id: string, session: string }} Told  that this session has been told
 */

/** @returns {{ watch: AbortController | undefined }} shared by all copies of this module */
function state() {
  const place = /** @type {Record<symbol, ReturnType<typeof state>>} */ (/** @type {unknown} */ (globalThis));
  return (place[KEY] ??= { watch: undefined });
}

/**
 * Wait for decisions from now on. It ends with `stopWatching`, and keeps no process alive once nothing else does.
 * @param {Settings} settings
 * @param {Host} host
 * @param {AbortSignal} [stopping]  the gateway begins to stop, and takes no new turns
 * @returns {Promise<void>} settles when it was stopped
 */
export async function watchDecisions(settings, host, stopping) {
  stopWatching();
  if (stopping?.aborted) return;
  const watch = new AbortController();
  state().watch = watch;
  stopping?.addEventListener("abort", () => watch.abort(), { once: true });
  const refusals = new Map();
  /** @type {Told[]} */
  let told = [];
  let pause = 0;
  while (!watch.signal.aborted) {
    try {
      const body = { agents: agentsOf(host.config()), wait: POLL, told };
      const answer = await ask(settings, "/v1/decided", body, { seconds: POLL + settings.answerTimeout, signal: watch.signal });
      const decisions = /** @type {Decision[]} */ (answer.decided);
      told = await passOn(host, decisions, refusals);
      pause = told.length < decisions.length ? longer(pause) : 0;
    } catch (error) {
      if (pause === 0 && !watch.signal.aborted) host.warn(`hears of no decisions: ${textOf(error)}`);
      pause = longer(pause);
    }
    await sleep(pause * 1000, undefined, { ref: false, signal: watch.signal }).catch(() => {});
  }
}

/** Wait for no more decisions. What has not been passed on will be told again. */
export function stopWatching() {
  state().watch?.abort();
  state().watch = undefined;
}

/**
 * @param {Host} host
 * @param {Decision[]} decisions
 * @param {Map<string, number>} refusals  request id and session -> how often the gateway has refused to wake it
 * @returns {Promise<Told[]>} what need not be told again
 */
async function passOn(host, decisions, refusals) {
  /** @type {Told[]} */
  const told = [];
  for (const decision of decisions) {
    const { id, session } = decision;
    const what = decided(decision);
    if (what === "later") continue;
    if (what === "heard" || session === "" || (await woken(host, decision, refusals))) told.push({ id, session });
  }
  return told;
}

/**
 * @param {Host} host
 * @param {Decision} decision
 * @param {Map<string, number>} refusals
 * @returns {Promise<boolean>} whether it is done with
 */
async function woken(host, decision, refusals) {
  const key = JSON.stringify([decision.id, decision.session]);
  try {
    await wake(host, decision);
    refusals.delete(key);
    return true;
  } catch (error) {
    const count = (refusals.get(key) ?? 0) + 1;
    refusals.set(key, count);
    const final = count >= REFUSALS && /** @type {{ retryable?: unknown }} */ (error).retryable === false;
    if (final) refusals.delete(key);
    host.warn(`cannot wake ${decision.session} for approval ${decision.id}${final ? "" : " yet"}: ${textOf(error)}`);
    return final;
  }
}

/** @param {number} pause  seconds */
function longer(pause) {
  return pause === 0 ? PAUSE.first : Math.min(2 * pause, PAUSE.last);
}
