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
  return clean(value, needles === undefined ? () => WITHHELD : (text) => needles.redact(text), needles === undefined, 0);
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
 * @param {unknown} value
 * @param {(text: string) => string} redact
 * @param {boolean} blind  nothing can be looked through
 * @param {number} depth
 * @returns {unknown}
 */
function clean(value, redact, blind, depth) {
  if (typeof value === "string") return redact(value);
  if (typeof value === "number" || typeof value === "bigint") return blind ? value : figure(value, redact);
  if (value === null || typeof value !== "object") return value;
  if (depth > DEPTH) return WITHHELD;
  if (Array.isArray(value)) return list(value, redact, blind, depth + 1);
  if (ArrayBuffer.isView(value)) return WITHHELD; // no message has bytes; as JSON they would be numbers
  return fields(value, redact, blind, depth + 1);
}

/**
 * A secret may be a number: what JSON writes of it has the same digits.
 * @param {number | bigint} value
 * @param {(text: string) => string} redact
 */
function figure(value, redact) {
  const text = String(value);
  const safe = redact(text);
  return safe === text ? value : safe;
}

/**
 * @param {unknown[]} value
 * @param {(text: string) => string} redact
 * @param {boolean} blind
 * @param {number} depth
 */
function list(value, redact, blind, depth) {
  const copy = value.map((each) => clean(each, redact, blind, depth));
  return copy.some((each, place) => each !== value[place]) ? copy : value;
}

/**
 * @param {object} value
 * @param {(text: string) => string} redact
 * @param {boolean} blind
 * @param {number} depth
 */
function fields(value, redact, blind, depth) {
  const before = Object.entries(value);
  const after = before.map(([key, each]) => field(key, each, redact, blind, depth));
  return after.some(([key, each], place) => key !== before[place]?.[0] || each !== before[place]?.[1]) ? Object.fromEntries(after) : value;
}

/**
 * @param {string} key
 * @param {unknown} value
 * @param {(text: string) => string} redact
 * @param {boolean} blind
 * @param {number} depth
 * @returns {[string, unknown]}
 */
function field(key, value, redact, blind, depth) {
  if (!blind) return [redact(key), clean(value, redact, blind, depth)];
  if (STRUCTURE.has(key) && typeof value === "string") return [key, value];
  // What a tool was called with, and what it said beside its text, have a shape of their own, down to their keys.
  return key === "arguments" || key === "details" ? [key, {}] : [key, clean(value, redact, blind, depth)];
}
