import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { digestOf } from "../lib/contents.js";
import { installing } from "../lib/installs.js";
import { edge, folder, settings, skill } from "./stand_in.js";

const PROGRAM = fileURLToPath(new URL("../bin/install.js", import.meta.url));

/** @param {string} sourcePath */
function request(sourcePath) {
  return {
    protocolVersion: 1,
    targetType: "skill",
    targetName: "clock",
    sourcePath,
    origin: { type: "local-path" },
    request: { kind: "skill-install", mode: "install", requestedSpecifier: "./clock" },
  };
}

/** @param {string} socket @param {string} input */
async function policy(socket, input) {
  const child = spawn(process.execPath, [PROGRAM, "main", socket], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(input);
  const answer = await text(child.stdout);
  return JSON.parse(answer);
}

test("the install policy asks the edge about the very files, and says what it says", async () => {
  const path = skill();
  const { socket, questions } = await edge(() => ({ decision: "allow" }));
  assert.deepEqual(await policy(socket, JSON.stringify(request(path))), { protocolVersion: 1, decision: "allow" });
  const { call } = questions[0].body;
  assert.deepEqual([call.tool, call.agent], ["openclaw_install", "main"]);
  assert.deepEqual(call.params, { kind: "skill", name: "clock", source: "./clock", digest: digestOf(path), findings: [] });
});

test("a pending question blocks the installation and names the request", async () => {
  const { socket } = await edge(() => ({ decision: "pending", reason: "installs things", approval: { id: "a1" } }));
  const answer = await policy(socket, JSON.stringify(request(skill())));
  assert.equal(answer.decision, "block");
  assert.match(answer.reason, /pending approval a1: installs things/);
});

for (const [what, input] of /** @type {[string, string][]} */ ([
  ["no JSON", "no"],
  ["files that are not there", JSON.stringify(request("/nowhere"))],
])) {
  test(`${what}: the installation is blocked`, async () => {
    const { socket } = await edge(() => ({ decision: "allow" }));
    assert.equal((await policy(socket, input)).decision, "block");
  });
}

test("without an edge the installation is blocked", async () => {
  assert.equal((await policy(join(folder(), "none.sock"), JSON.stringify(request(skill())))).decision, "block");
});

test("a link to a folder elsewhere is shown to whoever decides", async () => {
  const path = skill();
  symlinkSync(folder(), join(path, "more"));
  symlinkSync(".", join(path, "self"));
  symlinkSync("nowhere", join(path, "broken"));
  const { socket, questions } = await edge(() => ({ decision: "block", reason: "no" }));
  await installing(settings(socket), request(path), {});
  const [found, ...others] = questions[0].body.call.params.findings;
  assert.match(found, /^warn link: more leads to \//);
  assert.deepEqual(others, []);
});

test("the hook asks where no policy of ours has, and only there", async () => {
  const { socket, questions } = await edge(() => ({ decision: "block", reason: "no" }));
  const event = request(skill());
  assert.match((await installing(settings(socket), event, {}))?.blockReason ?? "", /no/);
  const exec = { args: ["/opt/safety/plugin/bin/install.js", "main", socket] };
  const load = { paths: ["/opt/other", "/opt/safety/plugin/"] };
  const ours = { plugins: { load }, security: { installPolicy: { enabled: true, exec } } };
  assert.equal(await installing(settings(socket), event, ours), undefined);
  const off = { ...ours, security: { installPolicy: { enabled: false, exec } } };
  assert.notEqual(await installing(settings(socket), event, off), undefined);
  const theirs = { ...ours, plugins: { load: { paths: ["/opt/other"] } } };
  assert.notEqual(await installing(settings(socket), event, theirs), undefined, "another's program is called the same");
  assert.equal(questions.length, 3);
});
