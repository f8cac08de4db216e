// How this plugin registers its parts: each is listed if it was registered without an error, and counted when it is called.
// One part that fails must not take the others with it; the edge is told, and the agent gets no model then.

import { shared } from "./shared.js";

/** @typedef {import("openclaw/plugin-sdk/plugin-entry").OpenClawPluginApi} Api */

/** Last of all hooks, so that nobody changes what ours has said. */
const LAST = Number.MIN_SAFE_INTEGER;

/** What this plugin's settings have to be called in OpenClaw's configuration. */
export const ID = "safety-gateway";

/**
 * @param {Api} api
 */
export function registrar(api) {
  const copy = String(api.registrationMode);
  /** @type {string[]} */
  const names = [];
  /** @type {string[]} */
  const faults = [];
  shared().hooks.set(copy, names);
  shared().faults.set(copy, faults);

  /**
   * Say why this process is not fully guarded.
   * @param {string} text
   */
  function fault(text) {
    faults.push(text);
    api.logger.error(`${ID}: ${text}`);
  }

  /**
   * @param {string} name
   * @param {() => void} action  registers the part
   */
  function part(name, action) {
    try {
      action();
      names.push(name);
    } catch (error) {
      fault(`${name} could not be registered: ${error instanceof Error ? error.message : "unknown error"}`);
    }
  }

  /**
   * @type {(name: Parameters<Api["on"]>[0], handler: (event: any, ctx: any) => any, options?: { timeoutMs?: number, priority?: number }) => void}
   */
  function on(name, handler, options = {}) {
    part(name, () => api.on(name, counted(name, handler), { priority: LAST, ...options }));
  }

  return { part, on, fault };
}

/**
 * @template {unknown[]} A
 * @template R
 * @param {string} name
 * @param {(...args: A) => R} handler
 * @returns {(...args: A) => R}
 */
export function counted(name, handler) {
  return (...args) => {
    const { fired } = shared();
    fired[name] = (fired[name] ?? 0) + 1;
    return handler(...args);
  };
}
