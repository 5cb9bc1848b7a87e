// Tools that are listed and were never called.

import { h } from "./dom.js";
import { count } from "./format.js";

/** @typedef {import("../api").Tools["never"]} Never */

/**
 * How many they are, and the button that names them.
 * @param {Never} never
 * @param {boolean} open
 * @param {() => void} toggle
 */
export function unused(never, open, toggle) {
  const sum = (/** @type {Never} */ all) => all.reduce((n, s) => n + s.tools.length, 0);
  const all = sum(never);
  if (!all) return null;
  const few = never.length > 3 ? never.slice(0, 2) : never;
  const rest = never.slice(few.length);
  const of = few.map((s) => `${count(s.tools.length)} of ${s.server}`);
  if (rest.length) of.push(`${count(sum(rest))} of ${rest.length} others`);
  return [h("button", { class: "more", type: "button", "data-key": "never", "aria-expanded": String(open), "aria-controls": "never", onclick: toggle },
    all === 1 ? "1 tool is listed and was never called" : `${count(all)} tools are listed and were never called`), `: ${of.join(", ")}.`];
}

/** @param {Never} never */
export function unusedList(never) {
  return h("dl", { class: "never", id: "never" }, never.flatMap((s) => [h("dt", null, s.server), h("dd", null, s.tools.flatMap((t, i) => [i > 0 && ", ", h("code", null, t)]))]));
}
