// The Safety Gateway's plugin for OpenClaw: it asks the edge and does what the edge says. No policy and no secret lives here.
//
// OpenClaw registers several copies of a plugin ("full", "discovery", ...) and fires the hooks of one turn in different ones, so
// every copy registers everything. register() must not throw: OpenClaw would log that and run the agent unguarded.

import { readFileSync } from "node:fs";

import { closeDesk, openDesk } from "./lib/approvals.js";
import { blocked, confirm, decide } from "./lib/calls.js";
import { stopWatching, watchDecisions } from "./lib/decisions.js";
import { execEnvironment } from "./lib/environment.js";
import { counted, ID, registrar } from "./lib/hooks.js";
import { installing } from "./lib/installs.js";
import { received, replying, sending } from "./lib/messages.js";
import { checkIn, checkOut } from "./lib/presence.js";
import { clean, tellEnd, withheld } from "./lib/results.js";
import { readSettings } from "./lib/settings.js";
import { ended, spawned } from "./lib/subagents.js";
import { TOOL_NAMES, toolsFor } from "./lib/tools.js";
import { written } from "./lib/transcripts.js";
import { admitted, announce, prompted, refused } from "./lib/turns.js";
import { tellUsage } from "./lib/usage.js";

/** @typedef {import("openclaw/plugin-sdk/plugin-entry").OpenClawPluginApi} Api */
/** @typedef {ReturnType<typeof registrar>} Registrar */
/** @typedef {import("./lib/settings.js").Settings} Settings */

/** Milliseconds by which OpenClaw must be more patient with a hook than the hook is with the edge; many fail open. */
const MARGIN = 5_000;

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

/** @param {Api} api */
function register(api) {
  const registering = registrar(api);
  const { settings, mistake } = settingsOf(api, registering);
  if (settings === undefined) return refuseAll(api, registering, `the plugin's configuration is wrong: ${mistake}`);
  checkAccess(api, registering);
  guardCalls(api, registering, settings);
  guardTurns(api, registering, settings);
  guardText(api, registering, settings);
  guardGateway(api, registering, settings);
}

/**
 * @param {Api} api
 * @param {Registrar} registering
 * @param {Settings} settings
 */
function guardCalls(api, { part, on }, settings) {
  part("trusted_tool_policy", () =>
    api.registerTrustedToolPolicy({
      id: ID,
      description: "Every tool call needs the Safety Gateway's permission.",
      evaluate: counted("trusted_tool_policy", (event, ctx) => decide(settings, event, ctx)),
    }),
  );
  on("before_tool_call", confirm);
  part("tool_result_middleware", () =>
    api.registerAgentToolResultMiddleware(
      counted("tool_result_middleware", (event, ctx) => clean(settings, event, ctx)),
      { runtimes: ["openclaw"] },
    ),
  );
  on("after_tool_call", observed(api, (event, ctx) => tellEnd(settings, event, ctx)));
  on("resolve_exec_env", execEnvironment);
  part("tools", () => api.registerTool((ctx) => toolsFor(settings, ctx), { names: TOOL_NAMES }));
}

/**
 * The first of these hooks that fires announces the turn; a retry of the same run is the same turn.
 * @param {Api} api
 * @param {Registrar} registering
 * @param {Settings} settings
 */
function guardTurns(api, { on }, settings) {
  const timeoutMs = settings.answerTimeout * 1000 + MARGIN;
  on("agent_turn_prepare", async (_, ctx) => void (await announce(settings, ctx)), { timeoutMs });
  on("before_prompt_build", (_, ctx) => prompted(settings, ctx), { timeoutMs });
  on("before_agent_run", (_, ctx) => admitted(settings, ctx), { timeoutMs });
  // Of all that a compaction fires, only this has the trace id of its requests.
  on("model_call_started", observed(api, async (_, ctx) => void (await announce(settings, ctx))));
  on("llm_output", observed(api, (event, ctx) => tellUsage(settings, event, ctx)));
  on("subagent_spawned", observed(api, (event, ctx) => spawned(settings, event, ctx)));
  on("subagent_ended", observed(api, (event, ctx) => ended(settings, event, ctx)));
}

/**
 * @param {Api} api
 * @param {Registrar} registering
 * @param {Settings} settings
 */
