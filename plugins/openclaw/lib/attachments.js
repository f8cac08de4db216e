// Files that an answer would carry along. OpenClaw reads them from this machine when it sends them, after the last hook, so they
// are looked through here: one with a registered secret in it, or one that cannot be looked through, is not sent.

import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { homedir } from "node:os";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { EdgeError } from "./edge.js";

/** Bytes of one file: what chats take at most. */
const LARGEST = 64 * 1024 * 1024;

/** Bytes that are looked through at once, and the gateway goes on in between; and those looked at twice, as a secret may stand across. */
const SLICE = 1024 * 1024;
const OVERLAP = 64 * 1024;

/** What is fetched from elsewhere, or stands in the address itself, which is looked through as text. */
const NO_FILE = /^(?:https?|data):/i;

/**
 * @param {{ mediaUrl?: unknown, mediaUrls?: unknown }} payload  of an answer
 * @param {import("./needles.js").Needles} needles
 * @throws {EdgeError}  one of them must not be sent
 */
export async function checkAttachments({ mediaUrl, mediaUrls }, needles) {
  const named = [mediaUrl, ...(Array.isArray(mediaUrls) ? mediaUrls : [])].filter((url) => typeof url === "string");
  const urls = named.map((url) => url.replace(/^\s*MEDIA\s*:(?!\/\/)\s*/i, "").trim());
  for (const url of new Set(urls)) if (url !== "" && !NO_FILE.test(url)) await checkFile(pathOf(url), needles);
}

/**
 * @param {string} path
 * @param {import("./needles.js").Needles} needles
 */
async function checkFile(path, needles) {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  if (file === undefined) throw new EdgeError("a file that goes with the answer cannot be read, so nobody knows what is in it");
  try {
    const about = await file.stat();
    if (!about.isFile() || about.size > LARGEST) throw new EdgeError("a file that goes with the answer is too large to be looked through");
    const bytes = Buffer.alloc(SLICE + OVERLAP);
    for (let at = 0; at < about.size; at += SLICE) {
      const { bytesRead } = await file.read(bytes, 0, bytes.length, at);
      const text = bytes.toString("utf8", 0, bytesRead);
      if (needles.redact(text) !== text) throw new EdgeError("a file that goes with the answer holds a secret");
      await setImmediate();
    }
  } finally {
    await file.close();
  }
}

/** @param {string} url */
function pathOf(url) {
  try {
    return /^file:/i.test(url) ? fileURLToPath(url) : url.replace(/^~(?=\/)/, homedir());
  } catch {
    return "";
  }
}
