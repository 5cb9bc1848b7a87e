// A session's time as a line: calls go up from it and failures down, hung calls are a heavy piece of it.

import { s } from "./dom.js";
import { plural } from "./format.js";

/** @typedef {import("../api").Strip} Strip */

/** How many ticks a strip has room for. */
const COLUMNS = 168;
const WIDTH = 1000;
const RAIL = 10;

/**
 * Draws a strip. Times are seconds since the axis begins.
 * @param {{ strip?: Strip | undefined, from: number, to: number, mark?: string | undefined, hangs?: boolean }} line from when to when it is, the mark at its end, and whether its last hang goes on
 * @param {number} length of the axis
 * @param {string} label for those who do not see it
 */
export function strip(line, length, label) {
  const x = (/** @type {number} */ at) => Math.min(WIDTH, Math.max(0, (at / length) * WIDTH));
  const svg = s("svg", { class: "strip", viewBox: `0 0 ${WIDTH} 20`, preserveAspectRatio: "none", role: "img", "aria-label": label });
  const draw = (/** @type {string} */ shape, /** @type {string} */ d) => d && svg.append(s("path", { class: shape, d }));
  const end = x(line.to);
  draw("s-rail", `M${round(x(line.from))} ${RAIL}H${round(end)}`);
  if (line.strip) {
    const [calls, failed] = columns(line.strip, line.from, length);
    draw("s-ok", ticks(calls, (n) => RAIL - Math.min(9, 3.6 * Math.log2(n + 1))));
    draw("s-bad", ticks(failed, (n) => RAIL + Math.min(9, 5 + 1.5 * Math.log2(n))));
    const hangs = (line.strip.hangs ?? []).map(([from, to], i, all) => {
      const at = Math.min(x(line.from + from), WIDTH - 6);
      const until = line.hangs && i === all.length - 1 ? end : x(line.from + to);
      return `M${round(at)} ${RAIL}H${round(Math.max(until, at + 6))}`;
    });
    draw("s-hung", hangs.join(""));
  }
  if (line.mark === "tick") draw("s-end", `M${round(end)} 7V13`);
  if (line.mark === "tall") draw("s-end", `M${round(end)} 2V18`);
  if (line.mark === "crash") draw("s-crash", `M${round(Math.max(end, 3))} 2V18`);
  return svg;
}

const round = (/** @type {number} */ n) => Math.round(n * 10) / 10;

/**
 * Calls that went well and failures in columns of the axis.
 * @param {Strip} strip
 * @param {number} from
 * @param {number} length
 */
function columns(strip, from, length) {
  const calls = new Map();
  const failed = new Map();
  strip.calls.forEach((n, i) => {
    const bad = strip.failed[i] ?? 0;
    if (!n && !bad) return;
    const at = Math.min(COLUMNS - 1, Math.max(0, Math.floor(((from + (i + 0.5) * strip.width) / length) * COLUMNS)));
    if (n > bad) calls.set(at, (calls.get(at) ?? 0) + n - bad);
    if (bad) failed.set(at, (failed.get(at) ?? 0) + bad);
  });
  return [calls, failed];
}

/**
 * @param {Map<number, number>} counts
 * @param {(n: number) => number} to
 */
function ticks(counts, to) {
  let d = "";
  for (const [column, n] of counts) d += `M${round(((column + 0.5) / COLUMNS) * WIDTH)} ${RAIL}V${round(to(n))}`;
  return d;
}

/**
 * What a strip shows, in words: "postgres: 41 calls, 1 hung".
 * @param {string} name
 * @param {import("../api").Sums} sums
 */
export function stripLabel(name, sums) {
  return `${name}: ${[plural(sums.calls, "call"), sums.failed && `${sums.failed} failed`, sums.hung && `${sums.hung} hung`].filter(Boolean).join(", ")}`;
}
