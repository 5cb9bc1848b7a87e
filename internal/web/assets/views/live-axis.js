// The axis of ages: logarithmic, since a call of a second and one that has hung for an hour stand side by side.

import { h, refill, s } from "../dom.js";
import { duration, percent } from "../format.js";

/** What the axis begins with, in seconds. */
const FROM = 0.3;

/** How long it can be, and where it has marks. */
const ENDS = [600, 3600, 6 * 3600, 24 * 3600, 7 * 86400, 365 * 86400];
const MARKS = [1, 10, 60, 300, 1800, 3 * 3600, 12 * 3600, 3 * 86400, 30 * 86400];

/** Labels closer than this share of the axis would touch. */
const APART = 0.12;

const HEIGHT = 28;

/** The mark's text. @param {number} seconds */
const text = (seconds) =>
  seconds < 60 ? `${seconds}s` : seconds < 3600 ? `${seconds / 60}m` : seconds < 86400 ? `${seconds / 3600}h` : `${seconds / 86400}d`;

/** Makes the axis with its head, which stands above bars. */
export function ageAxis() {
  const head = h("div", { class: "decades" });
  let end = 0;
  let hangs = 0;
  /** Where a time is, between 0 and 1. @param {number} seconds */
  const place = (seconds) => Math.max(0, Math.min(1, Math.log(seconds / FROM) / Math.log(end / FROM)));
  const marks = () => MARKS.filter((m) => m < end);

  return {
    head,

    /**
     * Makes the axis long enough. Bars that are drawn after that fit it.
     * @param {number} longest
     * @param {number} after how long a call is open until it hangs
     */
    fit(longest, after) {
      const wanted = ENDS.find((e) => e > longest * 1.15) ?? ENDS[ENDS.length - 1];
      if (wanted === end && after === hangs) return;
      end = wanted;
      hangs = after;
      const spread = marks().filter((m) => Math.abs(place(m) - place(hangs)) > APART);
      refill(head, [...spread.map((m) => h("span", { style: { left: percent(place(m)) } }, text(m))),
        h("span", { class: "bad", style: { left: percent(place(hangs)) } }, `hung after ${duration(hangs).replace(/\.0+s/, "s")}`)]);
    },

    /** Makes a bar. */
    bar() {
      const lines = s("g");
      const soft = s("rect", { class: "b-ok", x: 0, y: 10, height: 8 });
      const red = s("rect", { class: "b-bad", y: 8, height: 12 });
      const heads = s("svg", { width: 1, height: HEIGHT, overflow: "visible" }, s("g", { class: "open-end" }, s("path", { d: "M1 8l6 6-6 6z" }), s("path", { d: "M8 8l6 6-6 6z" })));
      const svg = s("svg", { height: HEIGHT, "aria-hidden": "true" }, lines, soft, red, heads);
      let drawn = "";
      return {
        svg,
        /**
         * @param {number} seconds
         * @param {"open" | "hung" | "person"} how
         */
        draw(seconds, how) {
          const scale = `${end} ${hangs}`;
          if (scale !== drawn) {
            drawn = scale;
            const line = (/** @type {number} */ m, /** @type {string} */ name) => s("line", { class: name, x1: percent(place(m)), x2: percent(place(m)), y1: 0, y2: HEIGHT });
            refill(lines, [...marks().map((m) => line(m, "g-line")), line(hangs, "warnline")]);
          }
          const now = place(seconds);
          const until = how === "hung" ? Math.min(now, place(hangs)) : now;
          soft.setAttribute("class", how === "person" ? "b-person" : how === "hung" ? "b-ok b-soft" : "b-ok");
          soft.setAttribute("width", percent(until));
          red.setAttribute("x", percent(until));
          red.setAttribute("width", percent(now - until));
          heads.setAttribute("x", percent(now));
          red.style.display = heads.style.display = how === "hung" ? "" : "none";
        },
      };
    },
  };
}
