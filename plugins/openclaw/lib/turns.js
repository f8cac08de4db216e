// Before the model is asked: the edge is told of the turn, by the trace id with which the requests of the turn will come, and
// says whether there may be one. It forwards no request of a guarded agent whose trace it was not told of.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { reasonOf } from "./answers.js";
import { oneLine } from "./calls.js";
import { ask } from "./edge.js";
import { keep, shared } from "./shared.js";

/** @typedef {import("./shared.js").Turn} Turn */
/** @typedef {{ agentId?: string, sessionKey?: string, runId?: string, workspaceDir?: string, trace?: { traceId: string } }} TurnContext */

/** The parts of the prompt that OpenClaw puts first and that stay the same from turn to turn. */
const PREFIX = { soul: "SOUL.md", tools: "TOOLS.md" };

/**
 * Tell the edge of the turn, once for each run.
 * @param {import("./settings.js").Settings} settings
 * @param {TurnContext} ctx
 * @returns {Promise<Turn>}
 */
export function announce(settings, ctx) {
  const { turns } = shared();
  const key = JSON.stringify([agentOf(ctx), ctx.trace?.traceId, ctx.runId]);
  const known = turns.get(key);
  if (known !== undefined) return known;
  const answer = asked(settings, ctx);
  keep(turns, key, answer);
  // A no is not kept: the next attempt of the same run asks again.
  answer.then(({ ok }) => void (!ok && turns.get(key) === answer && turns.delete(key)));
  return answer;
}

/**
 * `before_prompt_build`: the model is offered the tools of the agent's manifest, and told how to go about secrets. The tools of
 * this plugin are tools like others: an agent with a manifest has them only if they stand in it.
 * @param {import("./settings.js").Settings} settings
 * @param {TurnContext} ctx
 * @returns {Promise<{ toolsAllow?: string[], appendSystemContext?: string } | undefined>}
 */
export async function prompted(settings, ctx) {
  const { ok, tools, guidance } = await announce(settings, ctx);
  if (!ok) return undefined; // before_agent_run ends it
  return {
    ...(tools === null ? {} : { toolsAllow: tools }),
    ...(guidance === "" ? {} : { appendSystemContext: guidance }),
  };
}

/**
 * `before_agent_run`: no turn without the edge's consent.
 * @param {import("./settings.js").Settings} settings
 * @param {TurnContext} ctx
 */
export async function admitted(settings, ctx) {
  const { ok, reason } = await announce(settings, ctx);
  return ok ? undefined : refused(reason);
}

/**
 * @param {string} reason
 * @returns {{ outcome: "block", reason: string, message: string }}
 */
export function refused(reason) {
  const message = `Safety Gateway: ${oneLine(reason)}`;
  return { outcome: "block", reason: message, message };
}

/**
 * `ctx.agentId`, or for the hooks that do not have it the agent that OpenClaw names in the session's key.
 * @param {{ agentId?: string, sessionKey?: string }} ctx
 * @returns {string | undefined}
 */
export function agentOf({ agentId, sessionKey }) {
  return agentId || /^agent:([^:]+):/.exec(sessionKey ?? "")?.[1];
}

/**
 * @param {import("./settings.js").Settings} settings
 * @param {TurnContext} ctx
 * @returns {Promise<Turn>}
 */
async function asked(settings, ctx) {
  try {
    const agent = agentOf(ctx);
    const trace = ctx.trace?.traceId;
    if (!agent || !trace) return no("OpenClaw did not say which agent and which trace the turn has");
    const { process } = shared();
    const body = { agent, session: ctx.sessionKey ?? "", run: ctx.runId ?? "", trace, process, prefix: await prefixOf(ctx.workspaceDir) };
    const answer = await ask(settings, "/v1/turn", body, { seconds: settings.answerTimeout });
    const { ok, tools, guidance } = answer;
    if (ok !== true) return no(reasonOf(answer, "the edge does not allow this turn"));
    const names = Array.isArray(tools) ? tools.filter((tool) => typeof tool === "string") : null;
    return { ok, reason: "", tools: names, guidance: typeof guidance === "string" ? guidance : "" };
  } catch (error) {
    return no(error instanceof Error ? error.message : "the edge could not be asked");
  }
}

/**
 * @param {string} reason
 * @returns {Turn}
 */
function no(reason) {
  return { ok: false, reason, tools: null, guidance: "" };
}

/**
 * @param {string | undefined} folder  the agent's workspace
 * @returns {Promise<Record<string, string>>}  sha256 of each part; empty if there is none
 */
async function prefixOf(folder) {
  const parts = Object.entries(PREFIX).map(async ([part, file]) => [part, folder ? await digestOf(join(folder, file)) : ""]);
  return Object.fromEntries(await Promise.all(parts));
}

/** @param {string} path */
async function digestOf(path) {
  try {
    return createHash("sha256").update(await readFile(path)).digest("hex");
  } catch {
    return "";
  }
}
