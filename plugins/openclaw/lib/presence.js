// Tells the edge, while the gateway runs, that every agent's tool calls pass this plugin. The edge lets an agent talk to a
// model only so long, because OpenClaw goes on without a plugin that does not load.

import { ask } from "./edge.js";
import { shared } from "./shared.js";

/** Seconds from one check-in to the next at most: an edge that was started anew has forgotten who was there. */
const INTERVAL = 5;

/** What an OpenClaw without a list of agents calls its only one. */
const ONLY_AGENT = "main";

/**
 * @typedef {object} Host
 * @property {string} version  of this plugin
 * @property {() => unknown} config  OpenClaw's configuration as it is now
 * @property {(message: string) => void} warn
 */

/**
 * Check in now, and again every few seconds, three times as often as the edge asks for at least. The timer keeps no process
 * alive.
 * @param {import("./settings.js").Settings} settings
 * @param {Host} host
 */
export async function checkIn(settings, host) {
  stopCheckIn();
  await next(settings, host, shared().round);
}

/** Check in no more. */
export function stopCheckIn() {
  const state = shared();
  clearTimeout(state.timer);
  state.timer = undefined;
  state.round += 1;
}

/**
 * @param {import("./settings.js").Settings} settings
 * @param {Host} host
 * @param {number} round
 */
async function next(settings, host, round) {
  const seconds = await once(settings, host);
  const state = shared();
  if (state.round !== round) return;
  state.timer = setTimeout(() => void next(settings, host, round), seconds * 1000);
  state.timer.unref();
}

/**
 * @param {import("./settings.js").Settings} settings
 * @param {Host} host
 * @returns {Promise<number>}  seconds until the next time
 */
async function once(settings, host) {
  const { faults } = shared();
  if (faults.length > 0) {
    host.warn(`not checking in with the edge: ${faults.join("; ")}`);
    return INTERVAL;
  }
  try {
    const ttls = await Promise.all(agentsOf(host.config()).map((agent) => one(settings, host, agent)));
    return Math.min(INTERVAL, Math.max(1, Math.min(...ttls) / 3));
  } catch (error) {
    host.warn(`cannot check in: ${error instanceof Error ? error.message : "unknown error"}`);
    return INTERVAL;
  }
}

/**
 * @param {import("./settings.js").Settings} settings
 * @param {Host} host
 * @param {string} agent
 */
async function one(settings, host, agent) {
  const body = { agent, plugin: "openclaw", version: host.version };
  const { ttl } = await ask(settings, "/v1/check-in", body, { seconds: settings.answerTimeout });
  return typeof ttl === "number" && ttl > 0 ? ttl : INTERVAL;
}

/**
 * @param {unknown} config
 * @returns {string[]}  ids in OpenClaw's spelling
 */
export function agentsOf(config) {
  const { entries, list } = /** @type {{ agents?: { entries?: object, list?: { id: string }[] } }} */ (config)?.agents ?? {};
  const ids = [...Object.keys(entries ?? {}), ...(list ?? []).map((agent) => agent.id)];
  return ids.length > 0 ? [...new Set(ids.map((id) => String(id).trim().toLowerCase()))] : [ONLY_AGENT];
}
