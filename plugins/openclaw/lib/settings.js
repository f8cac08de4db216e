// What the plugin is told, checked once. The host's schema check would switch the plugin off on a mistake, and an agent
// without its plugin is unguarded; so the manifest accepts anything and this file is the check: a mistake blocks every call.

import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** Seconds. OpenClaw aborts a turn that makes no progress for six minutes. */
const LONGEST_WAIT = 290;

/**
 * @typedef {object} Settings
 * @property {import("node:net").NetConnectOpts} address  where the edge listens
 * @property {string | undefined} tokenFile  holds the bearer token; undefined on the Unix socket, which needs none
 * @property {number} approvalWait  seconds
 * @property {number} answerTimeout  seconds
 */

/** The configuration cannot be used. */
export class SettingsError extends Error {}

/**
 * @param {Record<string, unknown>} config  the plugin's entry in OpenClaw's configuration
 * @param {Record<string, string | undefined>} environ
 * @returns {Settings}
 * @throws {SettingsError} naming the key
 */
export function readSettings(config, environ) {
  const known = ["socket", "url", "tokenFile", "approvalWait", "answerTimeout"];
  const extra = Object.keys(config).find((key) => !known.includes(key));
  if (extra !== undefined) throw new SettingsError(`${extra} is not a setting (there are: ${known.join(", ")})`);
  return Object.freeze({
    ...(config.url === undefined ? socketAddress(config, environ) : loopbackAddress(config)),
    approvalWait: seconds(config, "approvalWait", 60, 0, LONGEST_WAIT),
    answerTimeout: seconds(config, "answerTimeout", 15, 1, 60),
  });
}

/**
 * Where the edge is, as arguments of the programs in bin/: SOCKET, or URL TOKEN_FILE. None of them is a secret: who may use the
 * socket, and who may read the token's file, is up to the operating system.
 * @param {Settings} settings
 * @returns {string[]}
 */
export function placeOf({ address, tokenFile }) {
  const { path, host, port } = /** @type {{ path?: string, host?: string, port?: number }} */ (address);
  if (tokenFile === undefined) return [String(path)];
  return [`http://${host?.includes(":") ? `[${host}]` : host}:${port}`, tokenFile];
}

/**
 * The settings of such a program, from what `placeOf` has told it.
 * @param {string} place
 * @param {string} [tokenFile]
 * @returns {Settings}
 * @throws {SettingsError}
 */
export function settingsAt(place, tokenFile) {
  return readSettings(tokenFile === undefined ? { socket: place } : { url: place, tokenFile }, {});
}

/**
 * @param {Record<string, unknown>} config
 * @param {Record<string, string | undefined>} environ
 */
function socketAddress(config, environ) {
  if (config.tokenFile !== undefined) throw new SettingsError("tokenFile belongs to url; the Unix socket needs no token");
  const path = absolute(config, "socket", join(environ.SAFETY_HOME || join(homedir(), ".safety"), "edge.sock"));
  return { address: { path }, tokenFile: undefined };
}

/** @param {Record<string, unknown>} config */
function loopbackAddress(config) {
  if (config.socket !== undefined) throw new SettingsError("socket and url exclude each other");
  const url = URL.parse(String(config.url));
  const hosts = ["127.0.0.1", "[::1]", "localhost"];
  if (url?.protocol !== "http:" || !hosts.includes(url.hostname) || !url.port || url.pathname !== "/" || url.username) {
    throw new SettingsError(`url must be http://, a loopback address and a port, such as http://127.0.0.1:8101`);
  }
  const address = { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port) };
  return { address, tokenFile: absolute(config, "tokenFile", undefined) };
}

/**
 * @param {Record<string, unknown>} config
 * @param {string} key
 * @param {string | undefined} otherwise
 */
function absolute(config, key, otherwise) {
  const value = config[key] ?? otherwise;
  if (typeof value !== "string" || !isAbsolute(value)) throw new SettingsError(`${key} must be an absolute path`);
  return value;
}

/**
 * @param {Record<string, unknown>} config
 * @param {string} key
 * @param {number} otherwise
 * @param {number} least
 * @param {number} most
 */
function seconds(config, key, otherwise, least, most) {
  const value = config[key] ?? otherwise;
  if (typeof value !== "number" || !(value >= least && value <= most)) {
    throw new SettingsError(`${key} must lie in ${least} to ${most} seconds`);
  }
  return value;
}
