// Takes registered secrets out of a text at once, where a hook cannot wait for the edge. A needle does not tell what it looks
// for: it is a filter of the first eight bytes and a keyed hash of all of them, for each way to write each secret.
// The other side of this, and the arithmetic: safety_core/match/one_way.py.

import { hash as digestOf } from "node:crypto";

/** Bytes that the filter looks at. */
const WINDOW = 8;

/** Bytes of a keyed hash that a needle tells. */
const DIGEST = 16;

/** Bytes of a block of SHA-256. */
const BLOCK = 64;

/** Longest secret in one spelling: a private key of 16,384 bits, written with percent signs, with room to spare. */
const LONGEST = 1 << 20;

/** The filter has 2**20 places. */
const PLACES = 1 << 20;

/**
 * Bytes that may be hashed for one text: so many, and so many more for each byte of it. Ordinary text takes three a byte. Many
 * long secrets that begin alike, as private keys do, and a text made of that beginning would keep the whole gateway waiting.
 */
const EFFORT = { text: 512 * 1024, byte: 256 };

/** What one hash costs beside its bytes. */
const BLOCKS = 192;

/** In place of a text that would take more. */
export const TOO_LONG = "[Safety Gateway: withheld, because looking for secrets in it would take too long]";

/** More than a vault of 10,000 secrets has, and a bound of 16 MiB on what the edge can make us keep. */
const MOST = 500_000;

/** @typedef {{ n: number, f: number, h: string, ref: string }} Needle */

/** The needles of one version, packed. */
export class Needles {
  /** @type {string[]} what to write instead */
  #refs;
  /** A bit for each place of the filter that some needle has. */
  #places = new Uint8Array(PLACES / 8);
  /** By needle, in order of filter, then the longest first. */
  #filters;
  #lengths;
  #digests;
  #names;
  /** What the two steps of HMAC-SHA256 take: a block made of the key, then the bytes. */
  #inner;
  #outer;
  #factor;
  #spread;
  /** Bytes that may still be hashed for the text at hand. */
  #left = 0;
  /** factor ** 7: what the byte that leaves the window was multiplied with. */
  #leaving;