function guardText(api, { on }, settings) {
  const timeoutMs = settings.answerTimeout * 1000 + MARGIN;
  on("message_received", observed(api, (event, ctx) => received(settings, event, ctx)));
  on("message_sending", (event, ctx) => sending(settings, event, ctx), { timeoutMs });
  on("reply_payload_sending", (event, ctx) => replying(settings, event, ctx), { timeoutMs });
  on("tool_result_persist", written);
  on("before_message_write", written);
}

/**
 * @param {Api} api
 * @param {Registrar} registering
 * @param {Settings} settings
 */
function guardGateway(api, { on }, settings) {
  const warn = (/** @type {string} */ message) => api.logger.warn(`${ID}: ${message}`);
  const config = () => api.runtime.config.current();
  const timeoutMs = (settings.approvalWait + settings.answerTimeout) * 1000 + MARGIN;
  on("before_install", (event) => installing(settings, event, api.config), { timeoutMs });
  on("gateway_start", (_, ctx) => {
    void checkIn(settings, { version, host: api.runtime.version, config, warn });
    openDesk(settings, { config, warn }, ctx?.abortSignal);
    void watchDecisions(settings, { config, warn, ...sessionsOf(api) }, ctx?.abortSignal);
  });
  on("gateway_stop", async () => {
    stopWatching();
    await Promise.all([closeDesk(), checkOut(settings)]);
  });
}

/**
 * In this process and without a credential: OpenClaw lets any plugin begin a turn.
 * @param {Api} api
 */
function sessionsOf({ runtime }) {
  return {
    run: (/** @type {import("./lib/wake.js").Run} */ run) => runtime.subagent.run(run),
    wait: (/** @type {{ runId: string, timeoutMs: number }} */ run) => runtime.subagent.waitForRun(run),
    session: (/** @type {{ agentId: string, sessionKey: string }} */ where) => runtime.agent.session.getSessionEntry(where),
  };
}

/**
 * A wrong configuration must not leave the agent unguarded: whatever can say no does so.
 * @param {Api} api
 * @param {Registrar} registering
 * @param {string} reason
 */
function refuseAll(api, { part, on }, reason) {
  const evaluate = () => blocked(reason);
  part("trusted_tool_policy", () => api.registerTrustedToolPolicy({ id: ID, description: reason, evaluate }));
  on("before_tool_call", evaluate);
  part("tool_result_middleware", () =>
    api.registerAgentToolResultMiddleware(() => ({ result: withheld(reason) }), { runtimes: ["openclaw"] }),
  );
  on("before_agent_run", () => refused(reason));
  on("message_sending", () => ({ cancel: true, cancelReason: reason }));
  on("reply_payload_sending", () => ({ cancel: true, reason }));
  on("tool_result_persist", written);
  on("before_message_write", written);
  on("before_install", evaluate);
}

/**
 * @param {Api} api
 * @param {Registrar} registering
 * @returns {{ settings?: Settings, mistake?: string }}
 */
function settingsOf(api, { fault }) {
  try {
    return { settings: readSettings(api.pluginConfig ?? {}, process.env) };
  } catch (error) {
    const mistake = error instanceof Error ? error.message : "unknown error";
    fault(`every call is blocked: ${mistake}`);
    return { mistake };
  }
}

/**
 * Without this permission OpenClaw ignores the hooks of a turn, and says so only in its log.
 * @param {Api} api
 * @param {Registrar} registering
 */
function checkAccess(api, { fault }) {
  const { entries } = /** @type {{ entries?: Record<string, any> }} */ (api.config?.plugins ?? {});
  if (entries?.[ID]?.hooks?.allowConversationAccess === true) return;
  fault(`plugins.entries.${ID}.hooks.allowConversationAccess is not true, so OpenClaw keeps the turns from this plugin`);
}

/**
 * A hook that only tells the edge: OpenClaw does not wait for it, and a failure changes nothing but the log.
 * @param {Api} api
 * @param {(event: any, ctx: any) => Promise<void>} tell
 */
function observed(api, tell) {
  return async (/** @type {any} */ event, /** @type {any} */ ctx) => {
    try {
      await tell(event, ctx);
    } catch (error) {
      api.logger.warn(`${ID}: ${error instanceof Error ? error.message : "the edge could not be told"}`);
    }
  };
}

export default {
  id: ID,
  name: "Safety Gateway",
  description: "Asks the Safety Gateway before every tool call, turn and message.",
  register,
};
