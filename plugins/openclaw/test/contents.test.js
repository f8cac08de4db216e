import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { digestOf } from "../lib/contents.js";
import { folder, skill } from "./stand_in.js";

test("any change of name, kind or bytes is another digest", () => {
  const path = skill();
  const seen = new Set([digestOf(path)]);
  writeFileSync(join(path, "SKILL.md"), "tells the tim");
  seen.add(digestOf(path));
  symlinkSync("SKILL.md", join(path, "more"));
  seen.add(digestOf(path));
  mkdirSync(join(path, "empty"));
  seen.add(digestOf(path));
  assert.equal(seen.size, 4);
});

test("what a link leads to is looked at as well, wherever the link stands", () => {
  const path = skill();
  const elsewhere = join(folder(), "tells.js");
  writeFileSync(elsewhere, "tell()");
  symlinkSync(elsewhere, join(path, "tells.js"));
  const top = join(folder(), "link");
  symlinkSync(path, top);
  const before = digestOf(path);
  assert.equal(digestOf(top), before);
  writeFileSync(elsewhere, "steal()");
  assert.notEqual(digestOf(path), before);
  assert.equal(digestOf(top), digestOf(path));
});

test("what is no file is not waited for", () => {
  const path = skill();
  execFileSync("mkfifo", [join(path, "pipe")]);
  assert.throws(() => digestOf(path), /no file/);
  assert.throws(() => digestOf("/dev/zero"), /no file/);
});
