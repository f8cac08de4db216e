// A question of the edge as OpenClaw's approvals show it, and who it is that has answered it there.

import { ask } from "./edge.js";
import { ID } from "./hooks.js";

/** Characters that OpenClaw shows of a title and of a description, at most. */
const TITLE = 80;
const DESCRIPTION = 512;

/** What hides or turns the text around it on a screen, or is as empty as a space: whoever answers would see another call. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0]|(?! )\p{Zs}/gu;

/**
 * @typedef {import("./settings.js").Settings} Settings
 * @typedef {import("./calls.js").Call} Call
 * @typedef {import("./calls.js").ToolContext} ToolContext
 * @typedef {{ call: Call, answer: Record<string, unknown>, ctx: ToolContext }} Question  `answer`: the edge's
 */

/**
 * What OpenClaw shows of a question: all of it, without secrets, or nothing: nobody may allow what they cannot see.
 * @param {Settings} settings
 * @param {Question} question
 * @returns {Promise<object | undefined>}
 */
export async function shown(settings, { call, answer, ctx }) {
  const { value } = await ask(settings, "/v1/redact", { value: call.params }, { seconds: settings.answerTimeout });
  const why = [answer.reason, answer.rule && `(${answer.rule})`].filter((word) => typeof word === "string" && word).join(" ");
  const description = `${visible(why)}\n${visible(JSON.stringify(value))}`;
  const title = `${call.tool}: ${answer.level}`;
  if (description.length > DESCRIPTION || title.length > TITLE) return undefined;
  return {
    pluginId: ID,
    title,
    description,
    severity: String(answer.level).includes("red") ? "critical" : "warning",
    toolName: call.tool,
    toolCallId: call.id,
    allowedDecisions: ["allow-once", "deny"],
    agentId: call.agent,
    ...(call.session ? { sessionKey: call.session } : {}),
    ...source(ctx),
  };
}

/**
 * @param {string} text
 * @returns {string}  with every sign that is not seen as JSON writes it out
 */
function visible(text) {
  return text.replace(UNSEEN, (sign) => sign.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`));
}

/**
 * Where the call's turn came from, so that OpenClaw asks there.
 * @param {ToolContext} ctx
 */
function source({ requester, channelId }) {
  if (!requester?.channel || !channelId?.startsWith(`${requester.channel}:`)) return {};
  const account = requester.accountId ? { turnSourceAccountId: requester.accountId } : {};
  return { turnSourceChannel: requester.channel, turnSourceTo: channelId, ...account };
}

/**
 * Who has answered, as OpenClaw's own records have it.
 * @param {import("./gateway.js").Line} line
 * @param {string} id
 * @returns {Promise<{ kind: string, id: string } | undefined>}
 */
export async function resolverOf(line, id) {
  const { items } = await line.request("approval.history", { limit: 50 });
  return items.find((/** @type {{ id: string }} */ item) => item.id === id)?.resolver;
}

/**
 * A person is one whom a chat has let approve. Whoever merely holds the gateway's token (its command line does, hence a command
 * that an agent runs) may say no, but not yes; and nor may a device: on its own machine OpenClaw pairs with any that shows the
 * token, and asks nobody.
 * @param {{ kind: string, id: string } | undefined} resolver
 * @param {string | undefined} label  "Telegram approval (777)"
 * @param {boolean} allow
 * @returns {{ channel: string, approver: string } | undefined}
 */
export function personOf(resolver, label, allow) {
  if (resolver?.kind === "channel") {
    const channel = resolver.id.split(":")[0] ?? "";
    const sender = /approval \((.+)\)$/.exec(label ?? "")?.[1];
    return { channel, approver: sender?.replace(`${channel}:`, "") ?? resolver.id };
  }
  if (resolver?.kind === "device" && !allow) return { channel: "control-ui", approver: `device ${resolver.id}` };
  return allow ? undefined : { channel: "gateway", approver: resolver?.id ?? "unknown" };
}
