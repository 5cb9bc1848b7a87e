// What was called before and after a tool, as wide as it was often.

import { h, s } from "./dom.js";
import { count, duration, plural } from "./format.js";

/** @typedef {import("../api").Flow} Flow */

const MIDDLE = { top: 64, height: 56, left: 222, right: 318 };
const LINE = 36;
const LONGEST = 19;

const cut = (/** @type {string} */ text) => (text.length > LONGEST ? `${text.slice(0, LONGEST / 2)}…${text.slice(text.length - LONGEST / 2 + 1)}` : text);

/** "61×, after 0.2s, failing" @param {Flow} f @param {boolean} after */
function words(f, after) {
  const time = f.gap === undefined ? "" : f.gap < 9.95 ? `${f.gap.toFixed(1)}s` : duration(Math.round(f.gap));
  const gap = !time ? "" : after ? `, after ${time}` : `, ${time} before`;
  return `${count(f.count)}×${gap}${f.tone === "bad" ? ", failing" : ""}`;
}

/**
 * @param {import("../api").Tool} tool
 * @param {string} name
 */
export function flows(tool, name) {
  const rows = Math.max(tool.before.length, tool.after.length);
  const svg = s("svg", { class: "flow", viewBox: `0 0 540 ${Math.max(130, rows * LINE)}`, "aria-hidden": "true" });
  const side = (/** @type {ReadonlyArray<Flow>} */ all, /** @type {boolean} */ after) => {
    const scale = MIDDLE.height / Math.max(1, all.reduce((n, f) => n + f.count, 0));
    let y = MIDDLE.top;
    all.forEach((f, i) => {
      const width = f.count * scale;
      const [at, in_] = [16 + i * LINE, y + width / 2];
      y += width;
      const d = after ? `M${MIDDLE.right} ${r(in_)}C360 ${r(in_)} 352 ${at} 394 ${at}` : `M146 ${at}C188 ${at} 180 ${r(in_)} 222 ${r(in_)}`;
      const [x, anchor] = after ? [400, "start"] : [140, "end"];
      svg.append(
        s("path", { class: f.tone === "bad" ? "self" : null, "stroke-width": r(Math.max(1.5, width)), d }),
        s("text", { x, y: at - 1, "text-anchor": anchor }, cut(f.name)),
        s("text", { class: "w", x, y: at + 12, "text-anchor": anchor }, words(f, after)));
    });
  };
  side(tool.before, false);
  side(tool.after, true);
  for (const x of [MIDDLE.left, MIDDLE.right - 2]) svg.append(s("rect", { class: "mid", x, y: MIDDLE.top, width: 2, height: MIDDLE.height }));
  svg.append(
    s("text", { class: "name", x: 270, y: 90, "text-anchor": "middle" }, name.length > 13 ? `${name.slice(0, 6)}…${name.slice(-6)}` : name),
    s("text", { class: "w", x: 270, y: 106, "text-anchor": "middle" }, plural(tool.row.calls, "call")));
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
