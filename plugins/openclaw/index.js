// The Safety Gateway's plugin for OpenClaw: it asks the edge and does what the edge says. No policy and no secret lives here.
//
// OpenClaw registers several copies of a plugin ("full", "discovery", ...) and fires the hooks of one turn in different ones, so
// every copy registers everything. register() must not throw: OpenClaw would log that and run the agent unguarded.

import { readFileSync } from "node:fs";

import { blocked, confirm, decide } from "./lib/calls.js";
import { checkIn, stopCheckIn } from "./lib/presence.js";
import { clean, withheld } from "./lib/results.js";
import { readSettings } from "./lib/settings.js";
import { shared } from "./lib/shared.js";

const ID = "safety-gateway";

/** Last of all hooks, so that nobody changes the arguments afterwards. */
const LAST = Number.MIN_SAFE_INTEGER;

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

/** @param {import("openclaw/plugin-sdk/plugin-entry").OpenClawPluginApi} api */
function register(api) {
  const { settings, mistake } = settingsOf(api);
  const no = `the plugin's configuration is wrong: ${mistake}`;
  attempt(api, "trusted tool policy", () =>
    api.registerTrustedToolPolicy({
      id: ID,
      description: "Every tool call needs the Safety Gateway's permission.",
      evaluate: (event, ctx) => (settings ? decide(settings, event, ctx) : blocked(no)),
    }),
  );
  attempt(api, "before_tool_call", () => api.on("before_tool_call", confirm, { priority: LAST }));
  attempt(api, "tool-result middleware", () =>
    api.registerAgentToolResultMiddleware((event, ctx) => (settings ? clean(settings, event, ctx) : { result: withheld(no) }), {
      runtimes: ["openclaw"],
    }),
  );
  if (settings) attempt(api, "check-in", () => present(api, settings));
}

/**
 * @param {import("openclaw/plugin-sdk/plugin-entry").OpenClawPluginApi} api
 * @param {import("./lib/settings.js").Settings} settings
 */
function present(api, settings) {
  const warn = (/** @type {string} */ message) => api.logger.warn(`${ID}: ${message}`);
  const config = () => api.runtime.config.current();
  api.on("gateway_start", () => void checkIn(settings, { version, config, warn }));
  api.on("gateway_stop", stopCheckIn);
}

/**
 * @param {import("openclaw/plugin-sdk/plugin-entry").OpenClawPluginApi} api
 * @returns {{ settings?: import("./lib/settings.js").Settings, mistake?: string }}
 */
function settingsOf(api) {
  try {
    return { settings: readSettings(api.pluginConfig ?? {}, process.env) };
  } catch (error) {
    const mistake = error instanceof Error ? error.message : "unknown error";
    api.logger.error(`${ID}: every call is blocked: ${mistake}`);
    return { mistake };
  }
}

/**
 * One part that fails must not take the others with it; the agent gets no model then, because the plugin does not check in.
 * @param {import("openclaw/plugin-sdk/plugin-entry").OpenClawPluginApi} api
 * @param {string} part
 * @param {() => void} action
 */
function attempt(api, part, action) {
  try {
    action();
  } catch (error) {
    shared().faults.push(`${part} could not be registered`);
    api.logger.error(`${ID}: ${part} could not be registered: ${error}`);
  }
}

export default {
  id: ID,
  name: "Safety Gateway",
  description: "Asks the Safety Gateway before every tool call.",
  register,
};
