// Wakes a session: a call that went away with "pending" is to be repeated once a person has decided, so the session that made it
// gets a turn of its own.

import { hash } from "node:crypto";

import { insteadOf } from "./answers.js";
import { ID } from "./hooks.js";
import { shared } from "./shared.js";
import { byService } from "./tickets.js";

/** Milliseconds that a subagent may take for what it was woken for, until its parent is told nothing of it. */
const CHILD = 3_600_000;

/**
 * @typedef {object} Decision
 * @property {string} id
 * @property {string} agent
 * @property {string} session
 * @property {string} tool
 * @property {"granted" | "denied" | "expired"} state
 * @property {string} [edited_from]  the question that it stands for: an approver has changed the call
 * @property {Record<string, unknown>} [params]  what the changed call is to be made with
 * @property {true} [service]  its tool is one of a connected service
 *
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

/**
 * @param {Host} host
 * @param {Decision} decision
 * @returns {Promise<void>}  once the turn has begun
 * @throws {Error}  of the gateway; `retryable: false` where it refuses this session
 */
export async function wake(host, decision) {
  const session = sessionOf(host, decision);
  const { spawnedBy } = session;
  // An answer to such a no would be kept back as well, and asked about, and bring the next no, without end.
  const unsaid = [decision.id, decision.edited_from ?? ""].some((id) => shared().unsaid.has(id));
  const deliver = hasReader(session) && !(unsaid && decision.state !== "granted");
  const asText = unsaid && decision.state === "granted" && decision.params === undefined;
  const message = asText ? noticeOfText(decision) : noticeOf(decision);
  const once = { sessionKey: decision.session, idempotencyKey: onceFor(decision) };
  const { runId } = await begin(host, { ...once, message, deliver });
  if (spawnedBy) void tellParent(host, decision, spawnedBy, runId);
}

/**
 * The gateway begins one turn for one key, however often it is asked. Several sessions may have asked the same.
 * @param {Decision} decision
 */
function onceFor({ id, session }) {
  return `${ID}:${id}:${hash("sha256", session).slice(0, 16)}`;
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
    const deliver = hasReader(sessionOf(host, { agent: decision.agent, session: parent }));
    await begin(host, { sessionKey: parent, message, deliver, idempotencyKey: `${onceFor(decision)}:parent` });
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
 * Whether the session's own conversation is one with somebody outside. OpenClaw would pick any other channel for a session that
 * has none.
 * @param {Session} session
 */
function hasReader({ delivery }) {
  return delivery?.kind === "external" && Boolean(delivery.context?.to);
}

/**
 * What the agent is told. No word of the call itself is repeated, for the agent knows it; but what an approver made of it is said.
 * @param {Decision} decision
 */
function noticeOf({ id, tool, state: outcome, edited_from: earlier, params, service }) {
  const name = tool.replace(/[^\w.:-]/g, "?").slice(0, 100);
  const about = `Safety Gateway: approval ${id} (${name})`;
  if (outcome === "granted" && params !== undefined) {
    return (
      `${about} stands in place of approval ${earlier}: the approver changed your call and approved it in another form. ` +
      insteadOf(service ? byService({ tool: name, params }) : { tool: name, params })
    );
  }
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

/**
 * What the agent is told of a text that OpenClaw was about to send for it: there was no call.
 * @param {Decision} decision
 */
function noticeOfText({ id }) {
  return (
    `Safety Gateway: approval ${id} was granted: the answer that was kept back may be sent. Give exactly the same answer again now, ` +
    "word for word, with nothing before or after it."
  );
}

/** @param {unknown} error */
export function textOf(error) {
  return error instanceof Error ? error.message : "unknown error";
}
