// Before a tool runs: the trusted policy asks the edge, and before_tool_call is the second witness that it was asked.

import { ask, EdgeError } from "./edge.js";
import { forget, remember, use } from "./shared.js";

/** @typedef {Parameters<import("openclaw/plugin-sdk/plugin-entry").PluginTrustedToolPolicyRegistration["evaluate"]>[0]} ToolEvent */
/** @typedef {Parameters<import("openclaw/plugin-sdk/plugin-entry").PluginTrustedToolPolicyRegistration["evaluate"]>[1]} ToolContext */
/** @typedef {{ block: true, blockReason: string }} Blocked */

/** Characters of a reason that the model is told. */
const REASON_LIMIT = 2000;

/**
 * Ask the edge whether the call may run.
 * @param {import("./settings.js").Settings} settings
 * @param {ToolEvent} event
 * @param {ToolContext} ctx
 * @returns {Promise<undefined | Blocked>}  undefined: it may
 */
export async function decide(settings, event, ctx) {
  try {
    const call = callOf(event, ctx);
    forget(nameOf(event, ctx));
    const limits = { seconds: settings.approvalWait + settings.answerTimeout, signal: ctx.abortSignal };
    const answer = await ask(settings, "/v1/decide", { call, wait: settings.approvalWait }, limits);
    if (answer.decision !== "allow") return blocked(refusal(answer));
    remember(nameOf(event, ctx), call.params);
    return undefined;
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
  const params = use(nameOf(event, ctx), event.params);
  if (params === undefined) return blocked("the call was not allowed in this form; the plugin's trusted policy did not see it");
  return { params };
}

/**
 * @param {string} reason
 * @returns {Blocked}
 */
export function blocked(reason) {
  const line = reason.replace(/[\p{Cc}\p{Cf}]+/gu, " ").slice(0, REASON_LIMIT);
  return { block: true, blockReason: `Safety Gateway: ${line}` };
}

/**
 * @param {ToolEvent} event
 * @param {ToolContext} ctx
 */
function callOf(event, ctx) {
  const { toolName: tool, params, toolCallId: id = ctx.toolCallId } = event;
  if (!id) throw new EdgeError("OpenClaw gave the call no id");
  if (!ctx.agentId) throw new EdgeError("OpenClaw did not say which agent is calling");
  return { id, tool, params, agent: ctx.agentId, session: ctx.sessionKey ?? "" };
}

/**
 * @param {ToolEvent} event
 * @param {ToolContext} ctx
 */
function nameOf(event, ctx) {
  return JSON.stringify([ctx.agentId, ctx.sessionKey, event.runId, event.toolCallId ?? ctx.toolCallId, event.toolName]);
}

/** @param {Record<string, unknown>} answer */
function refusal(answer) {
  const why = [answer.level, answer.rule].filter((word) => typeof word === "string" && word).join(", ");
  const reason = `${typeof answer.reason === "string" ? answer.reason : "no reason given"}${why ? ` (${why})` : ""}`;
  if (answer.decision === "block") return `blocked: ${reason}`;
  if (answer.decision !== "pending") return "blocked: the edge's answer was not understood";
  const { id } = /** @type {{ id?: unknown }} */ (answer.approval ?? {});
  return (
    `pending approval ${id ?? "without an id"}: ${reason}. A person has been asked and nothing has run. ` +
    "Repeat the same call after approval; do not look for another way to do it."
  );
}
