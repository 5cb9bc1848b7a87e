// What stands above the list of sessions: sentences about what needs a look, and choices.

import { h, refill, time } from "../dom.js";
import * as format from "../format.js";
import { place } from "../router.js";

/** @typedef {import("../../page").Frame} Frame */

/** Values of a facet that are shown at first. */
const FIRST = /** @type {Record<string, number>} */ ({ outcome: 8, client: 4, server: 5 });

/**
 * @param {HTMLElement} list
 * @param {Frame} frame
 * @param {ReadonlyArray<import("../../api").Alert>} alerts
 */
export function attention(list, frame, alerts) {
  const focused = document.activeElement instanceof HTMLAnchorElement && list.contains(document.activeElement) ? document.activeElement.href : "";
  list.hidden = !alerts.length;
  refill(list, alerts.map((a) => {
    const to = place(a);
    const word = h("span", { class: a.hung ? "hung" : a.tone === "quiet" ? null : a.tone }, a.word);
    return h("li", null,
      h("b", null, word),
      h("span", null, to ? h("a", { class: "m", href: frame.href(to) }, a.subject) : h("span", { class: "m" }, a.subject), ` ${a.text}`),
      time(a.at));
  }));
  ages(list, frame, alerts);
  if (focused) [...list.querySelectorAll("a")].find((a) => a.href === focused)?.focus({ preventScroll: true });
}

/**
 * Writes when what needs a look began, and how long ago that is while it goes on.
 * @param {HTMLElement} list
 * @param {Frame} frame
 * @param {ReadonlyArray<import("../../api").Alert>} alerts those of the list
 */
export function ages(list, frame, alerts) {
  const now = frame.now();
  list.querySelectorAll("time").forEach((element, i) => {
    const { at, hung } = alerts[i];
    const moment = format.moment(new Date(at), now);
    element.textContent = hung ? `since ${moment}, ${format.spoken((now.getTime() - Date.parse(at)) / 1000)}` : moment;
  });
}

/** A term as the server compares it: the word of a status may stand alone. @param {string} term */
const plain = (term) => term.toLowerCase().replace(/^status:/, "");

/**
 * @param {HTMLElement} element
 * @param {Frame} frame
 * @param {import("../../api").Sessions} reply
 */
export function facets(element, frame, reply) {
  const terms = (frame.address.params.get("q") ?? "").split(/\s+/).filter(Boolean);
  const has = (/** @type {string} */ term) => terms.some((t) => plain(t) === plain(term));
  refill(element, reply.facets.filter((f) => f.values.length).map((f) => {
    const own = new Set(f.values.map((v) => plain(v.term)));
    const others = terms.filter((t) => !own.has(plain(t)));
    const chosen = terms.some((t) => own.has(plain(t)));
    const link = (/** @type {string} */ label, /** @type {number | undefined} */ count, /** @type {string[]} */ q, /** @type {boolean} */ on) =>
      h("a", { href: frame.href({ params: { q: q.join(" ") || null } }), "aria-current": on && "true" }, label, count !== undefined && [" ", h("i", null, format.count(count))]);
    const values = f.values.map((v) => {
      const on = has(v.term);
      return link(v.label, v.count, on ? others : [...others, v.term], on);
    });
    const first = f.values.findIndex((v, i) => i >= (FIRST[f.name] ?? 5) && !has(v.term));
    const rest = first < 0 ? [] : values.splice(first);
    const group = h("span", { role: "group", "aria-label": f.name }, h("span", { class: "facet" }, f.name), link("all", undefined, others, !chosen), values);
    if (rest.length) {
      const more = h("button", { class: "more", type: "button" }, `${rest.length} more`);
      more.addEventListener("click", () => {
        more.replaceWith(...rest);
        rest[0].focus();
      });
      group.append(more);
    }
    return group;
  }));
}
