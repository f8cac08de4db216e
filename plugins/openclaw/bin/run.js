#!/usr/bin/env node
// What exec runs in place of a command that needs secrets: it asks the edge to carry the command out, and prints what comes
// back. No secret passes through here.
//
//     run.js TICKET SOCKET
//     run.js TICKET http://127.0.0.1:PORT TOKEN_FILE

import { EdgeError } from "../lib/edge.js";
import { settingsAt } from "../lib/settings.js";
import { redeem } from "../lib/tickets.js";

/** As a shell says it of a command that is there and cannot be run. */
const CANNOT_RUN = 126;

const [ticket = "", place = "", tokenFile] = process.argv.slice(2);
try {
  const settings = settingsAt(place, tokenFile);
  const { output, exit } = await redeem(settings, ticket);
  process.stdout.write(output);
  process.exitCode = exit;
} catch (error) {
  const reason = error instanceof EdgeError ? error.message : "its settings are wrong";
  process.stderr.write(
    `Safety Gateway: the command has not run: ${reason}. A command that needs secrets is carried out by the edge; ` +
      "a sandbox in which this agent's commands run must let it reach the edge's socket.\n",
  );
  process.exitCode = CANNOT_RUN;
}
