// The page's axis folds what view.NewAxis folds, and is as wide: axis.json is written by TestAxisOfPage.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { Axis, quietTimes, ticks } from "../assets/axis.js";

const columns = { quiet: 1, busy: 3, least: 1 };
const cases = JSON.parse(readFileSync(new URL("testdata/axis.json", import.meta.url), "utf8"));

/** @param {[number, number][]} intervals */
function edges(intervals) {
  return { starts: Float64Array.from(intervals, (i) => i[0]).sort(), ends: Float64Array.from(intervals, (i) => i[1]).sort() };
}

test("folds and widths are those of package view", () => {
  for (const [n, c] of cases.entries()) {
    const { starts, ends } = edges(c.intervals);
    const axis = new Axis(starts[0], Math.max(starts.at(-1), ends.at(-1)), c.columns, quietTimes(starts, ends), columns);
    assert.deepEqual(axis.folds.map(({ from, to, busy }) => ({ from, to, busy })), c.folds, `case ${n}: folds`);
    assert.equal(axis.width, c.width, `case ${n}: width`);
    for (const [column, want] of c.times.entries()) {
      assert.ok(Math.abs(axis.time(column) - want) < 1e-6, `case ${n}: column ${column} begins at ${axis.time(column)}, want ${want}`);
    }
  }
});

test("a place has a time, and the time that place", () => {
  for (const c of cases) {
    const { starts, ends } = edges(c.intervals);
    const axis = new Axis(starts[0], Math.max(starts.at(-1), ends.at(-1)), 600, quietTimes(starts, ends));
    let last = 0;
    for (let x = 0; x < axis.width; x += 7) {
      const t = axis.time(x);
      const back = axis.x(t);
      assert.ok(back <= axis.width && axis.time(back) >= t - 1e-9, `x ${x}`);
      assert.ok(back >= last - 1e-6, `later is left of earlier at ${x}`);
      last = back;
      const piece = axis.pieces.find((p) => x >= p.at && x < p.at + p.width);
      if (piece && piece.to > piece.from) assert.ok(Math.abs(back - x) < 1e-3, `x ${x} comes back as ${back}`);
    }
  }
});

test("a window shows only itself", () => {
  const quiet = [{ from: 10, to: 100, busy: false }, { from: 110, to: 400, busy: true }];
  const axis = new Axis(50, 200, 500, quiet);
  assert.equal(axis.time(0), 50);
  assert.equal(axis.x(20), 0);
  assert.equal(axis.x(300), axis.width);
  for (const f of axis.folds) assert.ok(f.from >= 50 && f.to <= 200);
});

test("times on an axis neither overlap nor leave it", () => {
  for (const c of cases) {
    const { starts, ends } = edges(c.intervals);
    const axis = new Axis(starts[0], Math.max(starts.at(-1), ends.at(-1)), 480, quietTimes(starts, ends));
    const all = ticks(axis, Date.UTC(2026, 10, 26, 14, 2, 11));
    assert.equal(all[0].x, 0);
    for (let i = 1; i < all.length; i++) assert.ok(all[i].x >= all[i - 1].x + all[i - 1].text.length * 6, `${JSON.stringify(all)}`);
    assert.ok(all.at(-1).x < axis.width);
  }
});

test("times that differ are written differently, in long runs, too", () => {
  const axis = new Axis(0, 3 * 3600, 900, [{ from: 60, to: 3 * 3600, busy: true }]);
  const all = ticks(axis, Date.UTC(2026, 10, 26, 14, 2, 11)).map((t) => t.text);
  assert.ok(all.length > 4, `${all}`);
  assert.deepEqual([...new Set(all)], all);
});
