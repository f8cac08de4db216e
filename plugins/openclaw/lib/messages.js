// What leaves through a chat channel: the edge says whether it may go to this recipient and takes secrets out of it. OpenClaw
// sends the raw text when such a hook fails, so a failure here ends in a cancelled message.

import { namedQuestion, questionOf, reasonOf } from "./answers.js";
import { checkAttachments } from "./attachments.js";
import { oneLine } from "./calls.js";
import { ask, EdgeError } from "./edge.js";
import { keep, shared } from "./shared.js";
import { cleaned } from "./transcripts.js";
import { agentOf } from "./turns.js";

/** @typedef {{ channelId?: string, conversationId?: string, sessionKey?: string, senderId?: string }} MessageContext */
/** @typedef {{ to: string, content: string, ctx: MessageContext }} Message */
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
export async function sending(settings, event, ctx) {
  const outcome = await outbound(settings, async () => ({ to: event.to, content: event.content, ctx }));
  if (!outcome.sent) return { cancel: true, cancelReason: outcome.reason };
  return outcome.content === event.content ? undefined : { content: outcome.content };
}

/**
 * `reply_payload_sending`: an answer with all its parts. The edge looks at the text; the needles take registered secrets out
 * of the rest (buttons, captions, what is to be spoken), and keep a file with one back.
 * @param {import("./settings.js").Settings} settings
 * @param {{ payload: Record<string, any>, channel?: string, sessionKey?: string }} event
 * @param {MessageContext} ctx
 */
export async function replying(settings, event, ctx) {
  /** @type {any} */
  let rest;
  const outcome = await outbound(settings, async () => {
    const { needles } = shared();
    if (needles === undefined) throw new EdgeError("the edge has not been reached yet");
    await checkAttachments(event.payload, needles);
    rest = cleaned(event.payload, needles);
    return answerOf(event, ctx);
  });
  if (!outcome.sent) return { cancel: true, reason: outcome.reason };
  const { text } = event.payload;
  if (rest === event.payload && outcome.content === (text ?? "")) return undefined;
  return { payload: { ...rest, ...(typeof text === "string" ? { text: outcome.content } : {}) } };
}

/**
 * @param {{ payload: Record<string, any>, channel?: string, sessionKey?: string }} event
 * @param {MessageContext} ctx
 * @returns {Message}
 */
function answerOf(event, ctx) {
  const channelId = ctx.channelId ?? event.channel ?? "";
  const to = ctx.conversationId ?? "";
  const sessionKey = ctx.sessionKey ?? event.sessionKey;
  if (sessionKey) keep(shared().sessions, placeOf(channelId, to), sessionKey);
  const { text } = event.payload;
  return { to, content: typeof text === "string" ? text : "", ctx: { channelId, ...(sessionKey ? { sessionKey } : {}) } };
}

/**
 * @param {import("./settings.js").Settings} settings
 * @param {() => Promise<Message>} message  may throw
 * @returns {Promise<Outcome>}
 */
async function outbound(settings, message) {
  try {
    const { to, content, ctx } = await message();
    const channel = ctx.channelId ?? "";
    // Telegram's part of OpenClaw does not say in which session it answers.
    const session = ctx.sessionKey || shared().sessions.get(placeOf(channel, to)) || "";
    const agent = agentOf({ sessionKey: session });
    if (!agent) return unsent("OpenClaw did not say whose message it is");
    const body = { agent, session, channel, to: addressOf(channel, to), content };
    const answer = await ask(settings, "/v1/outbound", body, { seconds: settings.answerTimeout });
    if (answer.decision === "allow" && typeof answer.content === "string") return { sent: true, content: answer.content };
    const id = questionOf(answer);
    const why = reasonOf(answer, "the edge did not allow the message");
    if (id === undefined) return unsent(why);
    keep(shared().unsaid, id, true);
    return unsent(`pending approval ${namedQuestion(answer)}: ${why}`);
  } catch (error) {
    return unsent(error instanceof EdgeError ? error.message : "the message could not be put to the edge");
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
