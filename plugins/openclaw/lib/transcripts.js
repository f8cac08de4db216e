// What OpenClaw writes down of a conversation: registered secrets are taken out at once, with the needles of the edge, because
// these hooks cannot wait. Where no needles have come yet, the text is not written down at all.

import { ask } from "./edge.js";
import { Needles } from "./needles.js";
import { shared } from "./shared.js";

/** In place of a text that could not be looked through. */
export const WITHHELD = "[Safety Gateway: not written down, because the edge has not been reached yet]";

/** Bytes of all needles, as JSON: those of 25,000 secrets. */
const NEEDLES_LIMIT = 64 * 1024 * 1024;

/** Levels of nesting; what is deeper is not written down. */
const DEPTH = 64;

/** Keys whose texts say what a message is, not what somebody said: without them OpenClaw cannot read its own transcript. */
const STRUCTURE = new Set(["role", "type", "id", "toolCallId", "toolName", "name", "customType", "stopReason", "api", "provider", "model"]);

/**
 * Both `tool_result_persist` and `before_message_write`. OpenClaw writes down the raw message when they throw.
 * @param {{ message: any }} event
 * @returns {{ message: any } | { block: true } | undefined}  undefined: there was nothing to take out
 */
export function written({ message }) {
  try {
    const clean = cleaned(message, shared().needles);
    return clean === message ? undefined : { message: clean };
  } catch {
    return { block: true };
  }
}

/**
 * @param {unknown} value  anything that JSON can say, and more
 * @param {Needles | undefined} needles
 * @returns {any}  the same value if there was nothing to take out; else a copy
 */
export function cleaned(value, needles) {
  const redact = needles === undefined ? () => WITHHELD : (/** @type {string} */ text) => needles.redact(text);
  return clean(value, { redact, blind: needles === undefined, seen: new Map() }, 0);
}

/**
 * Get the needles, and keep them.
 * @param {import("./settings.js").Settings} settings
 * @param {unknown} version  that the edge has now
 */
export async function fetchNeedles(settings, version) {
  if (version === undefined || shared().needles?.version === version) return;
  const limits = { seconds: settings.answerTimeout, bytes: NEEDLES_LIMIT };
  shared().needles = new Needles(await ask(settings, "/v1/needles", undefined, limits));
}

/**
 * @typedef {object} Look
 * @property {(text: string) => string} redact
 * @property {boolean} blind  nothing can be looked through
 * @property {Map<object, unknown>} seen  object -> what became of it; it may stand in many places, and in itself
 */

/**
 * @param {unknown} value
 * @param {Look} look
 * @param {number} depth
 * @returns {unknown}
 */
function clean(value, look, depth) {
  if (typeof value === "string") return look.redact(value);
  if (typeof value === "number" || typeof value === "bigint") return figure(value, look);
  if (value === null || typeof value !== "object") return value;
  if (depth > DEPTH || ArrayBuffer.isView(value)) return WITHHELD; // no message has bytes; as JSON they would be numbers
  if (look.seen.has(value)) return look.seen.get(value);
  look.seen.set(value, WITHHELD); // where it stands in itself
  const copy = Array.isArray(value) ? list(value, look, depth + 1) : fields(value, look, depth + 1);
  look.seen.set(value, copy);
  return copy;
}

/**
 * A secret may be a number: what JSON writes of it has the same digits.
 * @param {number | bigint} value
 * @param {Look} look
 */
function figure(value, { redact, blind }) {
  const text = String(value);
  const safe = blind ? text : redact(text);
  return safe === text ? value : safe;
}

/**
 * @param {unknown[]} value
 * @param {Look} look
 * @param {number} depth
 */
function list(value, look, depth) {
  const copy = value.map((each) => clean(each, look, depth));
  return copy.some((each, place) => each !== value[place]) ? copy : value;
}

/**
 * @param {object} value
 * @param {Look} look
 * @param {number} depth
 */
function fields(value, look, depth) {
  const before = Object.entries(value);
  const after = before.map(([key, each]) => field(key, each, look, depth));
  return after.some(([key, each], place) => key !== before[place]?.[0] || each !== before[place]?.[1]) ? Object.fromEntries(after) : value;
}

/**
 * @param {string} key
 * @param {unknown} value
 * @param {Look} look
 * @param {number} depth
 * @returns {[string, unknown]}
 */
function field(key, value, look, depth) {
  if (!look.blind) return [look.redact(key), clean(value, look, depth)];
  if (STRUCTURE.has(key) && typeof value === "string") return [key, value];
  // What a tool was called with, and what it said beside its text, have a shape of their own, down to their keys.
  return key === "arguments" || key === "details" ? [key, {}] : [key, clean(value, look, depth)];
}
