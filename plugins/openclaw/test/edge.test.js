import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { test } from "node:test";

import { ask, EdgeError } from "../lib/edge.js";
import { readSettings } from "../lib/settings.js";
import { edge, folder, settings } from "./stand_in.js";

const limits = { seconds: 5 };

/** @param {import("./stand_in.js").Answer} answer */
async function asked(answer) {
  const { socket } = await edge(answer);
  return ask(settings(socket), "/v1/x", {}, limits);
}

test("a question goes out as JSON and the answer comes back", async () => {
  const { socket, questions } = await edge(({ body }) => ({ twice: body.n * 2 }));
  assert.deepEqual(await ask(settings(socket), "/v1/x", { n: 4, text: "ü" }, limits), { twice: 8 });
  const [question] = questions;
  assert.equal(question?.path, "/v1/x");
  assert.deepEqual(question?.body, { n: 4, text: "ü" });
  assert.equal(question?.headers["content-type"], "application/json");
  assert.equal(question?.headers.authorization, undefined);
});

test("one connection carries one question after another, and several at once have one each", async () => {
  const { socket, questions, connections } = await edge(() => ({}));
  const reached = settings(socket);
  for (let n = 0; n < 5; n += 1) await ask(reached, "/v1/x", {}, limits);
  assert.equal(connections(), 1);
  await Promise.all([1, 2, 3].map(() => ask(reached, "/v1/x", {}, limits)));
  assert.equal(connections(), 3);
  assert.equal(questions.length, 8);
});

test("an edge that was started anew is asked over a new connection", async () => {
  const first = await edge(() => ({ edge: 1 }));
  await ask(settings(first.socket), "/v1/x", {}, limits);
  await first.stop();
  await assert.rejects(ask(settings(first.socket), "/v1/x", {}, limits), /cannot be reached/);
  await edge(() => ({ edge: 2 }), first.socket);
  assert.deepEqual(await ask(settings(first.socket), "/v1/x", {}, limits), { edge: 2 });
});

test("a question is asked once, also when its connection breaks", async () => {
  const { socket, questions } = await edge((_, response) => void (questions.length > 1 ? response.destroy() : response.end("{}")));
  await ask(settings(socket), "/v1/x", {}, limits);
  await assert.rejects(ask(settings(socket), "/v1/decide", {}, limits), /cannot be reached \(ECONNRESET\)/);
  assert.equal(questions.length, 2);
});

test("a question without a body is a GET", async () => {
  const { socket, questions } = await edge(() => ({}));
  await ask(settings(socket), "/v1/needles", undefined, limits);
  assert.equal(questions[0]?.body, undefined);
  assert.equal(questions[0]?.headers["content-type"], undefined);
});

test("over loopback the token of the file is shown, and a new one as soon as it is there", async () => {
  const tokenFile = join(folder(), "token");
  writeFileSync(tokenFile, "first\n");
  const { port, questions } = await edge(() => ({}), 0);
  const reached = readSettings({ url: `http://127.0.0.1:${port}`, tokenFile }, {});
  await ask(reached, "/v1/x", {}, limits);
  writeFileSync(tokenFile, "second");
  await ask(reached, "/v1/x", {}, limits);
  assert.deepEqual(
    questions.map((question) => question.headers.authorization),
    ["Bearer first", "Bearer second"],
  );
});

test("a token that cannot be read is said so", async () => {
  const reached = readSettings({ url: "http://127.0.0.1:1", tokenFile: "/nonexistent/token" }, {});
  await assert.rejects(ask(reached, "/v1/x", {}, limits), new EdgeError("the token file cannot be read (ENOENT)"));
});

test("whoever has replaced http.request does not see the question", async () => {
  const { request } = http;
  http.request = () => assert.fail("diverted");
  syncBuiltinESMExports();
  try {
    assert.deepEqual(await asked(() => ({ fine: true })), { fine: true });
  } finally {
    http.request = request;
    syncBuiltinESMExports();
  }
});

test("an edge that is not there", async () => {
  await assert.rejects(ask(settings("/nonexistent/edge.sock"), "/v1/x", {}, limits), /cannot be reached \(ENOENT\)/);
});

test("an edge that never answers", async () => {
  const { socket } = await edge(() => undefined);
  await assert.rejects(ask(settings(socket), "/v1/x", {}, { seconds: 0.1 }), new EdgeError("the edge did not answer within 0.1 seconds"));
});

test("an edge that dribbles its answer past the deadline", async () => {
  const { socket } = await edge((_, response) => void response.write('{"decision":'));
  await assert.rejects(ask(settings(socket), "/v1/x", {}, { seconds: 0.1 }), /did not answer within 0.1 seconds/);
});

test("a call that is cancelled settles at once", async () => {
  const cancel = new AbortController();
  const { socket } = await edge(() => void cancel.abort());
  await assert.rejects(ask(settings(socket), "/v1/x", {}, { seconds: 60, signal: cancel.signal }), new EdgeError("the call was cancelled"));
  await assert.rejects(ask(settings(socket), "/v1/x", {}, { seconds: 60, signal: cancel.signal }), new EdgeError("the call was cancelled"));
});

for (const answer of ["", "allow", "null", "[1]", '{"a":', "\u0000"]) {
  test(`not an answer: ${JSON.stringify(answer)}`, async () => {
    await assert.rejects(asked((_, response) => void response.end(answer)), /\(status 200\) is not a JSON object/);
  });
}

test("an answer that breaks off", async () => {
  const broken = asked((_, response) => {
    response.writeHead(200, { "content-length": "100" }).write('{"decision":"allow"}');
    setImmediate(() => response.destroy());
  });
  await assert.rejects(broken, EdgeError);
});

test("an answer without end", async () => {
  const endless = asked((_, response) => void response.end(Buffer.alloc(17 * 1024 * 1024, " ")));
  await assert.rejects(endless, /larger than/);
});

test("the edge's own refusal is passed on in its words", async () => {
  const refused = asked((_, response) => {
    response.statusCode = 400;
    return { error: { thing: "request.call.id", reason: "is missing", fix: "send it" } };
  });
  await assert.rejects(refused, new EdgeError("the edge refused (status 400): request.call.id: is missing. Fix: send it"));
});

test("a refusal without words is one too", async () => {
  const refused = asked((_, response) => {
    response.statusCode = 500;
    return { decision: "allow" };
  });
  await assert.rejects(refused, new EdgeError("the edge refused (status 500)"));
});
