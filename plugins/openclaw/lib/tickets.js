// A call that needs secrets is carried out by the edge, for whoever shows the ticket that the decision came with. No value of
// a secret comes here: exec gets a command that redeems the ticket and prints what the edge gives back, redacted.

import { fileURLToPath } from "node:url";

import { reasonOf } from "./answers.js";
import { ask, EdgeError } from "./edge.js";
import { placeOf } from "./settings.js";

/** Seconds. Longer than any command that the edge lets run; whoever waits can give up before. */
const LONGEST_RUN = 3600;

/** Exit status of a command that the edge did not carry out, or not to its end. */
const REFUSED = 1;

const RUN = fileURLToPath(new URL("../bin/run.js", import.meta.url));

/** The tool that makes a call of a connected service: {tool, arguments}. The edge judges and runs the one inside. */
export const SERVICE_CALL = "service_call";

/** The tools of this plugin whose calls the edge carries out. */
const OURS = ["http_request", SERVICE_CALL];

/** What exec may keep of its arguments: it says how long to wait and where to start, and cannot hold a secret. */
const KEPT = { timeoutSeconds: "number", yieldMs: "number", background: "boolean", workdir: "string" };

/**
 * @param {{ tool: string, params: unknown }} call  of a connected service
 * @returns {{ tool: string, params: unknown }}  the same, as an agent can make it
 */
export function byService({ tool, params }) {
  return { tool: SERVICE_CALL, params: { tool, arguments: params } };
}

/**
 * @param {import("./settings.js").Settings} settings
 * @param {import("./calls.js").Call} call
 * @param {string} ticket
 * @returns {Record<string, unknown> | undefined}  the arguments with which it runs; undefined: it cannot be given secrets
 */
export function rewritten(settings, { tool, params }, ticket) {
  if (OURS.includes(tool)) return params;
  if (tool !== "exec") return undefined;
  const kept = Object.entries(KEPT).filter(([key, type]) => typeof params[key] === type);
  const command = [process.execPath, RUN, ticket, ...placeOf(settings)].map(quoted).join(" ");
  return { ...Object.fromEntries(kept.map(([key]) => [key, params[key]])), command };
}

/**
 * Have the edge carry the call out. Whoever hangs up ends it.
 * @param {import("./settings.js").Settings} settings
 * @param {string} ticket
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ output: string, exit: number }>}  `exit`: of the command, or the status of an HTTP answer
 * @throws {EdgeError} if the edge does not know the ticket, or it was used, or is too old
 */
export async function redeem(settings, ticket, signal) {
  const answer = await ask(settings, "/v1/redeem", { ticket }, { seconds: LONGEST_RUN, signal });
  const { status, output, exit } = answer;
  if (status === "refused") return { output: `Safety Gateway: ${reasonOf(answer, "it was not carried out")}\n`, exit: REFUSED };
  if (typeof output !== "string") throw new EdgeError("the edge's answer was not understood");
  return { output, exit: typeof exit === "number" ? exit : 0 };
}

/** @param {string} word */
function quoted(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
