// What leaves through a chat channel: the edge says whether it may go to this recipient and takes secrets out of it. OpenClaw
// sends the raw text when such a hook fails, so a failure here ends in a cancelled message.

import { oneLine } from "./calls.js";
import { ask } from "./edge.js";
import { keep, shared } from "./shared.js";
import { cleaned } from "./transcripts.js";
import { agentOf } from "./turns.js";

/** @typedef {{ channelId?: string, conversationId?: string, sessionKey?: string, senderId?: string }} MessageContext */
/** @typedef {{ sent: true, content: string } | { sent: false, reason: string }} Outcome */

/**
 * `message_received`: whoever writes in a session may be answered there.
 * @param {import("./settings.js").Settings} settings
 * @param {{ from?: string, sessionKey?: string, senderId?: string }} event
 * @param {MessageContext} ctx
 */
export async function received(settings, event, ctx) {
  const session = event.sessionKey ?? ctx.sessionKey;
  const agent = agentOf({ sessionKey: session ?? "" });
  // OpenClaw answers to the conversation, which in a group is not the sender.
  const from = ctx.conversationId || event.from || event.senderId;
  if (!session || !agent || !from) return;
  const channel = ctx.channelId ?? "";
  keep(shared().sessions, placeOf(channel, from), session);
  const body = { agent, session, channel, from: addressOf(channel, from) };
  await ask(settings, "/v1/inbound", body, { seconds: settings.answerTimeout });
}

/**
 * `message_sending`
 * @param {import("./settings.js").Settings} settings
 * @param {{ to: string, content: string }} event
 * @param {MessageContext} ctx
 */
export async function sending(settings, { to, content }, ctx) {
  const outcome = await outbound(settings, { to, content, reply: false }, ctx);
  if (!outcome.sent) return { cancel: true, cancelReason: outcome.reason };
  return outcome.content === content ? undefined : { content: outcome.content };
}

/**
 * `reply_payload_sending`: an answer with all its parts. The edge looks at the text; the needles take registered secrets out
 * of the rest (buttons, captions, what is to be spoken).
 * @param {import("./settings.js").Settings} settings
 * @param {{ payload: Record<string, any>, channel?: string, sessionKey?: string }} event
 * @param {MessageContext} ctx
 */
export async function replying(settings, event, ctx) {
  const { needles } = shared();
  if (needles === undefined) return { cancel: true, reason: "Safety Gateway: the edge has not been reached yet" };
  const content = typeof event.payload.text === "string" ? event.payload.text : "";
  const channelId = ctx.channelId ?? event.channel ?? "";
  const to = ctx.conversationId ?? "";
  const sessionKey = ctx.sessionKey ?? event.sessionKey;
  if (sessionKey) keep(shared().sessions, placeOf(channelId, to), sessionKey);
  const outcome = await outbound(settings, { to, content, reply: true }, { channelId, ...(sessionKey ? { sessionKey } : {}) });
  if (!outcome.sent) return { cancel: true, reason: outcome.reason };
  const rest = cleaned(event.payload, needles);
  if (rest === event.payload && outcome.content === content) return undefined;
  return { payload: { ...rest, ...(content === "" ? {} : { text: outcome.content }) } };
}

/**
 * @param {import("./settings.js").Settings} settings
 * @param {{ to: string, content: string, reply: boolean }} message
 * @param {MessageContext} ctx
 * @returns {Promise<Outcome>}
 */
async function outbound(settings, { to, content, reply }, ctx) {
  try {
    const channel = ctx.channelId ?? "";
    // Telegram's part of OpenClaw does not say in which session it answers.
    const session = ctx.sessionKey || shared().sessions.get(placeOf(channel, to)) || "";
    const agent = agentOf({ sessionKey: session });
    if (!agent) return unsent("OpenClaw did not say whose message it is");
    const body = { agent, session, channel, to: addressOf(channel, to), content, reply };
    const answer = await ask(settings, "/v1/outbound", body, { seconds: settings.answerTimeout });
    if (answer.decision === "allow" && typeof answer.content === "string") return { sent: true, content: answer.content };
    const { id } = /** @type {{ id?: unknown }} */ (answer.approval ?? {});
    const why = typeof answer.reason === "string" && answer.reason ? answer.reason : "the edge did not allow the message";
    return unsent(typeof id === "string" ? `pending approval ${id}: ${why}` : why);
  } catch (error) {
    return unsent(error instanceof Error ? error.message : "the edge could not be asked");
  }
}

/**
 * @param {string} reason
 * @returns {Outcome}
 */
function unsent(reason) {
  return { sent: false, reason: `Safety Gateway: ${oneLine(reason)}` };
}

/**
 * @param {string} channel
 * @param {string} address
 */
function placeOf(channel, address) {
  return JSON.stringify([channel, addressOf(channel, address)]);
}

/**
 * @param {string} channel
 * @param {string} address  with or without the channel's name before it; OpenClaw writes both
 */
function addressOf(channel, address) {
  return channel && address.startsWith(`${channel}:`) ? address.slice(channel.length + 1) : address;
}
