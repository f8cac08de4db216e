import assert from "node:assert/strict";
import { test } from "node:test";

import { Gateway, GatewayRefusal } from "../lib/gateway.js";
import { gateway } from "./stand_in_gateway.js";

const config = () => ({});

test("it is connected only while it has something to ask", async () => {
  const there = gateway({ ping: () => "pong" });
  const mine = new Gateway({ config, connect: there.connect });
  assert.equal(there.connections.length, 0);
  assert.equal(await mine.persistently((line) => line.request("ping", {})), "pong");
  assert.deepEqual(there.connections.map(({ open }) => open), [false]);
});

test("who asks at the same time shares one connection", async () => {
  const there = gateway({ ping: () => new Promise((done) => setImmediate(done, "pong")) });
  const mine = new Gateway({ config, connect: there.connect });
  const ping = () => mine.persistently((line) => line.request("ping", {}));
  assert.deepEqual(await Promise.all([ping(), ping()]), ["pong", "pong"]);
  assert.equal(there.connections.length, 1);
});

test("a connection that cannot be made is made later", async () => {
  const there = gateway({ ping: () => "pong" });
  there.refuse(2);
  const mine = new Gateway({ config, connect: there.connect });
  assert.equal(await mine.persistently((line) => line.request("ping", {})), "pong");
  assert.equal(there.connections.length, 3);
});

test("a connection that is lost in the middle is made anew, and the question is asked again", async () => {
  let asked = 0;
  const there = gateway({ ping: () => (++asked === 1 ? there.hangUp() : "pong") });
  const mine = new Gateway({ config, connect: there.connect });
  assert.equal(await mine.persistently((line) => line.request("ping", {})), "pong");
  assert.equal(there.connections.length, 2);
});

test("what the gateway refuses is not asked again", async () => {
  const there = gateway({});
  const mine = new Gateway({ config, connect: there.connect });
  await assert.rejects(mine.persistently((line) => line.request("ping", {})), GatewayRefusal);
  assert.equal(there.connections.length, 1);
  assert.equal(there.connections[0]?.open, false);
});

test("after stop everything under way settles, and nothing is tried again", async () => {
  const there = gateway({ ping: () => new Promise(() => {}) });
  const mine = new Gateway({ config, connect: there.connect });
  const asked = mine.persistently((line) => line.request("ping", {}));
  await there.asked("ping");
  mine.stop();
  await assert.rejects(asked);
  assert.deepEqual(there.connections.map(({ open }) => open), [false]);
});

test("a question that is not worth another attempt is given up", async () => {
  const there = gateway({ ping: () => "pong" });
  there.refuse(100);
  const mine = new Gateway({ config, connect: there.connect });
  await assert.rejects(mine.persistently((line) => line.request("ping", {}), AbortSignal.timeout(20)));
  assert.equal(there.connections.length, 1);
});

test("only answers of people are passed on", async () => {
  /** @type {unknown[]} */
  const heard = [];
  const there = gateway({ ping: () => "pong" });
  const mine = new Gateway({ config, connect: there.connect, onResolved: (resolved) => void heard.push(resolved) });
  await mine.persistently(async () => {
    there.tell("tick", {});
    there.tell("plugin.approval.resolved", { id: "plugin:1", resolvedBy: "Olga" });
  });
  assert.deepEqual(heard, [{ id: "plugin:1", resolvedBy: "Olga" }]);
});
