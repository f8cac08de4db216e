#!/usr/bin/env node
// OpenClaw's install policy: asked before every installation of a skill or a plugin, with the request on standard input and the
// answer on standard output. Whatever goes wrong is a no.
//
//     install.js AGENT SOCKET
//     install.js AGENT http://127.0.0.1:PORT TOKEN_FILE
//
// Never "warn": whoever installs could wave that through.

import { text } from "node:stream/consumers";

import { oneLine } from "../lib/calls.js";
import { objection } from "../lib/installs.js";
import { settingsAt } from "../lib/settings.js";

/** Characters of a reason that OpenClaw takes. */
const REASON_LIMIT = 1000;

const [agent = "", place = "", tokenFile] = process.argv.slice(2);
let reason;
try {
  const settings = settingsAt(place, tokenFile);
  reason = await objection(settings, JSON.parse(await text(process.stdin)), agent);
} catch (error) {
  reason = `the edge could not be asked: ${error instanceof Error ? error.message : "unknown error"}`;
}
const answer =
  reason === undefined
    ? { protocolVersion: 1, decision: "allow" }
    : { protocolVersion: 1, decision: "block", reason: oneLine(`Safety Gateway: ${reason}`).slice(0, REASON_LIMIT) };
process.stdout.write(`${JSON.stringify(answer)}\n`);
