// Brings late answers to the agents: a call that went away with "pending" is to be repeated once a person has decided, so the
// session that made it gets a turn of its own. The edge keeps telling a decision until it hears that this was done.

import { setTimeout as sleep } from "node:timers/promises";

import { decided } from "./approvals.js";
import { ask } from "./edge.js";
import { agentsOf } from "./presence.js";

const KEY = Symbol.for("safety-gateway.openclaw.wake/1");

/** Seconds that one question for decisions stays open at the edge. */
const POLL = 50;

/** Seconds between two attempts that fail: the first, twice as long each time, at most the last. */
const PAUSE = { first: 1, last: 15 };

/** Attempts to wake a session that the gateway refuses: it may have been deleted. */
const REFUSALS = 3;

/** Milliseconds that a subagent may take for what it was woken for, until its parent is told nothing of it. */
const CHILD = 3_600_000;

/**
 * @typedef {import("./settings.js").Settings} Settings
 * @typedef {{ id: string, agent: string, session: string, tool: string, state: "granted" | "denied" | "expired" }} Decision
 * @typedef {{ sessionKey: string, message: string, deliver: boolean, idempotencyKey: string }} Run
 * @typedef {{ delivery?: { kind?: string, context?: { to?: string } }, spawnedBy?: string }} Session
 *
 * @typedef {object} Host  OpenClaw, as far as it is needed here
 * @property {() => unknown} config  its configuration as it is now
 * @property {(run: Run) => Promise<{ runId: string }>} run  begins a turn, and does not wait for its end
 * @property {(run: { runId: string, timeoutMs: number }) => Promise<unknown>} wait
 * @property {(session: { agentId: string, sessionKey: string }) => unknown} session
 * @property {(message: string) => void} warn
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
  /** @type {string[]} */
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
 * @param {Map<string, number>} refusals  request id -> how often the gateway has refused to wake its session
 * @returns {Promise<string[]>} the ids of those that need not be told again
 */
async function passOn(host, decisions, refusals) {
  const told = [];
  for (const decision of decisions) {
    const what = decided(decision.id, decision.state === "granted");
    if (what === "later") continue;
    if (what === "heard" || decision.session === "" || (await woken(host, decision, refusals))) told.push(decision.id);
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
  try {
    await wake(host, decision);
    refusals.delete(decision.id);
    return true;
  } catch (error) {
    const count = (refusals.get(decision.id) ?? 0) + 1;
    refusals.set(decision.id, count);
    const final = count >= REFUSALS && /** @type {{ retryable?: unknown }} */ (error).retryable === false;
    if (final) refusals.delete(decision.id);
    host.warn(`cannot wake ${decision.session} for approval ${decision.id}${final ? "" : " yet"}: ${textOf(error)}`);
    return final;
  }
}

/**
 * @param {Host} host
 * @param {Decision} decision
 */
async function wake(host, decision) {
  const { delivery, spawnedBy } = sessionOf(host, decision);
  const sessionKey = decision.session;
  // Only to where the session's own conversation is: OpenClaw would pick any other channel for a session that has none.
  const deliver = delivery?.kind === "external" && Boolean(delivery.context?.to);
  // The gateway begins one turn for one key, however often it is asked.
  const run = { sessionKey, message: noticeOf(decision), deliver, idempotencyKey: `safety-gateway:${decision.id}` };
  const { runId } = await begin(host, run);
  if (spawnedBy) void tellParent(host, decision, spawnedBy, runId);
}

/**
 * Nobody reads what a subagent says once its first turn is over, so its parent is told to.
 * @param {Host} host
 * @param {Decision} decision
 * @param {string} parent
 * @param {string} runId
 */
async function tellParent(host, decision, parent, runId) {
  try {
    await host.wait({ runId, timeoutMs: CHILD });
    const message =
      `Safety Gateway: your subagent session ${decision.session} went on after approval ${decision.id} was ${decision.state}. ` +
      "Read its newest message (sessions_history) and tell the person what came of it.";
    const { delivery } = sessionOf(host, { agent: decision.agent, session: parent });
    const deliver = delivery?.kind === "external" && Boolean(delivery.context?.to);
    await begin(host, { sessionKey: parent, message, deliver, idempotencyKey: `safety-gateway:${decision.id}:parent` });
  } catch (error) {
    host.warn(`cannot tell ${parent} of approval ${decision.id}: ${textOf(error)}`);
  }
}

/**
 * A turn whose answer cannot be delivered is better than none: it is there for whoever opens the session.
 * @param {Host} host
 * @param {Run} run
 */
async function begin(host, run) {
  try {
    return await host.run(run);
  } catch (error) {
    if (!run.deliver || /** @type {{ retryable?: unknown }} */ (error).retryable !== false) throw error;
    return await host.run({ ...run, deliver: false });
  }
}

/**
 * @param {Host} host
 * @param {{ agent: string, session: string }} where
 * @returns {Session}
 */
function sessionOf(host, { agent, session }) {
  try {
    return /** @type {Session | undefined} */ (host.session({ agentId: agent, sessionKey: session })) ?? {};
  } catch {
    return {}; // such as one that was deleted: the turn begins a new one, and its answer stays there
  }
}

/**
 * What the agent is told. No word of the call itself is repeated: the agent knows it.
 * @param {Decision} decision
 */
function noticeOf({ id, tool, state: outcome }) {
  const name = tool.replace(/[^\w.:-]/g, "?").slice(0, 100);
  const about = `Safety Gateway: approval ${id} (${name})`;
  switch (outcome) {
    case "granted":
      return `${about} was granted: repeat the same call now, with exactly the same arguments. It may run once.`;
    case "denied":
      return `${about} was denied. Do not make the call again and do not look for another way to do it; tell the person.`;
    default:
      return (
        `${about} has expired: nobody answered in time, or the call was not repeated in time. Nothing has run. ` +
        "Tell the person, who may ask you to make the call again."
      );
  }
}

/** @param {number} pause  seconds */
function longer(pause) {
  return pause === 0 ? PAUSE.first : Math.min(2 * pause, PAUSE.last);
}

/** @param {unknown} error */
function textOf(error) {
  return error instanceof Error ? error.message : "unknown error";
}
