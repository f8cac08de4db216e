import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, test } from "node:test";

import { received, replying, sending } from "../lib/messages.js";
import { Needles } from "../lib/needles.js";
import { shared } from "../lib/shared.js";
import { edge, folder, forgetAll, settings } from "./stand_in.js";

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
    ...{ content: "the key is sesame" },
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
  assert.equal(questions[0]?.body.content, "sesame");
  assert.equal(await replying(settings(socket), { payload: { text: "hello" } }, ctx), undefined);
});

test("an answer without words is put to the edge too, and gets none", async () => {
  const { socket, questions } = await edge(redacting);
  assert.equal(await replying(settings(socket), { payload: { mediaUrl: file("a picture") } }, ctx), undefined);
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

/** Needles of one secret: the example of safety_core/match/one_way.py. */
function knowing() {
  const needles = [{ n: 13, f: 896017, h: "ca0f8d0fefd753faec0fe59c821b7666", ref: "SECRET_REF(JAM)" }];
  shared().needles = new Needles({ version: "v", key: "000102030405060708090a0b0c0d0e0f", window: 8, needles });
}

/** @param {object} payload */
async function answering(payload) {
  const { socket, questions } = await edge(redacting);
  const said = /** @type {any} */ (await replying(settings(socket), { payload: { text: "Here it is.", ...payload } }, ctx));
  return { said, asked: questions.length };
}

/** @param {string | Buffer} content */
function file(content) {
  const path = join(folder(), "notes.txt");
  writeFileSync(path, content);
  return path;
}

test("a file with a secret goes with no answer, wherever in it the secret stands", async () => {
  knowing();
  const secret = "my plum-jam 4711";
  const binary = Buffer.concat([Buffer.alloc(1024 * 1024 - 6, 0xff), Buffer.from(secret), Buffer.alloc(99, 0xff)]);
  const paths = [file(secret), file(binary)];
  for (const payload of [
    { mediaUrl: paths[0] },
    { mediaUrls: ["https://example.test/picture.png", paths[0]] },
    { mediaUrl: pathToFileURL(String(paths[0])).href },
    { mediaUrl: ` MEDIA: ${paths[0]}` },
    { mediaUrl: paths[1] },
  ]) {
    const { said, asked } = await answering(payload);
    assert.equal(said?.cancel, true, JSON.stringify(payload));
    assert.match(said.reason, /holds a secret/);
    assert.equal(asked, 0);
  }
});

test("a file that cannot be looked through goes with no answer either", async () => {
  knowing();
  const pipe = join(folder(), "pipe");
  execFileSync("mkfifo", [pipe]);
  const place = join(folder(), "place");
  mkdirSync(place);
  for (const mediaUrl of ["/nonexistent/picture.png", "picture.png", "media://inbound/7", "file://elsewhere/x", pipe, place]) {
    assert.equal((await answering({ mediaUrl })).said?.cancel, true, mediaUrl);
  }
});

test("other files go along", async () => {
  knowing();
  for (const payload of [{ mediaUrl: file("a recipe") }, { mediaUrls: ["https://example.test/picture.png"] }, { mediaUrl: "" }, { mediaUrls: [7] }]) {
    assert.deepEqual(await answering(payload), { said: undefined, asked: 1 });
  }
});
