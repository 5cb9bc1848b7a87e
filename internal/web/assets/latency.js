// Durations on a logarithmic axis from 1 ms to 100 s.

import { h, s } from "./dom.js";
import { percent } from "./format.js";

const DECADES = 5;
const LABELS = ["1ms", "10", "100", "1s", "10", "100s"];

/** Where a duration is on the axis. @param {number} seconds */
const place = (seconds) => Math.min(1, Math.max(0, Math.log10(seconds / 0.001) / DECADES));

/** The names of the axis. */
export function decades() {
  return h("div", { class: "decades", role: "img", "aria-label": "How long, from 1 ms to 100 s" }, LABELS.map((text, i) => h("span", { style: { left: percent(i / DECADES) } }, text)));
}

/** Shades of how much of something there is: little still shows. @param {number} n @param {number} most */
export const shade = (n, most) => Math.round((0.16 + 0.84 * Math.sqrt(n / most)) * 100) / 100;

/**
 * The distribution of durations. The figures stand beside it.
 * @param {import("../api").ToolFigures} r
 */
export function latency(r) {
  const most = Math.max(...r.latency);
  const step = 1 / r.latency.length;
  const line = (/** @type {string} */ shape, /** @type {number} */ x, /** @type {number} */ inset) =>
    s("line", { class: shape, x1: percent(x), x2: percent(x), y1: inset, y2: 16 - inset });
  const svg = s("svg", { height: 16, "aria-hidden": "true" }, [1, 2, 3, 4].map((i) => line("dec", i / DECADES, 0)));
  r.latency.forEach((n, i) => {
    if (n) svg.append(s("rect", { class: "q", x: percent(i * step), width: `${(step * 100 + 0.05).toFixed(2)}%`, y: 4.5, height: 7, opacity: shade(n, most) }));
  });
  if (r.p50 !== undefined) svg.append(line("q50", place(r.p50), 3));
  if (r.p95 !== undefined) svg.append(line("q95", place(r.p95), 0));
  if (r.p99 !== undefined) svg.append(s("circle", { class: "q99", cx: percent(place(r.p99)), cy: 8, r: 1.25 }));
  return svg;
}
