import assert from "node:assert/strict";
import { homedir } from "node:os";
import { test } from "node:test";

import { readSettings, SettingsError } from "../lib/settings.js";

test("without a word it asks the edge of this user", () => {
  const { address, tokenFile, approvalWait, answerTimeout } = readSettings({}, {});
  assert.deepEqual(address, { path: `${homedir()}/.safety/edge.sock` });
  assert.deepEqual([tokenFile, approvalWait, answerTimeout], [undefined, 60, 15]);
});

test("the edge's home can be named by the environment, the socket by the configuration", () => {
  assert.deepEqual(readSettings({}, { SAFETY_HOME: "/srv/edge" }).address, { path: "/srv/edge/edge.sock" });
  assert.deepEqual(readSettings({ socket: "/run/e.sock" }, { SAFETY_HOME: "/srv/edge" }).address, { path: "/run/e.sock" });
});

test("a container asks over loopback, with a token from a file", () => {
  const { address, tokenFile } = readSettings({ url: "http://127.0.0.1:8101", tokenFile: "/run/token" }, {});
  assert.deepEqual(address, { host: "127.0.0.1", port: 8101 });
  assert.equal(tokenFile, "/run/token");
  assert.deepEqual(readSettings({ url: "http://[::1]:8101", tokenFile: "/t" }, {}).address, { host: "::1", port: 8101 });
});

const mistakes = {
  "a relative socket": { socket: "edge.sock" },
  "a socket that is no text": { socket: 7 },
  "a token for the socket": { socket: "/e.sock", tokenFile: "/t" },
  "two places": { socket: "/e.sock", url: "http://127.0.0.1:1", tokenFile: "/t" },
  "loopback without a token": { url: "http://127.0.0.1:8101" },
  "another machine": { url: "http://10.0.0.1:8101", tokenFile: "/t" },
  "another machine that looks near": { url: "http://127.0.0.1.example:8101", tokenFile: "/t" },
  "a user in the address": { url: "http://u@127.0.0.1:8101", tokenFile: "/t" },
  "no port": { url: "http://127.0.0.1", tokenFile: "/t" },
  "no address at all": { url: "edge", tokenFile: "/t" },
  "a wait that OpenClaw would abort": { approvalWait: 291 },
  "a wait that is no number": { approvalWait: "60" },
  "no time to answer": { answerTimeout: 0 },
  "not a number": { answerTimeout: Number.NaN },
  "a misspelt key": { aprovalWait: 1 },
};

for (const [what, config] of Object.entries(mistakes)) {
  test(`refused: ${what}`, () => assert.throws(() => readSettings(config, {}), SettingsError));
}
