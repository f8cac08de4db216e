// Before OpenClaw installs a skill or a plugin, which would run in it or be read by every agent: a person is asked.
//
// OpenClaw asks in two places. Its install policy is a program (bin/install.js) that it runs before every installation, also
// where no gateway runs. The hook `before_install` fires in the gateway alone, and later; it asks only where nobody has before.

import { randomUUID } from "node:crypto";

import { namedQuestion, questionOf, reasonOf } from "./answers.js";
import { blocked } from "./calls.js";
import { digestOf } from "./contents.js";
import { ask } from "./edge.js";
import { agentsOf } from "./presence.js";

/** Findings of OpenClaw's own scan that are shown to whoever decides. */
const FINDINGS = 20;

/** The program that OpenClaw's install policy runs where it is ours, in the plugin's folder. */
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
    return id !== undefined ? `pending approval ${namedQuestion(answer)}: ${reason}. Install it again after approval.` : reason;
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
