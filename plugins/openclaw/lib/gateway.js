// The plugin as an operator of the gateway that it lives in: it is connected only while it has a question there. A client that
// stays would count as somebody who answers OpenClaw's own questions too, and those would wait for it in vain.

import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds until a connection must stand. */
const GREETING = 15_000;

/** Milliseconds between two attempts: the first, twice as long each time, at most the last. */
const PAUSE = { first: 250, last: 30_000 };

/** Events that come every few seconds and concern nobody here are not passed on: only these are. */
const HEARD = "plugin.approval.resolved";

/**
 * @typedef {object} Options
 * @property {number | null} [timeoutMs]  null: as long as it takes
 * @property {boolean} [expectFinal]  the answer is the last one, not the receipt
 * @property {(receipt: any) => void} [onAccepted]
 *
 * @typedef {object} Line
 * @property {(method: string, params: object, options?: Options) => Promise<any>} request
 * @property {() => void} start
 * @property {() => void} stop
 *
 * @typedef {object} Ears
 * @property {unknown} config
 * @property {string} clientDisplayName
 * @property {(event: { event: string, payload?: any }) => void} onEvent
 * @property {() => void} onHelloOk
 * @property {(error: Error) => void} onConnectError
 * @property {(paused: { reason: string }) => void} onReconnectPaused
 * @property {(code: number, reason: string) => void} onClose
 *
 * @typedef {object} GatewayHost
 * @property {() => unknown} config  OpenClaw's configuration as it is now
 * @property {(resolved: { id: string, resolvedBy?: string | null }) => void} [onResolved]  somebody has answered a question
 * @property {((ears: Ears) => Promise<Line>) | undefined} [connect]  OpenClaw's own client, if nothing else is given
 */

/** The gateway has answered, and its answer is no: asking again would not help. */
export class GatewayRefusal extends Error {}

export class Gateway {
  #host;
  #stopped = new AbortController();
  #users = 0;
  /** @type {Promise<Line> | undefined} */
  #line;

  /** @param {GatewayHost} host */
  constructor(host) {
    this.#host = host;
  }

  /** Give up everything that is under way. */
  stop() {
    this.#stopped.abort();
    this.#hangUp();
  }

  /**
   * Do something over the connection, which is made if there is none, and made anew as often as it is lost.
   * @template T
   * @param {(line: Line) => Promise<T>} action
   * @param {AbortSignal} [enough]  when it is not worth another attempt
   * @returns {Promise<T>}
   * @throws {GatewayRefusal | Error}  what the gateway refuses; anything else only after `stop`, or enough
   */
  async persistently(action, enough) {
    const signal = enough ? AbortSignal.any([enough, this.#stopped.signal]) : this.#stopped.signal;
    for (let pause = PAUSE.first; ; pause = Math.min(2 * pause, PAUSE.last)) {
      try {
        return await this.#once(action);
      } catch (error) {
        if (refused(error)) throw new GatewayRefusal(error instanceof Error ? error.message : "refused");
        await sleep(pause, undefined, { ref: false, signal });
      }
    }
  }

  /**
   * @template T
   * @param {(line: Line) => Promise<T>} action
   */
  async #once(action) {
    this.#users += 1;
    try {
      return await action(await (this.#line ??= this.#connected()));
    } finally {
      this.#users -= 1;
      if (this.#users === 0) this.#hangUp();
    }
  }

  /** @returns {Promise<Line>} */
  #connected() {
    const { promise: greeted, resolve, reject } = Promise.withResolvers();
    greeted.catch(() => {}); // it may fail before anybody listens
    const lost = (/** @type {string} */ why) => {
      reject(new Error(why));
      this.#hangUp(line);
    };
    const opening = (this.#host.connect ?? openclaws)({
      config: this.#host.config(),
      clientDisplayName: "Safety Gateway",
      onEvent: ({ event, payload }) => void (event === HEARD && this.#host.onResolved?.(payload)),
      onHelloOk: () => resolve(undefined),
      onConnectError: (error) => lost(error.message),
      onReconnectPaused: ({ reason }) => lost(reason),
      onClose: (code, reason) => lost(`${code} ${reason}`),
    });
    /** @type {Promise<Line>} */
    const line = opening.then(async (client) => {
      const deadline = setTimeout(() => reject(new Error("the gateway does not answer")), GREETING).unref();
      try {
        client.start();
        await greeted;
        return client;
      } catch (error) {
        client.stop();
        this.#forget(line);
        throw error;
      } finally {
        clearTimeout(deadline);
      }
    });
    line.catch(() => this.#forget(line));
    return line;
  }

  /** @param {Promise<Line>} [line]  only this one */
  #hangUp(line = this.#line) {
    this.#forget(line);
    line?.then((client) => client.stop()).catch(() => {});
  }

  /** @param {Promise<Line> | undefined} line */
  #forget(line) {
    if (this.#line === line) this.#line = undefined;
  }
}

/**
 * OpenClaw makes the connection, with its own credentials, which this plugin never sees.
 * @param {Ears} ears
 * @returns {Promise<Line>}
 */
async function openclaws(ears) {
  const { createOperatorApprovalsGatewayClient } = await import("openclaw/plugin-sdk/gateway-runtime");
  return await createOperatorApprovalsGatewayClient(/** @type {any} */ (ears));
}

/** @param {unknown} error */
function refused(error) {
  const { gatewayCode, retryable } = /** @type {{ gatewayCode?: unknown, retryable?: unknown }} */ (error ?? {});
  return typeof gatewayCode === "string" && retryable !== true;
}
