import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { test } from "node:test";

import { Needles, TOO_LONG } from "../lib/needles.js";

const KEY = "000102030405060708090a0b0c0d0e0f";

/** The example of safety_core/match/one_way.py. */
const EXAMPLE = { n: 13, f: 896017, h: "ca0f8d0fefd753faec0fe59c821b7666", ref: "SECRET_REF(JAM)" };

/** @param {unknown[]} needles */
function of(needles, more = {}) {
  return new Needles({ version: "v1", key: KEY, window: 8, needles, ...more });
}

/**
 * The same arithmetic, in whole numbers of any size.
 * @param {string | Buffer} value
 */
function needle(value, ref = "SECRET_REF(A)") {
  const bytes = Buffer.from(value);
  const key = Buffer.from(KEY, "hex");
  const word = 2n ** 32n;
  const factor = (BigInt(key.readUInt32LE(0)) & ~7n) | 5n;
  const spread = BigInt(key.readUInt32LE(4)) | 1n;
  const hash = bytes.subarray(0, 8).reduce((sum, byte) => (sum * factor + BigInt(byte)) % word, 0n);
  const h = createHmac("sha256", key).update(bytes).digest("hex").slice(0, 32);
  return { n: bytes.length, f: Number(((hash * spread) % word) >> 12n), h, ref };
}

test("the worked example of the other side is found here", () => {
  assert.deepEqual(needle("plum-jam 4711", "SECRET_REF(JAM)"), EXAMPLE);
  assert.equal(of([EXAMPLE]).redact("my plum-jam 4711, please"), "my SECRET_REF(JAM), please");
});

test("a secret is found wherever it stands, as often as it stands there", () => {
  const needles = of([EXAMPLE]);
  const ref = EXAMPLE.ref;
  assert.equal(needles.redact("plum-jam 4711"), ref);
  assert.equal(needles.redact("plum-jam 4711plum-jam 4711"), ref + ref);
  assert.equal(needles.redact("plum-plum-jam 4711"), `plum-${ref}`);
  assert.equal(needles.redact("plum-jam 471plum-jam 47112"), `plum-jam 471${ref}2`);
});

test("what is only like a secret stays, as the same text", () => {
  for (const text of ["", "plum", "plum-jam", "plum-jam 471", "plum-jam 4712", "PLUM-JAM 4711", "plum-jam  4711"]) {
    assert.equal(of([EXAMPLE]).redact(text), text);
  }
});

test("text beyond ASCII is counted in bytes", () => {
  const needles = of([needle("Schlüßel-é😀-9"), needle("üüüü", "SECRET_REF(U)")]);
  assert.equal(needles.redact("😀 Schlüßel-é😀-9 ü"), "😀 SECRET_REF(A) ü");
  assert.equal(needles.redact("üüüü"), "SECRET_REF(U)");
});

test("of two that begin alike the longest counts", () => {
  const needles = of([needle("opensesame", "SECRET_REF(SHORT)"), needle("opensesame-and-more", "SECRET_REF(LONG)")]);
  assert.equal(needles.redact("opensesame-and-more"), "SECRET_REF(LONG)");
  assert.equal(needles.redact("opensesame-and-mor"), "SECRET_REF(SHORT)-and-mor");
});

test("any secret is found in any text, and nothing else is", () => {
  const values = Array.from({ length: 2000 }, () => randomBytes(8 + Math.floor(Math.random() * 40)));
  const needles = of(values.map((value) => needle(value.toString("base64url"))));
  for (const value of values.slice(0, 200)) {
    const before = randomBytes(value.length).toString("base64");
    assert.equal(needles.redact(`${before}|${value.toString("base64url")}|`), `${before}|SECRET_REF(A)|`);
  }
});

test("with no needles every text stays", () => assert.equal(of([]).redact("plum-jam 4711"), "plum-jam 4711"));

test("10,000 needles hold far less than 20 MiB", () => {
  const needles = Array.from({ length: 10_000 }, () => needle(randomBytes(32).toString("hex")));
  assert.ok(of(needles).memory < 2 * 1024 * 1024);
});

test("a text made of what many long secrets begin with is withheld, and keeps nobody waiting", () => {
  const begin = "-----BEG";
  const values = Array.from({ length: 200 }, (_, more) => begin + "x".repeat(20_000 + more));
  const needles = of(values.map((value) => needle(value)));
  assert.equal(needles.redact(begin.repeat(25_000)), TOO_LONG);
  assert.equal(needles.redact(begin.repeat(25_000) + values[0]), TOO_LONG);
  assert.equal(needles.redact("nothing of the kind"), "nothing of the kind");
});

test("many private keys, one behind the other, are all found", () => {
  const keys = Array.from({ length: 40 }, () => `-----BEGIN KEY-----\n${randomBytes(1200 + Math.floor(Math.random() * 40)).toString("base64")}\n`);
  const needles = of(keys.map((value) => needle(value)));
  assert.equal(needles.redact(keys.join("and ")), Array.from(keys, () => "SECRET_REF(A)").join("and "));
});

const refused = {
  "another window": { window: 9 },
  "no key": { key: undefined },
  "a key of another length": { key: "00" },
  "no version": { version: undefined },
  "no list": { needles: undefined },
  "a needle that is none": { needles: [null] },
  "a needle shorter than the window": { needles: [{ ...EXAMPLE, n: 7 }] },
  "a needle without end": { needles: [{ ...EXAMPLE, n: 2 ** 31 }] },
  "a filter beyond the table": { needles: [{ ...EXAMPLE, f: 2 ** 20 }] },
  "a filter that is no number": { needles: [{ ...EXAMPLE, f: "896017" }] },
  "a hash that is none": { needles: [{ ...EXAMPLE, h: "ca" }] },
  "no reference": { needles: [{ ...EXAMPLE, ref: undefined }] },
};

for (const [what, answer] of Object.entries(refused)) {
  test(`refused: ${what}`, () => assert.throws(() => of([], answer), new TypeError("not needles")));
}
