import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { afterEach, test } from "node:test";

import { Needles } from "../lib/needles.js";
import { shared } from "../lib/shared.js";
import { cleaned, fetchNeedles, WITHHELD, written } from "../lib/transcripts.js";
import { edge, forgetAll, settings } from "./stand_in.js";

const SECRET = "plum-jam 4711";
const ANSWER = {
  ...{ version: "v1", key: "000102030405060708090a0b0c0d0e0f", window: 8 },
  needles: [{ n: 13, f: 896017, h: "ca0f8d0fefd753faec0fe59c821b7666", ref: "SECRET_REF(JAM)" }],
};

afterEach(forgetAll);

/** @param {any} message */
const kept = (message) => /** @type {any} */ (written({ message }))?.message;

/** Every place of OpenClaw's messages in which somebody's words stand. */
const MESSAGES = [
  { role: "user", content: `it is ${SECRET}`, timestamp: 7 },
  { role: "user", content: [{ type: "text", text: SECRET }] },
  { role: "assistant", content: [{ type: "thinking", thinking: SECRET }] },
  { role: "assistant", content: [{ type: "toolCall", id: "call_1", name: "exec", arguments: { command: `echo ${SECRET}`, env: { A: [SECRET] } } }] },
  { role: "assistant", content: [{ type: "toolCall", id: "call_1", name: "x", arguments: { [SECRET]: true } }] },
  { role: "toolResult", toolCallId: "call_1", toolName: "exec", content: [{ type: "text", text: SECRET }], details: { aggregated: SECRET, exitCode: 0 } },
  { role: "custom", customType: "nested-tool", content: "", details: { result: { content: [{ type: "text", text: SECRET }] } } },
];

test("a secret is taken out wherever it stands, and the rest stays as it is", () => {
  shared().needles = new Needles(ANSWER);
  for (const message of MESSAGES) {
    const text = JSON.stringify(message);
    assert.deepEqual(written({ message }), { message: JSON.parse(text.replaceAll(SECRET, "SECRET_REF(JAM)")) });
    assert.equal(JSON.stringify(message), text, "the message that OpenClaw goes on with is left alone");
  }
});

test("a secret of digits is found where it stands as a number", () => {
  const pin = { n: 16, f: 770650, h: "8c333bead43e802235eb4c96cfaf5c5b", ref: "SECRET_REF(PIN)" };
  shared().needles = new Needles({ ...ANSWER, needles: [pin] });
  const message = { role: "toolResult", details: { pin: 4711471147114711, ms: 12, big: 4711471147114711n } };
  assert.deepEqual(kept(message), { role: "toolResult", details: { pin: "SECRET_REF(PIN)", ms: 12, big: "SECRET_REF(PIN)" } });
});

test("a message without a secret is the same object", () => {
  shared().needles = new Needles(ANSWER);
  const message = { role: "user", content: [{ type: "text", text: "hello, world" }], usage: { input: 1, cost: null } };
  assert.equal(written({ message }), undefined);
  assert.equal(cleaned(message, shared().needles), message);
});

test("before the needles are there, nothing that somebody said is written down", () => {
  for (const message of MESSAGES) {
    const clean = kept(message);
    assert.doesNotMatch(JSON.stringify(clean), /plum-jam/);
    assert.equal(clean.role, message.role);
  }
  const [user, , , call, , result] = MESSAGES.map(kept);
  assert.equal(user.content, WITHHELD);
  assert.deepEqual(call.content, [{ type: "toolCall", id: "call_1", name: "exec", arguments: {} }]);
  assert.deepEqual(result, { role: "toolResult", toolCallId: "call_1", toolName: "exec", content: [{ type: "text", text: WITHHELD }], details: {} });
});

test("what is nested too deep, or is no text, is not written down", () => {
  shared().needles = new Needles(ANSWER);
  /** @type {any} */
  let deep = SECRET;
  for (let level = 0; level < 100; level += 1) deep = [deep];
  const message = { role: "user", content: deep, data: Buffer.from(SECRET) };
  const text = JSON.stringify(written({ message }));
  assert.ok(text.includes(WITHHELD));
  assert.ok(!text.includes(SECRET) && !text.includes("[112,108"));
});

test("what stands in many places is looked at once, and what stands in itself comes to an end", () => {
  shared().needles = new Needles(ANSWER);
  /** @type {any} */
  let wide = { text: SECRET };
  for (let level = 0; level < 50; level += 1) wide = [wide, wide];
  let found = cleaned(wide, shared().needles);
  while (Array.isArray(found)) found = found[1];
  assert.deepEqual(found, { text: "SECRET_REF(JAM)" });
  /** @type {any} */
  const round = { text: "hello" };
  Object.assign(round, { one: round, other: [round] });
  assert.deepEqual(cleaned(round, shared().needles), { text: "hello", one: WITHHELD, other: [WITHHELD] });
});

test("a message that cannot be looked through is not written down", () => {
  shared().needles = new Needles(ANSWER);
  const message = {
    role: "user",
    get content() {
      throw new Error(SECRET);
    },
  };
  assert.deepEqual(written({ message }), { block: true });
});

test("needles are fetched only when there are others than those at hand", async () => {
  const { socket, questions } = await edge(() => ANSWER);
  await fetchNeedles(settings(socket), undefined);
  await fetchNeedles(settings(socket), "v1");
  await fetchNeedles(settings(socket), "v1");
  assert.deepEqual(
    questions.map(({ path, body }) => [path, body]),
    [["/v1/needles", undefined]],
  );
  assert.equal(shared().needles?.redact(SECRET), "SECRET_REF(JAM)");
});

test("the stand-in's needle is one", () => {
  const digest = createHmac("sha256", Buffer.from(ANSWER.key, "hex")).update(SECRET).digest("hex");
  assert.equal(digest.slice(0, 32), ANSWER.needles[0]?.h);
});
