// Parts of side panels.

import { h, time } from "./dom.js";
import * as format from "./format.js";
import { command, copyButton } from "./states.js";
import { stations } from "./stations.js";

/** @typedef {import("../api").Tone} Tone */

const FIRST = 4; // attributes that are shown at first

/**
 * What the panel is about.
 * @param {string} name
 * @param {string} where "postgres, call 42"
 * @param {{ text: string, tone: Tone, open?: boolean } | null} [badge] open: it goes on, and is filled
 */
export function heading(name, where, badge) {
  return [
    h("h2", null, name),
    h("p", { class: "sub" }, h("span", null, where), badge && h("span", { class: badge.open ? "hung" : `tag ${badge.tone}` }, badge.text)),
  ];
}

/**
 * What happened, in a sentence, and whose side it is on.
 * @param {string} headline
 * @param {string} [detail]
 */
export function verdict(headline, detail) {
  return headline || detail ? h("p", { class: "verdict" }, headline && h("b", null, headline), headline && detail && " ", detail) : null;
}

/** @param {string} title */
export const section = (title) => h("h3", null, title);

/** @param {ReadonlyArray<import("../api").Station>} all */
export const way = (all) => (all.length ? stations(all) : null);

/** @param {ReadonlyArray<import("../api").Fact>} all */
export function facts(all) {
  return h("dl", { class: "facts" }, all.flatMap((f) => [h("dt", null, f.label), h("dd", { class: f.tone && f.tone !== "quiet" ? f.tone : null }, f.text)]));
}

/**
 * Attributes with what they mean. The first few are shown, the others behind a button.
 * @param {ReadonlyArray<import("../api").Attribute>} all
 * @param {boolean} whole the others, too
 */
export function attributes(all, whole) {
  const row = (/** @type {import("../api").Attribute} */ a) =>
    h("div", null, h("dt", null, h("span", null, a.key), h("b", null, a.value)), a.meaning && h("dd", null, a.meaning));
  const list = h("dl", { class: "attrs" }, all.slice(0, whole || all.length <= FIRST + 1 ? all.length : FIRST).map(row));
  const rest = all.slice(list.childElementCount);
  if (!rest.length) return [list];
  const more = h("p", null, h("button", { class: "more", type: "button" }, `${rest.length} more`));
  more.addEventListener("click", () => {
    const rows = rest.map(row);
    list.append(...rows);
    more.remove();
    rows[0].tabIndex = -1;
    rows[0].focus(); // so that the keyboard goes on from here
  });
  return [list, more];
}

/**
 * Content that was captured, or why there is none.
 * @param {import("../api").Content} c
 * @param {Date} now
 */
export function content(c, now) {
  return [
    ...(c.parts ?? []).map((p) =>
      h("figure", null,
        h("figcaption", { class: "caption" }, h("span", null, p.label), h("span", { class: "dim" }, format.size(p.size), p.cut && ", cut"), copyButton(p.text)),
        h("pre", { role: "group", tabindex: 0, "aria-label": p.label }, p.text))),
    h("p", { class: "soft" }, c.note, c.expires && [" It is deleted ", time(c.expires, format.moment(new Date(c.expires), now)), "."]),
    c.setting && setting(c.setting),
  ];
}

/** A setting to copy, which is no command. @param {string} text */
export function setting(text) {
  const line = command(text);
  line.classList.add("text");
  return line;
}

/** The same in a terminal. @param {ReadonlyArray<string>} all */
export function commands(all) {
  return all.length ? [section("In the terminal"), ...all.map(command)] : [];
}
