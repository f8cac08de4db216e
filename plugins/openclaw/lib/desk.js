// The questions that are open in this gateway's own approvals, and what becomes of each: somebody answers it there and the edge is
// told, or the edge has its answer otherwise and it is closed there, or nobody answers.

import { setTimeout as sleep } from "node:timers/promises";

import { ask } from "./edge.js";
import { Gateway } from "./gateway.js";
import { personOf, resolverOf, shown } from "./questions.js";

/** Milliseconds that OpenClaw keeps a question open, at most. The edge's own may live longer. */
const OPEN = 600_000;

/** Milliseconds that a stopping gateway is given to close what is open in it. */
const FAREWELL = 2000;

/** How often an answer is brought to an edge that does not take it, and the milliseconds in between. */
const DELIVERY = { attempts: 3, pause: 1000 };

/**
 * @typedef {import("./settings.js").Settings} Settings
 * @typedef {import("./questions.js").Question} Question
 * @typedef {{ id: string, expires: number }} Asked  `expires`: seconds since the epoch
 *
 * @typedef {object} Entry
 * @property {string} request  its id at the edge
 * @property {string | undefined} approval  its id in OpenClaw, once it is there
 * @property {boolean} over  the edge has its answer, or somebody has just given one here
 * @property {boolean} allow  what the edge's answer was
 *
 * @typedef {object} Host
 * @property {() => unknown} config  OpenClaw's configuration as it is now
 * @property {(message: string) => void} warn
 * @property {import("./gateway.js").GatewayHost["connect"]} [connect]
 */

/** The questions that are open in this gateway. */
export class Desk {
  #settings;
  #host;
  #gateway;
  /** @type {Map<string, Entry>} by the id at the edge */
  #open = new Map();
  /** @type {Map<string, string>} id in OpenClaw -> how it calls who has answered */
  #people = new Map();
  #closing = new AbortController();

  /**
   * @param {Settings} settings
   * @param {Host} host
   */
  constructor(settings, host) {
    this.#settings = settings;
    this.#host = host;
    const onResolved = (/** @type {{ id: string, resolvedBy?: string | null }} */ { id, resolvedBy }) => {
      if ([...this.#open.values()].some(({ approval }) => approval === id)) this.#people.set(id, resolvedBy ?? "");
    };
    this.#gateway = new Gateway({ ...host, onResolved });
  }

  get closed() {
    return this.#closing.signal;
  }

  async close() {
    this.#closing.abort();
    const closed = Promise.all([...this.#open.keys()].map((request) => this.withdraw(request, false)));
    await Promise.race([closed, sleep(FAREWELL, undefined, { ref: false })]);
    this.#gateway.stop();
  }

  /**
   * Open the question in OpenClaw, unless it is open there. Does not wait.
   * @param {Question} question
   * @param {Asked} asked
   */
  put(question, asked) {
    if (this.#open.has(asked.id)) return;
    /** @type {Entry} */
    const entry = { request: asked.id, approval: undefined, over: false, allow: false };
    this.#open.set(asked.id, entry);
    this.#follow(entry, question, asked)
      .catch((error) => entry.over || this.#host.warn(`approval ${asked.id} is not asked for here: ${error.message}`))
      .finally(() => {
        if (this.#open.get(asked.id) === entry) this.#open.delete(asked.id);
        this.#people.delete(entry.approval ?? "");
      });
  }

  /**
   * The edge has its answer: close the question in OpenClaw.
   * @param {string} request
   * @param {boolean} allow
   */
  async withdraw(request, allow) {
    const entry = this.#open.get(request);
    if (entry === undefined || entry.over) return;
    entry.over = true;
    entry.allow = allow;
    if (entry.approval !== undefined) await this.#resolve(entry.approval, allow);
  }

  /**
   * @param {Entry} entry
   * @param {Question} question
   * @param {Asked} asked
   */
  async #follow(entry, question, asked) {
    const left = Math.min(OPEN, Math.max(1000, asked.expires * 1000 - Date.now()));
    const text = await shown(this.#settings, question);
    if (text === undefined) return this.#host.warn(`approval ${asked.id} is too long for a chat; it is asked for at the hub`);
    const enough = AbortSignal.timeout(left);
    const params = { ...text, timeoutMs: Math.floor(left) };
    const decision = await this.#gateway.persistently((line) => this.#outcome(line, entry, params), enough);
    if (entry.over || (decision !== "allow-once" && decision !== "allow-always" && decision !== "deny")) return;
    entry.over = true;
    const allow = decision !== "deny";
    const resolver = await this.#gateway.persistently((line) => resolverOf(line, String(entry.approval)), enough);
    const person = personOf(resolver, this.#people.get(String(entry.approval)), allow);
    if (person === undefined) {
      const who = resolver?.id ?? "nobody";
      return this.#host.warn(`approval ${asked.id}: the yes of ${who}, who is no known person, does not count`);
    }
    await this.#deliver({ request: entry.request, allow, ...person });
  }

  /**
   * @param {import("./gateway.js").Line} line
   * @param {Entry} entry
   * @param {object} params
   * @returns {Promise<unknown>} what was decided; null: nothing, in the time that there was
   */
  async #outcome(line, entry, params) {
    if (entry.over) return null;
    if (entry.approval !== undefined) {
      return (await line.request("plugin.approval.waitDecision", { id: entry.approval }, { timeoutMs: null })).decision;
    }
    const onAccepted = (/** @type {{ id: string }} */ { id }) => {
      entry.approval = id;
      if (entry.over) void this.#resolve(id, entry.allow);
    };
    const options = { expectFinal: true, timeoutMs: null, onAccepted };
    return (await line.request("plugin.approval.request", { ...params, twoPhase: true }, options)).decision;
  }

  /**
   * @param {string} id  in OpenClaw
   * @param {boolean} allow
   */
  async #resolve(id, allow) {
    const params = { id, decision: allow ? "allow-once" : "deny" };
    try {
      await this.#gateway.persistently((line) => line.request("plugin.approval.resolve", params), AbortSignal.timeout(OPEN));
    } catch {
      // a refusal means that it is closed already
    }
  }

  /** @param {{ request: string, allow: boolean, channel: string, approver: string }} said */
  async #deliver(said) {
    let trouble = "";
    for (let attempt = 0; attempt < DELIVERY.attempts; attempt += 1) {
      if (attempt > 0) await sleep(DELIVERY.pause, undefined, { ref: false });
      try {
        await ask(this.#settings, "/v1/answer", said, { seconds: this.#settings.answerTimeout });
        return;
      } catch (error) {
        trouble = error instanceof Error ? error.message : "unknown error";
      }
    }
    this.#host.warn(`approval ${said.request}: the edge does not take the answer: ${trouble}`);
  }
}
