// Before a tool runs: the trusted policy asks the edge, and before_tool_call is the second witness that it was asked.

import { insteadOf, namedQuestion, reasonOf } from "./answers.js";
import { awaitPerson } from "./approvals.js";
import { ask, EdgeError } from "./edge.js";
import { forget, keep, original, remember, shared, use } from "./shared.js";
import { byService, rewritten, SERVICE_CALL } from "./tickets.js";

/** @typedef {Parameters<import("openclaw/plugin-sdk/plugin-entry").PluginTrustedToolPolicyRegistration["evaluate"]>[0]} ToolEvent */
/** @typedef {Parameters<import("openclaw/plugin-sdk/plugin-entry").PluginTrustedToolPolicyRegistration["evaluate"]>[1]} ToolContext */
/** @typedef {{ block: true, blockReason: string }} Blocked */
/** @typedef {{ id: string, tool: string, params: Record<string, unknown>, agent: string, session: string }} Call */

/** OpenClaw's tool that only makes another call, for which its hooks run once more. */
const NESTING = "tool_call";

/** Characters of a reason that the model is told. */
const REASON_LIMIT = 2000;

/**
 * Ask the edge whether the call may run.
 * @param {import("./settings.js").Settings} settings
 * @param {ToolEvent} event
 * @param {ToolContext} ctx
 * @returns {Promise<undefined | { params: Record<string, unknown> } | Blocked>}  undefined: it may; params: it may in this form
 */
export async function decide(settings, event, ctx) {
  try {
    const call = callOf(event, ctx);
    forget(nameOf(call, event.runId));
    const nested = call.tool === NESTING; // the inner call comes by itself, and is judged then
    const put = (/** @type {number} */ wait, /** @type {(AbortSignal | undefined)[]} */ ...ends) => {
      const signal = AbortSignal.any([ctx.abortSignal, ...ends].filter((end) => end !== undefined));
      const limits = { seconds: wait + settings.answerTimeout, signal };
      return ask(settings, "/v1/decide", { call, wait, ...(nested ? { nested } : {}) }, limits);
    };
    let answer = await put(0);
    if (answer.decision === "pending") {
      const asked = answer;
      const wait = settings.approvalWait;
      answer = await awaitPerson({ call, answer, ctx }, async (closing) => (wait > 0 ? await put(wait, closing) : asked));
    }
    const { instead } = /** @type {{ instead?: { tool: string, params: unknown } }} */ (answer);
    if (answer.decision === "block" && instead) return changed(answer, asCalled(call, instead));
    if (answer.decision !== "allow") return blocked(refusal(answer));
    if (answer.ticket === undefined) return permitted(call, event.runId, call.params);
    return withTicket(settings, call, event.runId, String(answer.ticket));
  } catch (error) {
    return blocked(error instanceof EdgeError ? error.message : "the call could not be put to the edge");
  }
}

/**
 * Let only a call pass that the trusted policy has allowed with these arguments, and hold it to them.
 *
 * OpenClaw takes the arguments that the last hook returns, so returning the allowed ones, last, undoes what other plugins'
 * hooks have changed since.
 * @param {ToolEvent} event
 * @param {ToolContext} ctx
 * @returns {{ params: Record<string, unknown> } | Blocked}
 */
export function confirm(event, ctx) {
  try {
    const params = use(nameOf(callOf(event, ctx), event.runId), event.params);
    if (params !== undefined) return { params };
  } catch {
    // said below: a call without a name was not allowed either
  }
  return blocked("the call was not allowed in this form; the plugin's trusted policy did not see it");
}

/**
 * @param {string} reason
 * @returns {Blocked}
 */
export function blocked(reason) {
  return { block: true, blockReason: `Safety Gateway: ${oneLine(reason)}` };
}

/**
 * A call that an approver changed: the agent is told which one was approved, however long that is.
 * @param {Record<string, unknown>} answer
 * @param {{ tool: string, params: unknown }} instead
 * @returns {Blocked}
 */
function changed(answer, instead) {
  return { block: true, blockReason: `Safety Gateway: blocked: ${oneLine(reasonOf(answer))}. ${insteadOf(instead)}` };
}

/**
 * @param {Call} call  as the agent made it
 * @param {{ tool: string, params: unknown }} instead  of what the edge judged
 * @returns {{ tool: string, params: unknown }}  as the agent can make it
 */
function asCalled(call, instead) {
  return call.tool === SERVICE_CALL ? byService(instead) : instead;
}

/**
 * @param {string} reason
 * @returns {string}  without line ends and characters that hide or turn text
 */
export function oneLine(reason) {
  return reason.replace(/[\p{Cc}\p{Cf}]+/gu, " ").slice(0, REASON_LIMIT);
}

/**
 * The name under which a call's ticket and own arguments are kept; a tool's execute() knows no more of it.
 * @param {{ agent: string | undefined, session: string | undefined, tool: string, id: string }} call
 */
export function keyOf({ agent, session, tool, id }) {
  return JSON.stringify([agent, session ?? "", tool, id]);
}

/**
 * @param {Call} call
 * @param {string | undefined} run
 * @param {Record<string, unknown>} params
 */
function permitted(call, run, params) {
  remember(nameOf(call, run), params);
  return undefined;
}

/**
 * The edge itself carries the call out, with the secrets it needs, for whoever has the ticket.
 * @param {import("./settings.js").Settings} settings
 * @param {Call} call
 * @param {string | undefined} run
 * @param {string} ticket
 */
function withTicket(settings, call, run, ticket) {
  const params = rewritten(settings, call, ticket);
  if (params === undefined) return blocked(`blocked: ${call.tool} cannot be given secrets; use exec or http_request`);
  if (params === call.params) {
    keep(shared().tickets, keyOf(call), ticket);
    return permitted(call, run, params);
  }
  original(keyOf(call), call.params);
  remember(nameOf(call, run), params);
  return { params };
}

/**
 * @param {ToolEvent} event
 * @param {ToolContext} ctx
 * @returns {Call}
 */
function callOf(event, ctx) {
  const { toolName: tool, params, toolCallId: id = ctx.toolCallId } = event;
  if (!id) throw new EdgeError("OpenClaw gave the call no id");
  if (!ctx.agentId) throw new EdgeError("OpenClaw did not say which agent is calling");
  return { id, tool, params, agent: ctx.agentId, session: ctx.sessionKey ?? "" };
}

/**
 * @param {Call} call
 * @param {string | undefined} run
 */
function nameOf({ agent, session, id, tool }, run) {
  return JSON.stringify([agent, session, run, id, tool]);
}

/** @param {Record<string, unknown>} answer */
function refusal(answer) {
  const why = [answer.level, answer.rule].filter((word) => typeof word === "string" && word).join(", ");
  const reason = `${reasonOf(answer)}${why ? ` (${why})` : ""}`;
  if (answer.decision === "block") return `blocked: ${reason}`;
  if (answer.decision !== "pending") return "blocked: the edge's answer was not understood";
  return (
    `pending approval ${namedQuestion(answer)}: ${reason}. A person has been asked and nothing has run. ` +
    "Repeat the same call after approval; do not look for another way to do it."
  );
}
