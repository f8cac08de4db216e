// After a tool has run and before the model or any store sees the result: the edge redacts it. A result that the edge did not
// see is withheld.

import { ask } from "./edge.js";

/** @typedef {Parameters<Parameters<import("openclaw/plugin-sdk/plugin-entry").OpenClawPluginApi["registerAgentToolResultMiddleware"]>[0]>[0]} ResultEvent */
/** @typedef {Parameters<Parameters<import("openclaw/plugin-sdk/plugin-entry").OpenClawPluginApi["registerAgentToolResultMiddleware"]>[0]>[1]} ResultContext */
/** @typedef {ResultEvent["result"]} ToolResult */

/**
 * @param {import("./settings.js").Settings} settings
 * @param {ResultEvent} event
 * @param {ResultContext} ctx
 * @returns {Promise<{ result: ToolResult }>}
 */
export async function clean(settings, event, ctx) {
  try {
    const call = {
      id: event.toolCallId,
      tool: event.toolName,
      params: event.args,
      agent: ctx.agentId,
      session: ctx.sessionKey ?? "",
    };
    const answer = await ask(settings, "/v1/result", { call, result: event.result }, { seconds: settings.answerTimeout });
    const result = /** @type {ToolResult} */ (answer.result);
    return Array.isArray(result?.content) ? { result } : { result: withheld("the edge's answer was not understood") };
  } catch (error) {
    return { result: withheld(error instanceof Error ? error.message : "the edge could not be asked") };
  }
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
