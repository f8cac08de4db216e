// A stand-in of OpenClaw's gateway, as an operator's client meets it.

/**
 * @typedef {import("../lib/gateway.js").Ears} Ears
 * @typedef {(params: any, options: any) => unknown} Method
 */

/** @param {Record<string, Method>} methods  of which each returns, or promises, the answer */
export function gateway(methods) {
  /** @type {{ open: boolean, ears: Ears, lost: (error: Error) => void }[]} */
  const connections = [];
  /** @type {{ method: string, params: any }[]} */
  const requests = [];
  /** @type {{ method: string, seen: () => void }[]} */
  let watchers = [];
  let refusals = 0;

  /** @param {Ears} ears */
  async function connect(ears) {
    const { promise: lost, reject } = Promise.withResolvers();
    lost.catch(() => {});
    const connection = { open: false, ears, lost: reject };
    connections.push(connection);
    return {
      start: () => {
        if (refusals-- > 0) return queueMicrotask(() => ears.onConnectError(new Error("refused")));
        connection.open = true;
        queueMicrotask(ears.onHelloOk);
      },
      stop: () => {
        connection.open = false;
        reject(new Error("stopped"));
      },
      request: async (/** @type {string} */ method, /** @type {any} */ params, /** @type {any} */ options) => {
        requests.push({ method, params });
        const answer = answered(method, params, options);
        watchers = watchers.filter((watcher) => watcher.method !== method || watcher.seen());
        return await Promise.race([answer, lost]);
      },
    };
  }

  /**
   * @param {string} method
   * @param {any} params
   * @param {any} options
   */
  async function answered(method, params, options) {
    const known = methods[method];
    if (known) return await known(params, options);
    throw Object.assign(new Error(`unknown method ${method}`), { gatewayCode: "INVALID_REQUEST", retryable: false });
  }

  return {
    connect,
    connections,
    requests,
    /** @param {number} times */
    refuse: (times) => void (refusals = times),
    hangUp: () => {
      for (const connection of connections.filter(({ open }) => open)) {
        connection.lost(new Error("lost"));
        connection.ears.onClose(1006, "lost");
      }
      return new Promise(() => {});
    },
    /** @param {string} event @param {object} payload */
    tell: (event, payload) => {
      for (const { open, ears } of connections) if (open) ears.onEvent({ event, payload });
    },
    /** @param {string} method @returns {Promise<void>} */
    asked: (method) => {
      if (requests.some((request) => request.method === method)) return Promise.resolve();
      return new Promise((seen) => void watchers.push({ method, seen: () => void seen() }));
    },
  };
}
