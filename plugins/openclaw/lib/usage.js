// After a run: what OpenClaw counted, for the edge to compare with what it counted itself.

import { ask } from "./edge.js";
import { agentOf } from "./turns.js";

/**
 * @param {import("./settings.js").Settings} settings
 * @param {{ runId?: string, provider: string, model: string, usage?: { input?: number, output?: number, cacheRead?: number, cacheWrite?: number } }} event
 * @param {import("./turns.js").TurnContext} ctx
 */
export async function tellUsage(settings, { runId, provider, model, usage }, ctx) {
  const agent = agentOf(ctx);
  const trace = ctx.trace?.traceId;
  if (usage === undefined || agent === undefined || trace === undefined) return;
  const { input = 0, output = 0, cacheRead: cache_read = 0, cacheWrite: cache_write = 0 } = usage;
  const body = { agent, run: runId ?? ctx.runId ?? "", trace, provider, model, usage: { input, output, cache_read, cache_write } };
  await ask(settings, "/v1/usage-seen", body, { seconds: settings.answerTimeout });
}
