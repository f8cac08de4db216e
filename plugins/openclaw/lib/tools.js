// The tools that this plugin gives to agents: to see which secrets they may name, to ask for one that is missing, and to send a
// request that carries one. Like every tool they are put to the edge before they run; the edge carries them out.

import { keyOf } from "./calls.js";
import { ask, EdgeError } from "./edge.js";
import { shared, take } from "./shared.js";
import { redeem } from "./tickets.js";

/** @typedef {{ agentId?: string, sessionKey?: string }} ToolContext */
/** @typedef {{ name: string, label: string, description: string, parameters: object }} Shape */

const TEXT = { type: "string" };

const SECRET_NAMES = {
  name: "secret_names",
  label: "Secret names",
  description:
    "List the names of the secrets that you may use. Write SECRET_REF(NAME) where a command of exec or an http_request needs the " +
    "value; you never see it.",
  parameters: { type: "object", properties: {}, additionalProperties: false },
};

const SECRET_REQUEST = {
  name: "secret_request",
  label: "Ask for a secret",
  description: "Ask a person to add a secret that is missing. Say under which name, and what you need it for. Never ask for its value.",
  parameters: {
    type: "object",
    properties: { name: { ...TEXT, description: "Name, such as STRIPE_KEY." }, why: { ...TEXT, description: "What it is needed for." } },
    required: ["name", "why"],
    additionalProperties: false,
  },
};

const HTTP_REQUEST = {
  name: "http_request",
  label: "HTTP request",
  description: "Send one HTTP request. SECRET_REF(NAME) in a header or in the body stands for the value of a secret.",
  parameters: {
    type: "object",
    properties: {
      method: { ...TEXT, description: "GET, POST, ..." },
      url: TEXT,
      headers: { type: "object", additionalProperties: TEXT },
      body: TEXT,
      timeout: { type: "number", description: "Seconds." },
    },
    required: ["method", "url"],
    additionalProperties: false,
  },
};

const SHAPES = [SECRET_NAMES, SECRET_REQUEST, HTTP_REQUEST];

/** What agents call them. */
export const TOOL_NAMES = SHAPES.map(({ name }) => name);

/**
 * @param {import("./settings.js").Settings} settings
 * @param {ToolContext} ctx  of the agent that gets the tools
 * @returns {any[]}  OpenClaw's AnyAgentTool
 */
export function toolsFor(settings, ctx) {
  return SHAPES.map((shape) => ({
    ...shape,
    catalogMode: "direct-only", // else it could only be called through another tool
    execute: (/** @type {string} */ id, /** @type {Record<string, unknown>} */ params, /** @type {AbortSignal | undefined} */ signal) =>
      run(settings, ctx, { tool: shape.name, id, params, signal }),
  }));
}

/**
 * @param {import("./settings.js").Settings} settings
 * @param {ToolContext} ctx
 * @param {{ tool: string, id: string, params: Record<string, unknown>, signal: AbortSignal | undefined }} call
 */
async function run(settings, ctx, { tool, id, params, signal }) {
  const ticket = take(shared().tickets, keyOf({ agent: ctx.agentId, session: ctx.sessionKey, tool, id }));
  if (ticket !== undefined) {
    const { output, exit } = await redeem(settings, ticket, signal);
    return said(`HTTP status ${exit}\n${output}`, { status: exit });
  }
  if (tool === SECRET_NAMES.name) return said(await names(settings, ctx, signal), {});
  if (tool === SECRET_REQUEST.name) return said(`The request for ${params.name} was approved. See secret_names for whether it is there.`, {});
  throw new EdgeError("the request was not sent: the edge gave no ticket for it");
}

/**
 * @param {import("./settings.js").Settings} settings
 * @param {ToolContext} ctx
 * @param {AbortSignal | undefined} signal
 */
async function names(settings, { agentId: agent }, signal) {
  const answer = await ask(settings, "/v1/secrets", { agent }, { seconds: settings.answerTimeout, signal });
  const found = Array.isArray(answer.names) ? answer.names.map((name) => `SECRET_REF(${name})`) : [];
  return found.length > 0 ? found.join("\n") : "There is no secret that you may use. Ask for one with secret_request.";
}

/**
 * @param {string} text
 * @param {object} details
 */
function said(text, details) {
  return { content: [{ type: "text", text }], details };
}
