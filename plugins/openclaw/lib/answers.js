// What an answer of the edge says besides yes or no: why, and about which question a person is asked.

/**
 * @param {Record<string, unknown>} answer
 * @param {string} [otherwise]  where it says nothing that can be shown
 * @returns {string}
 */
export function reasonOf({ reason }, otherwise = "no reason given") {
  return typeof reason === "string" && reason ? reason : otherwise;
}

/** What a person does not see, or sees otherwise: written out, so that every letter of the arguments is told. */
const UNPLAIN = /[^\x20-\x7e]/g;

/**
 * What an agent is told of the call that an approver made of its own: nothing of it may be lost or added on the way.
 * @param {{ tool: string, params: unknown }} call
 */
export function insteadOf({ tool, params }) {
  const written = JSON.stringify(params).replace(UNPLAIN, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `Call ${tool} now with exactly these arguments, which may run once: ${written}`;
}

/**
 * @param {Record<string, unknown>} answer
 * @returns {string | undefined}  the id of the question that is put to a person; undefined: there is none
 */
export function questionOf({ approval }) {
  const { id } = /** @type {{ id?: unknown }} */ (approval ?? {});
  return typeof id === "string" ? id : undefined;
}

/**
 * The question as people know it: its id, and the code that the hub's card shows for the same call.
 * @param {Record<string, unknown>} answer  the edge's
 */
export function namedQuestion(answer) {
  const { code } = /** @type {{ code?: unknown }} */ (answer.approval ?? {});
  const id = questionOf(answer) ?? "without an id";
  return typeof code === "string" ? `${id} (code ${code})` : id;
}
