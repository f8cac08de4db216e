// What lies in a file or folder that is to be installed, as one digest.

import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";

import { EdgeError } from "./edge.js";

/** Files and bytes of one installation; a larger one is refused, since nobody could say what was approved. */
const MOST_FILES = 20_000;
const MOST_BYTES = 256 * 1024 * 1024;
const TOO_LARGE = "what is to be installed is too large to be looked at";

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
