// What the commands of an agent find in their environment: who they run for. Nothing secret.

/**
 * `resolve_exec_env`
 * @param {{ sessionKey?: string }} event
 * @param {{ agentId?: string, sessionKey?: string }} ctx
 * @returns {Record<string, string>}
 */
export function execEnvironment(event, ctx) {
  return { SAFETY_AGENT: ctx.agentId ?? "", SAFETY_SESSION: ctx.sessionKey ?? event.sessionKey ?? "" };
}
