import assert from "node:assert/strict";
import { test } from "node:test";

import { clean } from "../lib/results.js";
import { edge, settings } from "./stand_in.js";

/** @type {any} */
const event = {
  toolCallId: "call_1",
  toolName: "exec",
  args: { command: "cat key" },
  result: { content: [{ type: "text", text: "sesame" }], details: { aggregated: "sesame" } },
};
/** @type {any} */
const ctx = { runtime: "openclaw", agentId: "main", sessionKey: "agent:main:main" };

/** @param {import("./stand_in.js").Answer} answer */
async function cleaned(answer, given = event) {
  const { socket } = await edge(answer);
  return (await clean(settings(socket, { answerTimeout: 1 }), given, ctx)).result;
}

test("the model gets what the edge gives back, content and details", async () => {
  const { socket, questions } = await edge(({ body }) => ({
    result: JSON.parse(JSON.stringify(body.result).replaceAll("sesame", "SECRET_REF(key)")),
    findings: 2,
  }));
  const { result } = await clean(settings(socket), event, ctx);
  assert.deepEqual(result, {
    content: [{ type: "text", text: "SECRET_REF(key)" }],
    details: { aggregated: "SECRET_REF(key)" },
  });
  assert.deepEqual(questions[0]?.body.call, {
    id: "call_1",
    tool: "exec",
    params: { command: "cat key" },
    agent: "main",
    session: "agent:main:main",
  });
});

/** @type {Record<string, import("./stand_in.js").Answer>} */
const failures = {
  "an error": (_, response) => {
    response.statusCode = 500;
    return { error: { thing: "edge", reason: "internal error", fix: "" } };
  },
  "no JSON": (_, response) => void response.end("sesame"),
  "no result": () => ({ findings: 0 }),
  "a result of another shape": () => ({ result: "sesame" }),
  silence: () => undefined,
};

for (const [what, answer] of Object.entries(failures)) {
  test(`the result is withheld: ${what}`, async () => {
    const result = await cleaned(answer);
    assert.doesNotMatch(JSON.stringify(result), /sesame/);
    assert.match(JSON.stringify(result.content), /the call has run, but its result is withheld/);
    assert.deepEqual(result.details, { status: "error", middlewareError: true });
  });
}

test("a result that JSON cannot carry is withheld", async () => {
  const result = await cleaned(() => ({}), { ...event, result: { ...event.result, details: 1n } });
  assert.match(JSON.stringify(result.content), /withheld/);
});

test("without the edge there is no result", async () => {
  const { result } = await clean(settings("/nonexistent/edge.sock"), event, { ...ctx, sessionKey: undefined });
  assert.match(JSON.stringify(result.content), /cannot be reached/);
});
