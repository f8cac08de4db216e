// The tools that this plugin gives to agents: to see which secrets they may name, to ask for one that is missing, to send a
// request that carries one, and to use connected services. Like every tool they are put to the edge before they run; the edge
// carries them out.

import { keyOf } from "./calls.js";
import { ask, EdgeError } from "./edge.js";
import { shared, take } from "./shared.js";
import { redeem, SERVICE_CALL } from "./tickets.js";

/** @typedef {{ agentId?: string, sessionKey?: string }} ToolContext */
/** @typedef {{ name: string, label: string, description: string, parameters: object }} Shape */
/** @typedef {{ tool: string, words: string, connections: string[], parameters: object }} Offered */

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

const SERVICES = {
  name: "services",
  label: "Connected services",
  description: "List the services that are connected for you (databases, mail, ...) and the tools by which service_call uses them.",
  parameters: {
    type: "object",
    properties: { connection: { ...TEXT, description: "That one alone, with the parameters of its tools." } },
    additionalProperties: false,
  },
};

const CALL_SERVICE = {
  name: SERVICE_CALL,
  label: "Use a connected service",
  description: "Make one call of a tool that services lists. SECRET_REF(NAME) in its arguments stands for the value of a secret.",
  parameters: {
    type: "object",
    properties: {
      tool: { ...TEXT, description: "Its name, such as sql_query." },
      arguments: { type: "object", description: "By its parameters, as services shows them.", additionalProperties: true },
    },
    required: ["tool", "arguments"],
    additionalProperties: false,
  },
};

const SHAPES = [SECRET_NAMES, SECRET_REQUEST, HTTP_REQUEST, SERVICES, CALL_SERVICE];

/** Characters up to which the parameters of every tool are listed at once. */
const ALL_AT_ONCE = 8000;

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
    if (tool === SERVICE_CALL) return said(exit === 0 ? output : `Status ${exit}\n${output}`, { status: exit });
    return said(`HTTP status ${exit}\n${output}`, { status: exit });
  }
  if (tool === SECRET_NAMES.name) return said(await names(settings, ctx, signal), {});
  if (tool === SECRET_REQUEST.name) return said(`The request for ${params.name} was approved. See secret_names for whether it is there.`, {});
  if (tool === SERVICES.name) return said(await services(settings, ctx, params.connection, signal), {});
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
 * @param {import("./settings.js").Settings} settings
 * @param {ToolContext} ctx
 * @param {unknown} connection  the one that is asked about
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<string>}  JSON; without parameters where that would be long, and no one connection is asked about
 */
async function services(settings, { agentId: agent }, connection, signal) {
  const answer = await ask(settings, "/v1/tools", { agent }, { seconds: settings.answerTimeout, signal });
  const { connections, tools } = /** @type {{ connections: { name: string }[], tools: Offered[] }} */ (answer);
  if (!Array.isArray(connections) || !Array.isArray(tools)) throw new EdgeError("the edge's answer was not understood");
  if (connections.length === 0) return "No service is connected for you. The operator connects them.";
  if (connection !== undefined) {
    if (!connections.some(({ name }) => name === connection)) return `Connected for you: ${connections.map(({ name }) => name).join(", ")}.`;
    return JSON.stringify(tools.filter((tool) => tool.connections.includes(String(connection))));
  }
  const whole = JSON.stringify({ connections, tools });
  if (whole.length <= ALL_AT_ONCE) return whole;
  const short = tools.map(({ tool, words, connections }) => ({ tool, words, connections }));
  return JSON.stringify({ connections, tools: short, parameters: "Call services with a connection to see those of its tools." });
}

/**
 * @param {string} text
 * @param {object} details
 */
function said(text, details) {
  return { content: [{ type: "text", text }], details };
}
