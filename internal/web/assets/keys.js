// Keys, and the dialog that lists them.

import { byId, h, put, refill, s } from "./dom.js";

/** @typedef {ReadonlyArray<readonly [key: string, text: string]>} Keys */

/** @type {Keys} */
const EVERYWHERE = [
  ["1 – 4", "Sessions, Tools, Context, Live"], ["/", "filter"], ["j k", "next, previous row; also ↓ ↑"], ["Enter", "open"],
  ["Esc", "back; clear the filter"], ["n N", "next, previous that is not ok"], ["y", "copy the command for a terminal"], ["?", "these keys"],
];

/** @type {Keys} */
const FILTER = [
  ["tool:", "also server: client: method:, a part of the name or a pattern: tool:search_*"],
  ["status:", "failed, hung, late, timed-out, cancelled, bad-request, unanswered, waited, ok, live"], [">500ms", "took longer; >1MB: is larger"],
  ["content:", "a word in what was captured"], ["-", "not: -server:github"],
];

const bar = (/** @type {string} */ shape, /** @type {number} */ width) => s("rect", { class: shape, width, y: 6.5, height: 8 });

/** @type {Array<[string, () => Array<SVGElement>]>} */
const MARKS = [
  ["waiting, then transfer", () => [bar("b-ok", 26), s("rect", { class: "b-ok", x: 26, width: 14, y: 9, height: 3 })]],
  ["too short to draw", () => [s("circle", { class: "b-ok", cx: 4, cy: 10.5, r: 2.5 })]],
  ["failed", () => [bar("b-bad", 20), s("path", { class: "x-bad", d: "M23 7.5l6 6m0-6l-6 6" })]],
  ["bad request", () => [bar("b-hollow", 12), s("path", { class: "x-late", d: "M15 7.5l6 6m0-6l-6 6" })]],
  ["cancelled", () => [bar("b-gone", 22), s("path", { class: "x-gone", d: "M23 3.5v14" })]],
  ["timed out, answered late", () => [bar("b-bad", 22), s("path", { class: "x-bad", d: "M23 3.5v14" }),
    s("path", { class: "l-late", d: "M25 10.5H42" }), s("path", { class: "b-hollow", d: "M42 10.5l4-4 4 4-4 4z" })]],
  ["waited for a person", () => [bar("b-person", 34)]],
  ["hung: still open", () => [bar("b-bad", 34), s("path", { class: "b-bad", d: "M35 5.5l5 5-5 5zM41 5.5l5 5-5 5z" })]],
  ["progress", () => [s("path", { class: "b-ok", d: "M8 4h6l-3 4z" })]],
  ["calls above the rail, failures below", () => [s("path", { class: "s-rail", d: "M0 11H46" }), s("path", { class: "s-ok", d: "M8 11V5M12 11V2M16 11V6" }), s("path", { class: "s-bad", d: "M28 11V16" })]],
  ["closed by the client; killed; crashed", () => [s("path", { class: "s-rail", d: "M0 10.5H12M18 10.5H30M36 10.5H48" }), s("path", { class: "s-end", d: "M12 7.5V13.5M30 4V17" }), s("path", { class: "s-crash", d: "M48 4V17" })]],
];

/** @param {string} keys "j k" */
const kbds = (keys) => keys.split(" ").map((k) => (k === "–" ? " – " : h("kbd", null, k)));

/**
 * Opens the list of keys.
 * @param {string} title of the view
 * @param {Keys} own keys of the view
 */
export function openKeys(title, own) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("keys"));
  const section = (/** @type {string} */ name, /** @type {Array<[Array<Node | string>, string]>} */ rows) =>
    h("section", null, h("h3", null, name), h("dl", null, rows.map(([key, text]) => h("div", null, h("dt", null, key), h("dd", null, text)))));
  const known = new Set(EVERYWHERE.flatMap(([key]) => key.split(" ")));
  const more = own.filter(([key]) => !key.split(" ").every((k) => known.has(k)));
  refill(
    dialog,
    h("h2", { id: "keys-title" }, "Keys and marks"),
    h("div", { class: "keys" },
      section("Everywhere", EVERYWHERE.map(([key, text]) => [kbds(key), text])),
      more.length > 0 && section(title, more.map(([key, text]) => [kbds(key), text])),
      section("Filter", FILTER.map(([key, text]) => [[h("code", null, key)], text])),
      section("Marks", MARKS.map(([text, draw]) => [[s("svg", { "aria-hidden": "true" }, ...draw())], text]))),
    h("form", { method: "dialog" }, h("button", { class: "btn", autofocus: true }, "Close")),
  );
  if (!dialog.open) dialog.showModal();
}

/**
 * The first keys of a view, for the last line.
 * @param {Keys} own
 */
export function hints(own) {
  const list = byId("hints");
  list.replaceChildren();
  for (const [key, text] of [...own.slice(0, 3), /** @type {const} */ (["?", "keys"])]) put(list, h("li", null, kbds(key), ` ${text}`));
}

/**
 * Reports whether an element takes the keys that one types.
 * @param {EventTarget | null} target
 */
export function typing(target) {
  return target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
}
