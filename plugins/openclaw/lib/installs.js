// Before OpenClaw installs a skill or a plugin, which would run in it or be read by every agent: a person is asked.
//
// OpenClaw asks in two places. Its install policy is a program (bin/install.js) that it runs before every installation, also
// where no gateway runs. The hook `before_install` fires in the gateway alone, and later; it asks only where nobody has before.

import { createHash, randomUUID } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";

import { questionOf, reasonOf } from "./answers.js";
import { blocked } from "./calls.js";
import { ask, EdgeError } from "./edge.js";
import { agentsOf } from "./presence.js";

/** Findings of OpenClaw's own scan that are shown to whoever decides. */
const FINDINGS = 20;

/** Files and bytes of one installation; a larger one is refused, since nobody could say what was approved. */
const MOST_FILES = 20_000;
const MOST_BYTES = 256 * 1024 * 1024;
const TOO_LARGE = "what is to be installed is too large to be looked at";

/** The end of the path of the program that OpenClaw's install policy runs, where it is ours. */
const POLICY = "bin/install.js";

/**
 * @typedef {object} Installation
 * @property {string} targetType  skill or plugin
 * @property {string} targetName
 * @property {string} [sourcePath]
 * @property {string | { type?: string }} [origin]
 * @property {{ kind?: string, requestedSpecifier?: string }} [request]
 * @property {{ findings?: { severity: string, ruleId: string, message: string }[] }} [builtinScan]
 */

/**
 * @param {import("./settings.js").Settings} settings
 * @param {Installation} event
 * @param {unknown} config  OpenClaw's
 * @returns {Promise<undefined | import("./calls.js").Blocked>}
 */
export async function installing(settings, event, config) {
  if (policyIsOurs(config)) return undefined;
  const reason = await objection(settings, event, agentsOf(config)[0] ?? "");
  return reason === undefined ? undefined : blocked(reason);
}

/**
 * Ask the edge whether this may be installed.
 * @param {import("./settings.js").Settings} settings
 * @param {Installation} installation
 * @param {string} agent  the one that asks: OpenClaw does not say which does, and an installation is for all of them
 * @returns {Promise<string | undefined>}  why not; undefined: it may
 */
export async function objection(settings, installation, agent) {
  try {
    const { approvalWait, answerTimeout } = settings;
    const call = { id: `install_${randomUUID()}`, tool: "openclaw_install", params: paramsOf(installation), agent, session: "" };
    const answer = await ask(settings, "/v1/decide", { call, wait: approvalWait }, { seconds: approvalWait + answerTimeout });
    if (answer.decision === "allow") return undefined;
    const id = questionOf(answer);
    const reason = reasonOf(answer);
    return id !== undefined ? `pending approval ${id}: ${reason}. Install it again after approval.` : reason;
  } catch (error) {
    return error instanceof Error ? error.message : "the edge could not be asked";
  }
}

/**
 * What a person is asked about: bound to the very files, so that others cannot take their place after the answer.
 * @param {Installation} installation
 */
function paramsOf({ targetType: kind, targetName: name, origin, request, sourcePath, builtinScan }) {
  const findings = (builtinScan?.findings ?? []).slice(0, FINDINGS);
  const from = typeof origin === "string" ? origin : origin?.type;
  /** @type {string[]} */
  const outside = [];
  const digest = sourcePath === undefined ? {} : { digest: digestOf(sourcePath, outside) };
  return {
    kind,
    name,
    source: request?.requestedSpecifier ?? from ?? sourcePath ?? "",
    ...digest,
    findings: [
      ...findings.map(({ severity, ruleId, message }) => `${severity} ${ruleId}: ${message}`),
      ...outside.slice(0, FINDINGS).map((link) => `warn link: ${link}, which may change after the answer`),
    ],
  };
}

/**
 * @param {string} given  a file or a folder, or a link to one
 * @param {string[]} [outside]  gets a line for each link below it to a folder elsewhere: what is in there is not looked at
 * @returns {string}  sha256, hexadecimal, of all names, kinds and bytes below it
 * @throws {EdgeError} if there is more than can be looked at, or something that is no file
 */
export function digestOf(given, outside = []) {
  const top = realpathSync(given);
  const whole = createHash("sha256");
  include({ top, whole, left: { files: MOST_FILES, bytes: MOST_BYTES }, outside }, "");
  return whole.digest("hex");
}

/**
 * @typedef {object} Look
 * @property {string} top
 * @property {import("node:crypto").Hash} whole
 * @property {{ files: number, bytes: number }} left
 * @property {string[]} outside
 */

/**
 * @param {Look} look
 * @param {string} name  relative to the top
 */
function include(look, name) {
  const path = join(look.top, name);
  const found = lstatSync(path);
  if ((look.left.files -= 1) < 0) throw new EdgeError(TOO_LARGE);
  if (found.isDirectory()) {
    look.whole.update(`folder ${JSON.stringify(name)}\n`);
    for (const inner of readdirSync(path).sort()) include(look, join(name, inner));
    return;
  }
  if (found.isSymbolicLink()) {
    add(look, "link", name, Buffer.from(readlinkSync(path)));
    return linked(look, name);
  }
  add(look, "file", name, bytesOf(look, path));
}

/**
 * A link is as good as what it leads to. What lies below the top is looked at there.
 * @param {Look} look
 * @param {string} name
 */
function linked(look, name) {
  const path = join(look.top, name);
  const target = statSync(path, { throwIfNoEntry: false });
  const real = target && realpathSync(path);
  if (real === undefined || real === look.top || real.startsWith(look.top + sep)) return;
  if (target?.isDirectory()) look.outside.push(`${name} leads to ${real}`);
  else add(look, "linked", name, bytesOf(look, real));
}

/**
 * @param {Look} look
 * @param {string} path
 */
function bytesOf(look, path) {
  const found = statSync(path);
  if (!found.isFile()) throw new EdgeError("what is to be installed holds something that is no file"); // a pipe would never end
  if ((look.left.bytes -= found.size) < 0) throw new EdgeError(TOO_LARGE);
  return readFileSync(path);
}

/**
 * @param {Look} look
 * @param {string} kind
 * @param {string} name
 * @param {Buffer} raw
 */
function add({ whole }, kind, name, raw) {
  whole.update(`${kind} ${JSON.stringify(name)} ${raw.length}\n`).update(raw);
}

/**
 * Only a program of a plugin folder that OpenClaw loads is: another's may be called the same.
 * @param {unknown} config
 */
function policyIsOurs(config) {
  const { security, plugins } =
    /** @type {{ security?: { installPolicy?: { enabled?: unknown, exec?: { args?: unknown } } }, plugins?: { load?: { paths?: unknown } } }} */ (
      config ?? {}
    );
  const { enabled, exec } = security?.installPolicy ?? {};
  const folders = /** @type {unknown[]} */ (Array.isArray(plugins?.load?.paths) ? plugins.load.paths : []);
  const ours = folders.filter((folder) => typeof folder === "string").map((folder) => `${folder.replace(/\/+$/, "")}/${POLICY}`);
  return enabled === true && Array.isArray(exec?.args) && exec.args.some((arg) => ours.includes(arg));
}
