// Questions of the edge that OpenClaw's own approvals may answer: the buttons in a chat, /approve, the Control UI. The signed
// policy says which (the edge's `channel`). What somebody says there is brought to the edge and decides nothing by itself: the
// call runs when the edge says "allow".

import { setTimeout as sleep } from "node:timers/promises";

import { ask } from "./edge.js";
import { Gateway } from "./gateway.js";

const KEY = Symbol.for("safety-gateway.openclaw.approvals/1");

/** Characters that OpenClaw shows of a title and of a description, at most. */
const TITLE = 80;
const DESCRIPTION = 512;

/** Milliseconds that OpenClaw keeps a question open, at most. The edge's own may live longer. */
const OPEN = 600_000;

/** Answered calls that are remembered until their decision comes by the other way too. */
const SETTLED = 1000;

/** Milliseconds that a stopping gateway is given to close what is open in it. */
const FAREWELL = 2000;

/** How often an answer is brought to an edge that does not take it, and the milliseconds in between. */
const DELIVERY = { attempts: 3, pause: 1000 };

/**
 * @typedef {import("./settings.js").Settings} Settings
 * @typedef {import("./calls.js").Call} Call
 * @typedef {{ id: string, expires: number }} Asked  `expires`: seconds since the epoch
 * @typedef {import("./calls.js").ToolContext} ToolContext
 * @typedef {{ call: Call, answer: Record<string, unknown>, ctx: ToolContext }} Question
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

/**
 * Shared by all copies of this module.
 * @returns {{ desk: Desk | undefined, awaited: Map<string, number>, settled: Set<string> }}
 */
function state() {
  const place = /** @type {Record<symbol, ReturnType<typeof state>>} */ (/** @type {unknown} */ (globalThis));
  return (place[KEY] ??= { desk: undefined, awaited: new Map(), settled: new Set() });
}

/**
 * From now on, questions may be put in OpenClaw too.
 * @param {Settings} settings
 * @param {Host} host
 * @param {AbortSignal} [stopping]  the gateway begins to stop: it waits for every question and every call that is under way
 */
export function openDesk(settings, host, stopping) {
  void closeDesk();
  if (stopping?.aborted) return;
  const desk = new Desk(settings, host);
  state().desk = desk;
  stopping?.addEventListener("abort", () => void (state().desk === desk && closeDesk()), { once: true });
}

/** Put no more questions, and let no call wait any longer. At the edge everything stays open. */
export async function closeDesk() {
  const { desk } = state();
  state().desk = undefined;
  await desk?.close();
}

/**
 * Wait with a call for which a person has been asked.
 * @param {Question} question  `answer`: the edge's, which is "pending"
 * @param {(signal: AbortSignal | undefined) => Promise<Record<string, unknown>>} again  asks the edge once more, and waits
 * @returns {Promise<Record<string, unknown>>} the edge's answer
 */
export async function awaitPerson(question, again) {
  const asked = askedOf(question.answer);
  if (asked === undefined) return question.answer;
  const { awaited, desk } = state();
  if (question.answer.channel === true) desk?.put(question, asked);
  awaited.set(asked.id, (awaited.get(asked.id) ?? 0) + 1);
  try {
    const answer = await again(desk?.closed);
    if (answers(answer)) settle(asked.id, answer.decision === "allow");
    return answer;
  } catch (error) {
    if (desk?.closed.aborted) return question.answer;
    throw error;
  } finally {
    const others = (awaited.get(asked.id) ?? 1) - 1;
    if (others > 0) awaited.set(asked.id, others);
    else awaited.delete(asked.id);
  }
}

/**
 * What to do with a decision that comes by the edge's list.
 * @param {string} request
 * @param {boolean} allow
 * @returns {"wake" | "heard" | "later"}  heard: the call has had it while it waited; later: a call is just waiting for it
 */
export function decided(request, allow) {
  const { awaited, settled } = state();
  if (awaited.has(request)) return "later";
  if (settled.delete(request)) return "heard";
  void state().desk?.withdraw(request, allow);
  return "wake";
}

