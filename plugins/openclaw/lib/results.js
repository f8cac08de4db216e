// After a tool has run and before the model or any store sees the result: the edge redacts it. A result that the edge did not
// see is withheld.

import { keyOf } from "./calls.js";
import { ask } from "./edge.js";
import { shared, take } from "./shared.js";

/** @typedef {Parameters<Parameters<import("openclaw/plugin-sdk/plugin-entry").OpenClawPluginApi["registerAgentToolResultMiddleware"]>[0]>[0]} ResultEvent */
/** @typedef {Parameters<Parameters<import("openclaw/plugin-sdk/plugin-entry").OpenClawPluginApi["registerAgentToolResultMiddleware"]>[0]>[1]} ResultContext */
/** @typedef {ResultEvent["result"]} ToolResult */
/** @typedef {{ toolName: string, params: Record<string, unknown>, toolCallId?: string, error?: string, durationMs?: number }} EndedEvent */
/** @typedef {{ agentId?: string, sessionKey?: string, toolCallId?: string }} EndedContext */

/**
 * @param {import("./settings.js").Settings} settings
 * @param {ResultEvent} event
 * @param {ResultContext} ctx
 * @returns {Promise<{ result: ToolResult }>}
 */
export async function clean(settings, event, ctx) {
  try {
    const { toolCallId: id, toolName: tool, args } = event;
    const name = { id, tool, agent: ctx.agentId, session: ctx.sessionKey ?? "" };
    const call = { ...name, params: shared().originals.get(keyOf(name)) ?? args };
    const answer = await ask(settings, "/v1/result", { call, result: event.result }, { seconds: settings.answerTimeout });
    const result = /** @type {ToolResult} */ (answer.result);
    return Array.isArray(result?.content) ? { result } : { result: withheld("the edge's answer was not understood") };
  } catch (error) {
    return { result: withheld(error instanceof Error ? error.message : "the edge could not be asked") };
  }
}

/**
 * `after_tool_call`: the edge notes that the call has ended, also one that was blocked.
 * @param {import("./settings.js").Settings} settings
 * @param {EndedEvent} event
 * @param {EndedContext} ctx
 */
export async function tellEnd(settings, { toolName: tool, params, toolCallId, error, durationMs }, ctx) {
  const id = toolCallId ?? ctx.toolCallId;
  if (!id || !ctx.agentId) return;
  const name = { id, tool, agent: ctx.agentId, session: ctx.sessionKey ?? "" };
  const call = { ...name, params: take(shared().originals, keyOf(name)) ?? params };
  const body = { call, ms: Math.max(0, Math.round(durationMs ?? 0)), error: error !== undefined };
  await ask(settings, "/v1/ended", body, { seconds: settings.answerTimeout });
}

/**
 * @param {string} reason
 * @returns {ToolResult}
 */
export function withheld(reason) {
  const text =
    `Safety Gateway: the call has run, but its result is withheld, because it could not be checked for secrets: ${reason}. ` +
    "Do not repeat the call for its result alone.";
  // With `middlewareError` OpenClaw still tells the model that a message was delivered, so it is not sent twice.
  return { content: [{ type: "text", text }], details: { status: "error", middlewareError: true } };
}
