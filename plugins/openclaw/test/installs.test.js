import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { digestOf, installing } from "../lib/installs.js";
import { edge, folder, settings } from "./stand_in.js";

const PROGRAM = fileURLToPath(new URL("../bin/install.js", import.meta.url));

function skill() {
  const path = join(folder(), "clock");
  mkdirSync(path);
  writeFileSync(join(path, "SKILL.md"), "tells the time");
  return path;
}

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

test("any change of name, kind or bytes is another digest", () => {
  const path = skill();
  const seen = new Set([digestOf(path)]);
  writeFileSync(join(path, "SKILL.md"), "tells the tim");
  seen.add(digestOf(path));
  symlinkSync("SKILL.md", join(path, "more"));
  seen.add(digestOf(path));
  mkdirSync(join(path, "empty"));
  seen.add(digestOf(path));
  assert.equal(seen.size, 4);
});

test("what a link leads to is looked at as well, wherever the link stands", () => {
  const path = skill();
  const elsewhere = join(folder(), "tells.js");
  writeFileSync(elsewhere, "tell()");
  symlinkSync(elsewhere, join(path, "tells.js"));
  const top = join(folder(), "link");
  symlinkSync(path, top);
  const before = digestOf(path);
  assert.equal(digestOf(top), before);
  writeFileSync(elsewhere, "steal()");
  assert.notEqual(digestOf(path), before);
  assert.equal(digestOf(top), digestOf(path));
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

test("what is no file is not waited for", () => {
  const path = skill();
  execFileSync("mkfifo", [join(path, "pipe")]);
  assert.throws(() => digestOf(path), /no file/);
  assert.throws(() => digestOf("/dev/zero"), /no file/);
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