/**
 * @param {string} request
 * @param {boolean} allow
 */
function settle(request, allow) {
  const { settled, desk } = state();
  settled.add(request);
  const oldest = settled.values().next();
  if (settled.size > SETTLED && !oldest.done) settled.delete(oldest.value);
  void desk?.withdraw(request, allow);
}

/** The questions that are open in this gateway. */
class Desk {
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

/**
 * What OpenClaw shows of a question: all of it, without secrets, or nothing: nobody may allow what they cannot see.
 * @param {Settings} settings
 * @param {Question} question
 * @returns {Promise<object | undefined>}
 */
async function shown(settings, { call, answer, ctx }) {
  const { value } = await ask(settings, "/v1/redact", { value: call.params }, { seconds: settings.answerTimeout });
  const why = [answer.reason, answer.rule && `(${answer.rule})`].filter((word) => typeof word === "string" && word).join(" ");
  const description = `${why}\n${JSON.stringify(value)}`;
  const title = `${call.tool}: ${answer.level}`;
  if (description.length > DESCRIPTION || title.length > TITLE) return undefined;
  return {
    pluginId: "safety-gateway",
    title,
    description,
    severity: String(answer.level).includes("red") ? "critical" : "warning",
    toolName: call.tool,
    toolCallId: call.id,
    allowedDecisions: ["allow-once", "deny"],
    agentId: call.agent,
    ...(call.session ? { sessionKey: call.session } : {}),
    ...source(ctx),
  };
}

/**
 * Where the call's turn came from, so that OpenClaw asks there.
 * @param {ToolContext} ctx
 */
function source({ requester, channelId }) {
  if (!requester?.channel || !channelId?.startsWith(`${requester.channel}:`)) return {};
  const account = requester.accountId ? { turnSourceAccountId: requester.accountId } : {};
  return { turnSourceChannel: requester.channel, turnSourceTo: channelId, ...account };
}

/**
 * Who has answered, as OpenClaw's own records have it.
 * @param {import("./gateway.js").Line} line
 * @param {string} id
 * @returns {Promise<{ kind: string, id: string } | undefined>}
 */
async function resolverOf(line, id) {
  const { items } = await line.request("approval.history", { limit: 50 });
  return items.find((/** @type {{ id: string }} */ item) => item.id === id)?.resolver;
}

/**
 * A person is one whom a chat has let approve, or the device of a paired operator. Whoever merely holds the gateway's token
 * (its command line does, hence a command that an agent runs) may say no, but not yes.
 * @param {{ kind: string, id: string } | undefined} resolver
 * @param {string | undefined} label  "Telegram approval (777)"
 * @param {boolean} allow
 * @returns {{ channel: string, approver: string } | undefined}
 */
function personOf(resolver, label, allow) {
  if (resolver?.kind === "channel") {
    const channel = resolver.id.split(":")[0] ?? "";
    const sender = /approval \((.+)\)$/.exec(label ?? "")?.[1];
    return { channel, approver: sender?.replace(`${channel}:`, "") ?? resolver.id };
  }
  if (resolver?.kind === "device") return { channel: "control-ui", approver: `device ${resolver.id}` };
  return allow ? undefined : { channel: "gateway", approver: resolver?.id ?? "unknown" };
}

/**
 * @param {Record<string, unknown>} answer  the edge's
 * @returns {Asked | undefined}
 */
function askedOf(answer) {
  const { id, expires } = /** @type {Partial<Asked>} */ (answer.approval ?? {});
  return typeof id === "string" && typeof expires === "number" ? { id, expires } : undefined;
}

/**
 * Whether an answer of the edge is what the people have said; it may also have other reasons to refuse by now.
 * @param {Record<string, unknown>} answer
 */
function answers({ decision, rule }) {
  return decision === "allow" || (decision === "block" && String(rule).startsWith("approval "));
}
