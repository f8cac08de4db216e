// What an answer of the edge says besides yes or no: why, and about which question a person is asked.

/**
 * @param {Record<string, unknown>} answer
 * @param {string} [otherwise]  where it says nothing that can be shown
 * @returns {string}
 */
export function reasonOf({ reason }, otherwise = "no reason given") {
  return typeof reason === "string" && reason ? reason : otherwise;
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
