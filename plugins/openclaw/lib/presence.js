// Tells the edge, while the gateway runs, that every agent's tool calls pass this plugin, what of it is loaded and what has been
// called. The edge lets an agent talk to a model only so long, because OpenClaw goes on without a plugin that does not load.

import { reasonOf } from "./answers.js";
import { ask } from "./edge.js";
import { memory, shared } from "./shared.js";
import { fetchNeedles } from "./transcripts.js";

/** Seconds from one check-in to the next at most: an edge that was started anew has forgotten who was there. */
const INTERVAL = 5;

/** Seconds until an edge that was not reached is tried again: it may be there anew, and no turn begins before it knows us. */
const RETRY = 1;

/** Seconds for saying good-bye; OpenClaw waits five for the hook. */
const FAREWELL = 2;

/** What an OpenClaw without a list of agents calls its only one. */
const ONLY_AGENT = "main";

/** Faults that one check-in names. */
const FAULTS = 20;

/**
 * @typedef {object} Host
 * @property {string} version  of this plugin
 * @property {string} [host]  version of OpenClaw
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
 * Check in no more, and say so: the agents' presence ends now.
 * @param {import("./settings.js").Settings} settings
 */
export async function checkOut(settings) {
  stopCheckIn();
  const { nonces, process } = shared();
  const agents = [...nonces.keys()];
  nonces.clear();
  await Promise.allSettled(agents.map((agent) => ask(settings, "/v1/check-out", { agent, process }, { seconds: FAREWELL })));
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
  try {
    const agents = agentsOf(host.config());
    const answers = await Promise.all(agents.map((agent) => one(settings, host, agent)));
    await fetchNeedles(settings, answers[0]?.needles); // the same for every agent
    shared().trouble = "";
    const ttls = answers.map(({ ttl }) => (typeof ttl === "number" && ttl > 0 ? ttl : INTERVAL));
    return Math.min(INTERVAL, Math.max(1, Math.min(...ttls) / 3));
  } catch (error) {
    const trouble = error instanceof Error ? error.message : "unknown error";
    if (trouble !== shared().trouble) host.warn(`cannot check in: ${trouble}`);
    shared().trouble = trouble;
    return RETRY;
  }
}

/**
 * @param {import("./settings.js").Settings} settings
 * @param {Host} host
 * @param {string} agent
 */
async function one(settings, host, agent) {
  const { nonces } = shared();
  const answer = await ask(settings, "/v1/check-in", bodyOf(host, agent), { seconds: settings.answerTimeout });
  if (typeof answer.nonce === "string") nonces.set(agent, answer.nonce);
  if (answer.ok === false) host.warn(`the edge does not count ${agent} as guarded: ${reasonOf(answer)}`);
  return answer;
}

/**
 * @param {Host} host
 * @param {string} agent
 */
function bodyOf({ version, host }, agent) {
  const { process, nonces, hooks, faults, fired } = shared();
  const nonce = nonces.get(agent);
  return {
    agent,
    plugin: "openclaw",
    version,
    ...(host === undefined ? {} : { host }),
    process,
    ...(nonce === undefined ? {} : { nonce }),
    hooks: Object.fromEntries(hooks),
    fired,
    faults: [...new Set([...faults.values()].flat())].slice(0, FAULTS),
    memory: memory(),
  };
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
