// Bars on a canvas: endings are told apart without color, and nothing is drawn where it does not belong.
import assert from "node:assert/strict";
import test from "node:test";
import { Axis } from "../assets/axis.js";
import { Bars } from "../assets/draw.js";
import { note, Rows } from "../assets/rows.js";

const base = Date.UTC(2026, 10, 26, 14, 2, 11);
const colors = Object.fromEntries(["paper", "pick", "ink-2", "ink-3", "rail", "ok", "bad", "late", "person", "gone"].map((n) => [n, n]));

/** A canvas that writes down what is drawn, with the colors apart. */
function canvas() {
  /** @type {string[]} */
  const shapes = [], used = new Set();
  /** @type {number[]} */
  const xs = [];
  let path = "";
  const round = (/** @type {number[]} */ n) => n.map((v) => Math.round(v)).join(" ");
  /** @type {any} */
  const c = {
    save() {}, restore() {}, clip() {},
    beginPath() { path = ""; }, closePath() { path += "z"; },
    moveTo(x, y) { xs.push(x); path += `M${round([x, y])}`; }, lineTo(x, y) { xs.push(x); path += `L${round([x, y])}`; },
    arc(x, y, r) { xs.push(x - r, x + r); path += `O${round([x, y, r * 2])}`; }, rect(x, y, w, h) { path += `R${round([x, y, w, h])}`; },
    fill() { if (path) shapes.push(`fill ${path}`); used.add(c.fillStyle).add(c.globalAlpha); }, stroke() { shapes.push(`stroke ${path}`); used.add(c.strokeStyle); },
    fillRect(x, y, w, h) { xs.push(x, x + w); shapes.push(`fill ${round([x, y, w, h])}`); used.add(c.fillStyle); },
    strokeRect(x, y, w, h) { xs.push(x, x + w); shapes.push(`stroke ${round([x, y, w, h])}`); used.add(c.strokeStyle); },
  };
  return { c, shapes, used, xs };
}

/** Draws one operation on an axis from 0 to 100 s that is 400 wide. @param {any} row @param {Axis} [axis] @param {number} [blinks] s now */
function draw(row, axis = new Axis(0, 100, 400, []), blinks = NaN) {
  const rows = new Rows();
  rows.take({
    version: 1, now: new Date(base + 100_000).toISOString(), run: "r", base: new Date(base).toISOString(), sessions: ["a"], names: ["tool"],
    outcomes: [{ tone: "quiet", text: "", ...row.outcome }], session: [0], number: [1], name: [0], flags: [row.flags ?? 1], parent: [0], start: [row.start ?? 10], end: [row.end ?? 50],
    first: [row.first ?? -1], took: [1], outcome: [0], persons: row.persons ? { 0: row.persons } : {}, events: row.events ? { 0: row.events } : {}, answer: row.answer ? { 0: row.answer } : {},
  });
  const to = canvas();
  const bars = new Bars(to.c, colors, axis, rows, blinks || 100);
  bars.blinks = blinks > 0;
  bars.draw(0, 10.5, "paper");
  return to;
}

test("every ending has a shape of its own", () => {
  const endings = {
    ok: {}, transfer: { outcome: { ending: "ok" }, first: 30 }, failed: {}, bad_request: {}, cancelled: {}, unanswered: {},
    late: { outcome: { ending: "timed_out", tone: "late" }, answer: 70 }, open: { end: -1 }, hung: { end: -1 }, person: { outcome: { ending: "answered" }, persons: [10, 50] },
    short: { outcome: { ending: "ok" }, end: 10.1 }, note: { flags: note, outcome: { ending: "ok" } }, progress: { outcome: { ending: "ok" }, events: [20] },
  };
  const seen = new Map();
  for (const [name, row] of Object.entries(endings)) {
    const shape = draw({ outcome: { ending: name }, ...row }).shapes.join("; ");
    assert.ok(shape, name);
    assert.ok(!seen.has(shape), `${name} looks like ${seen.get(shape)}`);
    seen.set(shape, name);
  }
});

test("what failed is drawn in its color, and what is too short can still be seen", () => {
  assert.ok(draw({ outcome: { ending: "failed", tone: "bad" }, end: 10 }).used.has("bad"));
  assert.ok(draw({ outcome: { ending: "bad_request", tone: "late" }, end: 10 }).used.has("late"));
  for (const ending of ["ok", "failed", "cancelled", "timed_out", "bad_request", "hung"]) {
    const { xs } = draw({ outcome: { ending }, start: 40, end: 40 });
    assert.ok(Math.max(...xs) - Math.min(...xs) >= 2, ending);
  }
});

test("of what goes on beyond the axis, the end is left out", () => {
  for (const ending of ["failed", "cancelled", "hung", "timed_out"]) {
    const axis = new Axis(20, 40, 400, []);
    const { shapes, xs } = draw({ outcome: { ending }, end: ending === "hung" ? -1 : 50 }, axis);
    assert.deepEqual(shapes, ["fill 0 7 400 8"], ending);
    assert.ok(Math.min(...xs) >= 0 && Math.max(...xs) <= 400);
  }
});

test("the arrowheads of what hangs are faint every other second, and no others", () => {
  const axis = new Axis(0, 100, 400, []);
  const faint = (/** @type {string} */ ending, /** @type {number} */ now) => draw({ outcome: { ending, tone: "bad" }, end: -1 }, axis, now).used.has(0.25);
  assert.deepEqual([faint("hung", 60.5), faint("hung", 61.5), faint("hung", NaN), faint("open", 61)], [false, true, false, false]);
});

test("a bar that crosses a fold is broken there", () => {
  const axis = new Axis(0, 200, 400, [{ from: 20, to: 190, busy: true }]);
  assert.equal(axis.folds.length, 1);
  const whole = draw({ outcome: { ending: "ok" }, end: 195 }, axis).shapes, short = draw({ outcome: { ending: "ok" }, end: 15 }, axis).shapes;
  assert.equal(whole.length, short.length + 1);
  assert.match(whole[1], /^stroke M/);
});
