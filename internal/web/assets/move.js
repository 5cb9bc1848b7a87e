// Movement from row to row with keys, which is the same in all views.

/** @typedef {{ by: 1 | -1, trouble: boolean }} Step trouble: only to a row that is not ok */

const STEPS = /** @type {Record<string, Step>} */ ({
  j: { by: 1, trouble: false }, ArrowDown: { by: 1, trouble: false }, n: { by: 1, trouble: true },
  k: { by: -1, trouble: false }, ArrowUp: { by: -1, trouble: false }, N: { by: -1, trouble: true },
});

/**
 * The step that a key asks for. Arrows scroll a panel that has the focus.
 * @param {string} key
 * @returns {Step | undefined}
 */
export const stepOf = (key) => (key.startsWith("Arrow") && document.activeElement?.closest(".panel") ? undefined : STEPS[key]);

/**
 * The row that a step leads to.
 * @template T
 * @param {ArrayLike<T>} rows
 * @param {number} at where one is; -1: at none, and the first or the last follows
 * @param {Step} step
 * @param {(row: T) => boolean} trouble reports whether a row is not ok
 */
export function next(rows, at, { by, trouble: only }, trouble) {
  let i = at < 0 && by < 0 ? rows.length - 1 : at + by;
  while (only && i >= 0 && i < rows.length && !trouble(rows[i])) i += by;
  return /** @type {T | undefined} */ (rows[i]);
}

/**
 * Moves the focus to what a row does when it is chosen, and the whole row into sight.
 * @param {HTMLElement | null | undefined} control
 */
export function focus(control) {
  control?.focus({ preventScroll: true });
  (control?.closest("tr") ?? control)?.scrollIntoView({ block: "nearest" });
}
