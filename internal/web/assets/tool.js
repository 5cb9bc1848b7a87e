// One row of the view of tools, whole, for the side panel.

import { h, s, time } from "./dom.js";
import * as format from "./format.js";
import { shade } from "./latency.js";
import { commands, facts, heading, section, verdict } from "./panel.js";
import { place } from "./router.js";

/** @typedef {import("../api").Tool} Tool */
/** @typedef {import("../api").ToolRow} ToolRow */

/** What a row is of. @param {ToolRow} row */
export const nameOf = (row) => row.client ?? row.tool ?? row.server ?? "";

/**
 * A part of a whole as a percentage. Neither a single failure nor a single success is rounded away.
 * @param {number} part
 * @param {number} of
 * @returns {[string, string]}
 */
export function share(part, of) {
  if (!of) return ["–", ""];
  const n = Math.round((part / of) * 1000) / 10;
  if (part > 0 && n === 0) return ["<0.1", "%"];
  if (part < of && n === 100) return [">99.9", "%"];
  return [n.toFixed(part === 0 || part === of ? 0 : 1), "%"];
}

/**
 * @param {Tool} tool
 * @param {import("../page").Frame} frame
 */
export function details(tool, frame) {
  const { row } = tool;
  const where = [row.tool && row.server, row.kind !== "tool" && row.kind, format.plural(row.calls, "call")].filter(Boolean).join(", ");
  const failing = row.failed > 0;
  return [
    ...heading(nameOf(row), where, { text: `${share(row.failed, row.calls).join(" ")} failed`, tone: failing ? "bad" : "quiet" }),
    verdict(tool.headline, tool.detail),
    h("p", null, h("a", { href: frame.href({ view: "sessions", params: { q: sessionsOf(row) } }) }, "Its sessions")),
    ...part(tool.heat.rows.length + row.failed, "How long, and when", () => heat(tool)),
    ...part(tool.errors.length + (tool.left_out ? 1 : 0), "Classes of errors", () => bars(tool), () => last(tool, frame)),
    ...part(tool.sizes.length, "Sizes", () => facts(tool.sizes)),
    ...part(tool.callers.length, "Who calls it", () => facts(tool.callers.map((c) => ({ label: c.client, text: `${format.plural(c.calls, "call")}, ${format.count(c.failed)} failed` })))),
    ...commands(tool.commands),
  ];
}

/** The filter that lets the sessions of a row through. A space would end a term. @param {ToolRow} r */
function sessionsOf(r) {
  const term = (/** @type {string} */ field, /** @type {string | undefined} */ value) => (value ? [`${field}:${value.replace(/\s+/g, "*")}`] : []);
  return [...term("tool", r.tool), ...term("server", r.server), ...term("client", r.client)].join(" ");
}

/**
 * A part of the panel, if there is anything in it.
 * @param {number} count
 * @param {string} title
 * @param {Array<() => Element | null>} draw
 */
const part = (count, title, ...draw) => (count ? [section(title), ...draw.map((d) => d())] : []);

const WIDTH = 344;
const LEFT = 42;
const ROW = 11;

/** @param {Tool} tool */
function heat(tool) {
  const { slots, labels, rows, failed } = tool.heat;
  const step = (WIDTH - LEFT) / slots.length;
  const most = Math.max(1, ...rows.flatMap((one) => one.counts));
  const bad = Math.max(1, ...failed);
  const bottom = 12 + rows.length * ROW;
  const svg = s("svg", { class: "heat", viewBox: `0 0 ${WIDTH} ${bottom + 38}`, role: "img", "aria-label": heatText(tool) });
  const cell = (/** @type {number} */ i, /** @type {number} */ y, /** @type {number} */ n, /** @type {number} */ top, /** @type {string} */ what, /** @type {string | null} */ shape) => {
    if (!n) return;
    const at = new Date(slots[i]);
    svg.append(s("rect", { class: shape, x: (LEFT + i * step).toFixed(1), width: Math.max(1, step - 1).toFixed(1), y, height: ROW - 1, opacity: shade(n, top) },
      s("title", null, `from ${format.moment(at, new Date(tool.now))}, ${what}: ${format.count(n)}`)));
  };
  rows.forEach((one, i) => {
    const y = 12 + i * ROW;
    const label = decade(one.to ?? 0);
    if (label) svg.append(s("text", { x: LEFT - 6, y: y + 3, "text-anchor": "end" }, label));
    one.counts.forEach((n, j) => cell(j, y, n, most, range(one), null));
  });
  svg.append(s("text", { x: LEFT - 6, y: bottom + 17, "text-anchor": "end" }, "failed"));
  failed.forEach((n, j) => cell(j, bottom + 8, n, bad, "failed", "hf"));
  labels.forEach((text, i) => text && svg.append(s("text", { x: (LEFT + i * step).toFixed(1), y: bottom + 34 }, text)));
  return svg;
}

/** The name of a duration that is a power of ten. @param {number} seconds */
function decade(seconds) {
  const n = Math.log10(seconds);
  if (!seconds || Math.abs(n - Math.round(n)) > 0.01) return "";
  return seconds < 0.99 ? `${Math.round(seconds * 1000)}ms` : `${Math.round(seconds)}s`;
}

/** @param {import("../api").HeatRow} one */
function range(one) {
  if (!one.to) return `over ${format.duration(one.from)}`;
  return one.from ? `${format.duration(one.from)} to ${format.duration(one.to)}` : `under ${format.duration(one.to)}`;
}

/** @param {Tool} tool */
function heatText(tool) {
  const { heat: { slots, rows, failed }, row, now } = tool;
  const sum = (/** @type {ReadonlyArray<number>} */ all) => all.reduce((a, b) => a + b, 0);
  const parts = rows.map((one) => [range(one), sum(one.counts)]).filter(([, n]) => n).map(([text, n]) => `${text}: ${n}`);
  return `${format.plural(row.calls, "call")} since ${format.moment(new Date(slots[0]), new Date(now))} by how long they took. ${parts.join("; ")}. ${sum(failed)} failed.`;
}

/** @param {Tool} tool */
function bars(tool) {
  const most = Math.max(1, ...tool.errors.map((e) => e.count));
  if (!tool.errors.length) return null;
  return h("dl", { class: "bars" }, tool.errors.flatMap((e) => [h("dt", null, e.label),
    h("dd", null, h("i", { "aria-hidden": "true", style: { width: format.percent(e.count / most) } })), h("dd", null, format.count(e.count))]));
}

/** @param {Tool} tool @param {import("../page").Frame} frame */
function last(tool, frame) {
  const f = tool.last_failure;
  return h("p", { class: "soft" },
    f && ["The last: ", h("a", { href: frame.href(place(f) ?? {}) },
      time(f.at, format.moment(new Date(f.at), frame.now())), `, call ${f.operation}`), ". "],
    tool.left_out && `Left out: ${tool.left_out}.`);
}
