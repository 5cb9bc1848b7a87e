// What was called before and after a tool, as wide as it was often; and what is usually called in a row.

import { h, s } from "./dom.js";
import { count, duration, plural } from "./format.js";

/** @typedef {import("../api").Flow} Flow */

const HEIGHT = 56; // of what flows through the middle
const LINE = 34;
const LONGEST = 19;

const cut = (/** @type {string} */ text) => (text.length > LONGEST ? `${text.slice(0, LONGEST / 2)}…${text.slice(text.length - LONGEST / 2 + 1)}` : text);

/** "61×, after 0.2s, failing" @param {Flow} f @param {boolean} after */
function words(f, after) {
  const time = f.gap === undefined ? "" : f.gap < 0.0995 ? duration(f.gap) : f.gap < 9.95 ? `${f.gap.toFixed(1)}s` : duration(Math.round(f.gap));
  const gap = !time ? "" : after ? `, after ${time}` : `, ${time} before`;
  return `${count(f.count)}×${gap}${f.tone === "bad" ? ", failing" : ""}`;
}

/**
 * @param {import("../api").Tool} tool
 * @param {string} name
 */
export function flows(tool, name) {
  const sides = [tool.before, tool.after].map((all) => {
    const scale = HEIGHT / Math.max(1, all.reduce((n, f) => n + f.count, 0));
    let outer = 0;
    return all.map((f) => {
      const width = f.count * scale;
      const room = Math.max(LINE, width + 4);
      outer += room;
      return { f, width, at: outer - room / 2, end: outer };
    });
  });
  const height = Math.max(HEIGHT + 40, ...sides.map((all) => all.at(-1)?.end ?? 0));
  const top = (height - HEIGHT) / 2;
  const svg = s("svg", { class: "flow", viewBox: `0 0 540 ${r(height)}`, "aria-hidden": "true" });
  sides.forEach((all, after) => {
    let inner = top;
    for (const { f, width, at } of all) {
      const y = r(inner + width / 2);
      inner += width;
      const d = after ? `M318 ${y}C360 ${y} 352 ${r(at)} 394 ${r(at)}` : `M146 ${r(at)}C188 ${r(at)} 180 ${y} 222 ${y}`;
      const [x, anchor] = after ? [400, "start"] : [140, "end"];
      svg.append(
        s("path", { class: f.tone === "bad" ? "self" : null, "stroke-width": r(Math.max(1.5, width)), d }),
        s("text", { x, y: r(at - 1), "text-anchor": anchor }, cut(f.name)),
        s("text", { class: "w", x, y: r(at + 12), "text-anchor": anchor }, words(f, Boolean(after))));
    }
  });
  const line = (/** @type {number} */ x) => s("rect", { class: "mid", x, y: r(top), width: 2, height: HEIGHT });
  svg.append(line(222), line(316),
    s("text", { class: "name", x: 270, y: r(height / 2 - 2), "text-anchor": "middle" }, name.length > 13 ? `${name.slice(0, 6)}…${name.slice(-5)}` : name),
    s("text", { class: "w", x: 270, y: r(height / 2 + 14), "text-anchor": "middle" }, plural(tool.row.calls, "call")));
  return [svg, table(tool)];
}

const r = (/** @type {number} */ n) => Math.round(n * 10) / 10;

/** The same as a table, for those who do not see the drawing and where there is no room for it. @param {import("../api").Tool} tool */
function table(tool) {
  const part = (/** @type {ReadonlyArray<Flow>} */ all, /** @type {boolean} */ after) =>
    h("tbody", null, h("tr", null, h("th", { colspan: 2, scope: "rowgroup" }, after ? "After" : "Before")),
      all.map((f) => h("tr", null, h("th", { scope: "row", class: "m" }, f.name), h("td", { class: f.tone === "bad" ? "bad" : null }, words(f, after)))));
  return h("table", { class: "flows" }, part(tool.before, false), part(tool.after, true));
}

/** Usual sequences of calls. @param {import("../api").Tools} data */
export function sequences({ sequences: all }) {
  return h("section", null, h("h2", { id: "usual" }, "Usual sequences"),
    all.length > 0 && h("table", { class: "chain", "aria-labelledby": "usual" }, h("tbody", null, all.map((q) =>
      h("tr", null, h("td", { title: q.tools.join(" → ") }, q.tools.join(" → ")), h("td", { class: q.tone === "bad" ? "n bad" : "n" }, `${count(q.count)}×`, q.tone === "bad" && ", failing"))))),
    h("p", { class: "dim" }, all.length ? "A sequence is three calls of one run, at most 60 s apart." : "None so far: a sequence is three calls of one run, at most 60 s apart, and at least three times."));
}
