// Rows of a run: pages and events become one table, in the order in which it is shown.
import assert from "node:assert/strict";
import test from "node:test";
import { Rows } from "../assets/rows.js";

const base = Date.UTC(2026, 10, 26, 14, 2, 11);
const ok = { ending: "ok", text: "ok", tone: "quiet" };

/**
 * A page of operations.
 * @param {Array<{session: string, number: number, start: number, end?: number, parent?: number, flags?: number, name?: string, outcome?: any, persons?: number[]}>} rows
 * @param {{at?: number, now?: number}} [times] of the base, and of the reply, in s since the base of these tests
 */
function page(rows, { at = 0, now = 1000 } = {}) {
  const sessions = [...new Set(rows.map((r) => r.session))], names = [...new Set(rows.map((r) => r.name ?? "tool"))];
  const outcomes = rows.map((r) => r.outcome ?? ok);
  /** @type {any} */
  const persons = {};
  rows.forEach((r, i) => r.persons && (persons[i] = r.persons));
  return {
    version: 1, now: new Date(base + now * 1000).toISOString(), run: "r", base: new Date(base + at * 1000).toISOString(), sessions, names, outcomes,
    session: rows.map((r) => sessions.indexOf(r.session)), number: rows.map((r) => r.number), name: rows.map((r) => names.indexOf(r.name ?? "tool")),
    flags: rows.map((r) => r.flags ?? 1), parent: rows.map((r) => r.parent ?? 0), start: rows.map((r) => r.start), end: rows.map((r) => r.end ?? r.start + 1),
    first: rows.map(() => -1), took: rows.map((r) => (r.end === -1 ? now - at - r.start : 1)), outcome: rows.map((_, i) => i), persons,
  };
}

/** @param {Rows} rows @param {ReadonlyMap<string, number> | null} [groups] */
const shown = (rows, groups = null) => [...rows.arrange(groups).order].map((i) => `${rows.sessionOf(i)}${rows.number[i]}`).join(" ");

test("an operation that has come before is replaced", () => {
  const rows = new Rows();
  rows.take(page([{ session: "a", number: 1, start: 0, end: -1, persons: [1, 2] }, { session: "b", number: 1, start: 1 }]));
  assert.equal(rows.count, 2);
  assert.equal(rows.open, 1);
  assert.equal(rows.tookOf(0, 1010), 1010);
  rows.take(page([{ session: "a", number: 1, start: 0, end: 5 }]));
  assert.equal(rows.open, 0);
  assert.equal(rows.count, 2);
  assert.equal(rows.end[rows.find("a", 1)], 5);
  assert.equal(rows.persons.size, 0);
  assert.equal(rows.find("a", 2), -1);
  assert.equal(rows.find("c", 1), -1);
});

test("pages with bases of their own have one time", () => {
  const rows = new Rows();
  rows.take(page([{ session: "a", number: 1, start: 100 }]));
  rows.take(page([{ session: "a", number: 2, start: 1, end: -1 }], { at: 60, now: 100 }));
  assert.equal(rows.start[1], 61);
  assert.equal(rows.tookOf(1, 100), 39);
  assert.equal(shown(rows), "a2 a1");
});

test("notifications are not taken for operations of their number", () => {
  const rows = new Rows();
  rows.take(page([{ session: "a", number: 1, start: 3 }, { session: "a", number: 1, start: 3, flags: 4 }]));
  assert.equal(rows.count, 2);
  assert.equal(rows.flags[rows.find("a", 1)], 1);
  assert.deepEqual([...rows.arrange(null).order].map((i) => rows.flags[i]), [4, 1]);
});

test("a notification that an event has brought has no number yet, and comes once", () => {
  const rows = new Rows();
  const log = { session: "a", number: 0, start: 3, flags: 4, name: "notifications/message" };
  const count = (/** @type {Parameters<typeof page>[0]} */ all) => {
    rows.take(page(all));
    return rows.count;
  };
  assert.equal(count([log, log, { ...log, start: 4 }, { ...log, name: "notifications/cancelled" }]), 4);
  assert.equal(count([log, { ...log, session: "b" }]), 5);
  const numbered = [1, 2, 3, 4].map((number) => ({ ...log, number, start: number < 4 ? 3 : 4 }));
  assert.equal(count(numbered), 6);
  assert.equal(count(numbered), 6);
  assert.equal(count([log, log, log]), 6);
  assert.deepEqual([...rows.number.slice(0, rows.count)], [1, 2, 4, 0, 0, 3]);
});

test("rows that are cleared come again", () => {
  const rows = new Rows();
  const open = page([{ session: "a", number: 1, start: 0, end: -1, persons: [1, 2] }, { session: "a", number: 0, start: 3, flags: 4 }]);
  rows.take(open);
  rows.clear();
  assert.deepEqual([rows.count, rows.open, rows.persons.size, rows.find("a", 1)], [0, 0, 0, -1]);
  rows.take(open);
  assert.equal(rows.count, 2);
  assert.equal(rows.open, 1);
});

test("what was caused stands below its cause, and groups stand together", () => {
  const rows = new Rows();
  rows.take(page([
    { session: "a", number: 1, start: 0, end: 9 }, { session: "b", number: 1, start: 1 }, { session: "a", number: 2, start: 2, parent: 1, flags: 2 },
    { session: "a", number: 3, start: 3, parent: 2 }, { session: "b", number: 2, start: 4, parent: 7 },
  ]));
  assert.equal(shown(rows), "a1 a2 a3 b1 b2");
  assert.deepEqual([...rows.arrange(null).depth], [0, 0, 1, 2, 0]);
  assert.equal(shown(rows, new Map([["b", 0], ["a", 1]])), "b1 b2 a1 a2 a3");
});

test("circles and long chains end", () => {
  const rows = new Rows();
  rows.take(page([{ session: "a", number: 1, start: 0, parent: 2 }, { session: "a", number: 2, start: 0, parent: 1 }, { session: "a", number: 3, start: 0, parent: 3 }]));
  assert.equal(rows.arrange(null).order.length, 3);
  const chain = new Rows();
  chain.take(page(Array.from({ length: 50_000 }, (_, i) => ({ session: "a", number: i + 1, start: i / 10, parent: i }))));
  const { order, depth } = chain.arrange(null);
  assert.equal(new Set(order).size, 50_000);
  assert.equal(depth[49_999], 255);
});

test("50,000 operations in pages are those of one reply", () => {
  const all = Array.from({ length: 50_000 }, (_, i) => ({ session: "abcde"[i % 5], number: i + 1, start: i * 0.25, end: i * 0.25 + (i % 7), parent: i % 10 === 9 ? i - 4 : 0, name: `tool_${i % 40}` }));
  const rows = new Rows(), whole = new Rows();
  for (let i = 0; i < all.length; i += 5000) rows.take(page(all.slice(i, i + 5000)));
  whole.take(page(all));
  assert.equal(shown(rows), shown(whole));
  assert.equal(rows.count, 50_000);
  const { starts, ends } = rows.edges();
  for (let i = 1; i < starts.length; i++) assert.ok(starts[i] >= starts[i - 1] && ends[i] >= ends[i - 1]);
});
