import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { received, replying, sending } from "../lib/messages.js";
import { Needles } from "../lib/needles.js";
import { shared } from "../lib/shared.js";
import { edge, forgetAll, settings } from "./stand_in.js";

const ctx = { channelId: "telegram", conversationId: "telegram:42", sessionKey: "agent:main:telegram:42" };
const event = { to: "telegram:42", content: "the key is sesame" };

beforeEach(() => {
  shared().needles = new Needles({ version: "v", key: "00".repeat(16), window: 8, needles: [] });
});

afterEach(forgetAll);

/** @param {{ body: any }} question */
const redacting = ({ body }) => ({ decision: "allow", content: body.content.replaceAll("sesame", "SECRET_REF(KEY)"), reason: "" });

test("a message goes out as the edge gives it back", async () => {
  const { socket, questions } = await edge(redacting);
  assert.deepEqual(await sending(settings(socket), event, ctx), { content: "the key is SECRET_REF(KEY)" });
  assert.deepEqual(questions[0]?.body, {
    ...{ agent: "main", session: "agent:main:telegram:42", channel: "telegram", to: "42" },
    ...{ content: "the key is sesame", reply: false },
  });
});

test("a message without a secret is left alone", async () => {
  const { socket } = await edge(redacting);
  assert.equal(await sending(settings(socket), { to: "7", content: "hello" }, ctx), undefined);
});

/** @type {Record<string, import("./stand_in.js").Answer>} */
const refusals = {
  "a refusal": () => ({ decision: "block", content: "", reason: "nobody knows them" }),
  "an approval that is pending": () => ({ decision: "pending", content: "", reason: "a new contact", approval: { id: "7f3a" } }),
  "an answer of another shape": () => ({ decision: "allow" }),
  "no decision": () => ({ content: "the key is sesame" }),
  "an error": (_, response) => {
    response.statusCode = 500;
    return {};
  },
  silence: () => undefined,
};

for (const [what, answer] of Object.entries(refusals)) {
  test(`nothing is sent: ${what}`, async () => {
    const { socket } = await edge(answer);
    const reached = settings(socket, { answerTimeout: 1 });
    assert.equal((await sending(reached, event, ctx))?.cancel, true);
    assert.equal(/** @type {any} */ (await replying(reached, { payload: { text: "sesame" } }, ctx)).cancel, true);
  });
}

test("no edge, no message; nor one that is nobody's", async () => {
  const { socket, questions } = await edge(redacting);
  assert.match((await sending(settings("/nonexistent/edge.sock"), event, ctx))?.cancelReason ?? "", /cannot be reached/);
  assert.equal((await sending(settings(socket), event, { channelId: "telegram" }))?.cancel, true);
  assert.equal(questions.length, 0);
});

test("a channel that does not name its session answers in the one where it was last heard, or last answered", async () => {
  const { socket, questions } = await edge(({ path, body }) => (path === "/v1/inbound" ? { ok: true } : { decision: "allow", content: body.content }));
  const bare = { channelId: "telegram", conversationId: "42" };
  await received(settings(socket), { from: "telegram:42", sessionKey: "agent:ops:telegram:42" }, { channelId: "telegram" });
  assert.equal(await sending(settings(socket), { to: "42", content: "hello" }, bare), undefined);
  await replying(settings(socket), { payload: { text: "hello" }, sessionKey: "agent:main:telegram:42" }, bare);
  assert.equal(await sending(settings(socket), { to: "42", content: "hello" }, bare), undefined);
  assert.equal((await sending(settings(socket), { to: "43", content: "hello" }, bare))?.cancel, true);
  const asked = questions.filter(({ path }) => path === "/v1/outbound").map(({ body }) => [body.agent, body.session, body.to]);
  const main = ["main", "agent:main:telegram:42", "42"];
  assert.deepEqual(asked, [["ops", "agent:ops:telegram:42", "42"], main, main]);
});

test("an approval's id is in the reason", async () => {
  const { socket } = await edge(/** @type {any} */ (refusals["an approval that is pending"]));
  assert.equal((await sending(settings(socket), event, ctx))?.cancelReason, "Safety Gateway: pending approval 7f3a: a new contact");
});

test("an answer is looked through in all its parts", async () => {
  const { socket, questions } = await edge(redacting);
  shared().needles = new Needles({
    ...{ version: "v", key: "000102030405060708090a0b0c0d0e0f", window: 8 },
    needles: [{ n: 13, f: 896017, h: "ca0f8d0fefd753faec0fe59c821b7666", ref: "SECRET_REF(JAM)" }],
  });
  const payload = { text: "sesame", spokenText: "plum-jam 4711", buttons: [{ label: "plum-jam 4711" }], replyToId: "1" };
  assert.deepEqual(await replying(settings(socket), { payload }, ctx), {
    payload: { text: "SECRET_REF(KEY)", spokenText: "SECRET_REF(JAM)", buttons: [{ label: "SECRET_REF(JAM)" }], replyToId: "1" },
  });
  assert.equal(questions[0]?.body.reply, true);
  assert.equal(await replying(settings(socket), { payload: { text: "hello" } }, ctx), undefined);
});

test("an answer without words is put to the edge too, and gets none", async () => {
  const { socket, questions } = await edge(redacting);
  assert.equal(await replying(settings(socket), { payload: { mediaUrl: "x" } }, ctx), undefined);
  assert.equal(questions[0]?.body.content, "");
});

test("before the needles are there, no answer goes out", async () => {
  const { socket } = await edge(redacting);
  shared().needles = undefined;
  assert.equal(/** @type {any} */ (await replying(settings(socket), { payload: { text: "hello" } }, ctx)).cancel, true);
});

test("a message of no shape that is known is not sent", async () => {
  const { socket } = await edge(redacting);
  /** @type {any} */
  const none = undefined;
  assert.equal((await sending(settings(socket), { to: none, content: "hello" }, ctx))?.cancel, true);
  assert.equal(/** @type {any} */ (await replying(settings(socket), { payload: none }, ctx)).cancel, true);
  assert.equal(/** @type {any} */ (await replying(settings(socket), { payload: { text: "hello" } }, none)).cancel, true);
});

test("who writes in a session is told, as the address to which OpenClaw answers", async () => {
  const { socket, questions } = await edge(() => ({ ok: true }));
  await received(settings(socket), { from: "telegram:7", sessionKey: ctx.sessionKey }, { ...ctx, conversationId: "telegram:-100" });
  await received(settings(socket), { from: "telegram:7" }, { channelId: "telegram", sessionKey: ctx.sessionKey });
  await received(settings(socket), { from: "7" }, { channelId: "telegram" });
  assert.deepEqual(
    questions.map(({ path, body }) => [path, body]),
    ["-100", "7"].map((from) => ["/v1/inbound", { agent: "main", session: ctx.sessionKey, channel: "telegram", from }]),
  );
});
