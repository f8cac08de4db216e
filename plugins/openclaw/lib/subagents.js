// How many agents an agent has running, for the edge to hold against its limits when the next is asked for.

import { ask } from "./edge.js";
import { agentOf } from "./turns.js";

/** @typedef {{ childSessionKey?: string, requesterSessionKey?: string }} ChildContext */

/**
 * `subagent_spawned`
 * @param {import("./settings.js").Settings} settings
 * @param {{ childSessionKey: string, agentId: string }} event
 * @param {ChildContext} ctx
 */
export async function spawned(settings, { childSessionKey: session, agentId }, { requesterSessionKey: parent }) {
  const agent = agentOf({ sessionKey: parent ?? "" }) ?? agentId;
  await ask(settings, "/v1/spawned", { agent, session, parent: parent ?? "" }, { seconds: settings.answerTimeout });
}

/**
 * `subagent_ended`
 * @param {import("./settings.js").Settings} settings
 * @param {{ targetSessionKey: string, targetKind: string }} event
 * @param {ChildContext} ctx
 */
export async function ended(settings, { targetSessionKey: session, targetKind }, { requesterSessionKey: parent }) {
  const agent = agentOf({ sessionKey: parent ?? session });
  // OpenClaw also says so of sessions that nobody spawned, when they are reset.
  if (targetKind !== "subagent" || agent === undefined) return;
  await ask(settings, "/v1/unspawned", { agent, session }, { seconds: settings.answerTimeout });
}