  /**
   * @param {Record<string, unknown>} answer  of GET /v1/needles
   * @throws {TypeError} if it is not one that can be used
   */
  constructor(answer) {
    const { version, key, window, needles } = answer;
    if (window !== WINDOW || typeof version !== "string" || !/^[0-9a-f]{32}$/.test(String(key))) throw new TypeError("not needles");
    if (!Array.isArray(needles) || needles.length > MOST || !needles.every(isNeedle)) throw new TypeError("not needles");
    this.version = version;
    const secret = Buffer.from(String(key), "hex");
    this.#factor = ((secret.readUInt32LE(0) & ~7) | 5) >>> 0;
    this.#spread = (secret.readUInt32LE(4) | 1) >>> 0;
    this.#leaving = power(this.#factor, WINDOW - 1);
    const sorted = needles.toSorted((a, b) => a.f - b.f || b.n - a.n);
    this.#refs = [...new Set(sorted.map(({ ref }) => ref))];
    this.#inner = padded(secret, 0x36, sorted.reduce((most, { n }) => Math.max(most, n), 0));
    this.#outer = padded(secret, 0x5c, 32);
    const places = new Map(this.#refs.map((ref, place) => [ref, place]));
    this.#filters = Uint32Array.from(sorted, ({ f }) => f);
    this.#lengths = Uint32Array.from(sorted, ({ n }) => n);
    this.#names = Uint32Array.from(sorted, ({ ref }) => places.get(ref) ?? 0);
    this.#digests = Buffer.alloc(sorted.length * DIGEST);
    sorted.forEach(({ f, h }, each) => {
      this.#digests.write(h, each * DIGEST, "hex");
      this.#places[f >>> 3] |= 1 << (f & 7);
    });
  }

  /** Bytes that this holds. */
  get memory() {
    const tables = [this.#places, this.#filters, this.#lengths, this.#names, this.#digests, this.#inner, this.#outer];
    return tables.reduce((sum, table) => sum + table.byteLength, this.#refs.join("").length * 2);
  }

  /**
   * @param {string} text
   * @returns {string}  the same, or with a reference in place of each secret; `TOO_LONG` if that cannot be told soon
   */
  redact(text) {
    if (this.#filters.length === 0 || text.length * 3 < WINDOW) return text;
    const bytes = Buffer.from(text);
    if (bytes.length < WINDOW) return text;
    this.#left = EFFORT.text + EFFORT.byte * bytes.length;
    const found = this.#search(bytes);
    if (this.#left < 0) return TOO_LONG;
    if (found.length === 0) return text;
    let from = 0;
    const parts = [];
    for (const { start, end, ref } of found) {
      parts.push(bytes.toString("utf8", from, start), ref);
      from = end;
    }
    return parts.join("") + bytes.toString("utf8", from);
  }

  /**
   * @param {Buffer} bytes
   * @returns {{ start: number, end: number, ref: string }[]}
   */
  #search(bytes) {
    const found = [];
    const [places, factor, spread, leaving] = [this.#places, this.#factor, this.#spread, this.#leaving];
    const { length } = bytes;
    let hash = start(bytes, 0, factor);
    for (let at = 0; at + WINDOW <= length && this.#left >= 0; ) {
      const filter = Math.imul(hash, spread) >>> 12;
      if ((/** @type {number} */ (places[filter >>> 3]) & (1 << (filter & 7))) !== 0) {
        const hit = this.#look(bytes, at, filter);
        if (hit !== undefined) {
          found.push(hit);
          at = hit.end;
          hash = start(bytes, at, factor);
          continue;
        }
      }
      const out = /** @type {number} */ (bytes[at]);
      const next = /** @type {number} */ (bytes[at + WINDOW]); // undefined behind the end, where it is not used
      hash = (Math.imul(hash - Math.imul(out, leaving), factor) + next) | 0;
      at += 1;
    }
    return found;
  }

  /**
   * @param {Buffer} bytes
   * @param {number} at
   * @param {number} filter
   * @returns {{ start: number, end: number, ref: string } | undefined}  the longest needle that is here
   */
  #look(bytes, at, filter) {
    let length = -1;
    let digest = this.#outer;
    for (let each = this.#first(filter); this.#filters[each] === filter; each += 1) {
      const n = /** @type {number} */ (this.#lengths[each]);
      if (at + n > bytes.length) continue;
      if (n !== length) {
        this.#left -= n + BLOCKS;
        if (this.#left < 0) return undefined;
        length = n;
        digest = this.#hmac(bytes, at, n);
      }
      if (digest.compare(this.#digests, each * DIGEST, (each + 1) * DIGEST, 0, DIGEST) === 0) {
        return { start: at, end: at + n, ref: /** @type {string} */ (this.#refs[/** @type {number} */ (this.#names[each])]) };
      }
    }
    return undefined;
  }

  /**
   * HMAC-SHA256. In two calls of hash(), because an Hmac object costs six times as much, and of ordinary text one place in a
   * hundred comes here when there are 10,000 needles.
   * @param {Buffer} bytes
   * @param {number} at
   * @param {number} n
   */
  #hmac(bytes, at, n) {
    bytes.copy(this.#inner, BLOCK, at, at + n);
    digestOf("sha256", this.#inner.subarray(0, BLOCK + n), "buffer").copy(this.#outer, BLOCK);
    return digestOf("sha256", this.#outer, "buffer");
  }

  /**
   * @param {number} filter
   * @returns {number}  the first needle with this filter; binary search
   */
  #first(filter) {
    let [low, high] = [0, this.#filters.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (/** @type {number} */ (this.#filters[middle]) < filter) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * @param {Buffer} bytes
 * @param {number} at
 * @param {number} factor
 * @returns {number}  the hash of the window that begins at `at`; of no use if it is cut off
 */
function start(bytes, at, factor) {
  let hash = 0;
  for (let byte = at; byte < at + WINDOW; byte += 1) hash = (Math.imul(hash, factor) + (bytes[byte] ?? 0)) | 0;
  return hash;
}

/**
 * @param {Buffer} key
 * @param {number} pad
 * @param {number} room  bytes behind the block
 */
function padded(key, pad, room) {
  const block = Buffer.alloc(BLOCK + room);
  for (let byte = 0; byte < BLOCK; byte += 1) block[byte] = (key[byte] ?? 0) ^ pad;
  return block;
}

/**
 * @param {number} base
 * @param {number} exponent
 */
function power(base, exponent) {
  let product = 1;
  for (let n = 0; n < exponent; n += 1) product = Math.imul(product, base);
  return product;
}

/**
 * @param {unknown} value
 * @returns {value is Needle}
 */
function isNeedle(value) {
  const { n, f, h, ref } = /** @type {Record<string, unknown>} */ (value ?? {});
  const numbers = Number.isInteger(n) && Number(n) >= WINDOW && Number(n) <= LONGEST && Number.isInteger(f) && Number(f) >= 0 && Number(f) < PLACES;
  return numbers && /^[0-9a-f]{32}$/.test(String(h)) && typeof ref === "string";
}
