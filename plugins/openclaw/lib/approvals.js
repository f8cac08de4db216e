// Questions of the edge that OpenClaw's own approvals may answer: the buttons in a chat, /approve. The signed policy says which
// (the edge's `channel`). What somebody says there is brought to the edge and decides nothing by itself: the call runs when the
// edge says "allow".

import { Desk } from "./desk.js";

const KEY = Symbol.for("safety-gateway.openclaw.approvals/2");

/** Answered calls that are remembered until their decision comes by the other way too. */
const SETTLED = 1000;

/**
 * @typedef {import("./settings.js").Settings} Settings
 * @typedef {import("./desk.js").Asked} Asked
 * @typedef {import("./desk.js").Host} Host
 * @typedef {import("./questions.js").Question} Question
 */

/**
 * Shared by all copies of this module.
 * @returns {{ desk: Desk | undefined, awaited: Map<string, number>, settled: Set<string> }}
 */
function state() {
  const place = /** @type {Record<symbol, ReturnType<typeof state>>} */ (/** @type {unknown} */ (globalThis));
  return (place[KEY] ??= { desk: undefined, awaited: new Map(), settled: new Set() });
}

/**
 * From now on, questions may be put in OpenClaw too.
 * @param {Settings} settings
 * @param {Host} host
 * @param {AbortSignal} [stopping]  the gateway begins to stop: it waits for every question and every call that is under way
 */
export function openDesk(settings, host, stopping) {
  void closeDesk();
  if (stopping?.aborted) return;
  const desk = new Desk(settings, host);
  state().desk = desk;
  stopping?.addEventListener("abort", () => void (state().desk === desk && closeDesk()), { once: true });
}

/** Put no more questions, and let no call wait any longer. At the edge everything stays open. */
export async function closeDesk() {
  const { desk } = state();
  state().desk = undefined;
  await desk?.close();
}

/**
 * Wait with a call for which a person has been asked.
 * @param {Question} question  `answer`: the edge's, which is "pending"
 * @param {(signal: AbortSignal | undefined) => Promise<Record<string, unknown>>} again  asks the edge once more, and waits
 * @returns {Promise<Record<string, unknown>>} the edge's answer
 */
export async function awaitPerson(question, again) {
  const asked = askedOf(question.answer);
  if (asked === undefined) return question.answer;
  const { awaited, desk } = state();
  const { session } = question.call;
  const waiting = asker(asked.id, session);
  if (question.answer.channel === true) desk?.put(question, asked);
  awaited.set(waiting, (awaited.get(waiting) ?? 0) + 1);
  try {
    const answer = await again(desk?.closed);
    if (answers(answer)) settle(asked.id, session, answer.decision === "allow");
    return answer;
  } catch (error) {
    if (desk?.closed.aborted) return question.answer;
    throw error;
  } finally {
    const others = (awaited.get(waiting) ?? 1) - 1;
    if (others > 0) awaited.set(waiting, others);
    else awaited.delete(waiting);
  }
}

/**
 * What to do with a decision that comes by the edge's list.
 * @param {{ id: string, session: string, state: string, edited_from?: string }} decision
 * @returns {"wake" | "heard" | "later"}  heard: the call has had it while it waited; later: a call is just waiting for it
 */
export function decided({ id, session, state: outcome, edited_from: earlier }) {
  const { awaited, settled, desk } = state();
  if (awaited.has(asker(id, session))) return "later";
  if (settled.delete(asker(id, session))) return "heard";
  void desk?.withdraw(id, outcome === "granted");
  if (earlier !== undefined) void desk?.withdraw(earlier, false);
  return "wake";
}

/**
 * Several sessions may have asked the same: each waits, and is told, for itself.
 * @param {string} request
 * @param {string} session
 */
function asker(request, session) {
  return JSON.stringify([request, session]);
}

/**
 * @param {string} request
 * @param {string} session
 * @param {boolean} allow
 */
function settle(request, session, allow) {
  const { settled, desk } = state();
  settled.add(asker(request, session));
  const oldest = settled.values().next();
  if (settled.size > SETTLED && !oldest.done) settled.delete(oldest.value);
  void desk?.withdraw(request, allow);
}

/**
 * @param {Record<string, unknown>} answer  the edge's
 * @returns {Asked | undefined}
 */
function askedOf(answer) {
  const { id, expires } = /** @type {Partial<Asked>} */ (answer.approval ?? {});
  return typeof id === "string" && typeof expires === "number" ? { id, expires } : undefined;
}

/**
 * Whether an answer of the edge is what the people have said; it may also have other reasons to refuse by now.
 * @param {Record<string, unknown>} answer
 */
function answers({ decision, rule }) {
  return decision === "allow" || (decision === "block" && String(rule).startsWith("approval "));
}
