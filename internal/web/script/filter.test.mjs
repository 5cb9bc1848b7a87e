// The filter of operations has the words of package watch.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { parseFilter } from "../assets/filter.js";
import { Rows } from "../assets/rows.js";

const base = Date.UTC(2026, 10, 26, 14, 2, 11);
const servers = new Map([["a", "github"], ["b", "Postgres"]]);
const [ok, failed, hung, timedOut] = [
  { ending: "ok", text: "ok", tone: "quiet" }, { ending: "failed", text: "failed: timeout", tone: "bad", failed: true, trouble: true },
  { ending: "hung", text: "hung: server idle", tone: "bad", trouble: true }, { ending: "timed_out", text: "late by 3.0s", tone: "late", failed: true, trouble: true },
];

/** Operations 1 to 7, and a notification. */
function rows() {
  const rows = new Rows();
  const all = [
    ["a", "search_code", 1, ok, 0.25], ["a", "search_files", 1, failed, 0.5], ["b", "execute_sql", 1, hung, -1], ["b", "tools/list", 0, ok, 0.001],
    ["b", "resources/read file:///a.txt", 1, ok, 2], ["b", "execute_sql", 1, timedOut, 90], ["a", "elicitation/create", 2, { ...ok, ending: "answered" }, 5], ["a", "notifications/message", 4, ok, 0],
  ];
  /** @type {any} */
  const page = { version: 1, run: "r", base: new Date(base).toISOString(), now: new Date(base + 100_000).toISOString(), sessions: ["a", "b"],
    names: all.map((r) => r[1]), outcomes: all.map((r) => r[3]), session: all.map((r) => (r[0] === "a" ? 0 : 1)), number: all.map((_, i) => i + 1),
    name: all.map((_, i) => i), flags: all.map((r) => r[2]), parent: all.map(() => 0), start: all.map((_, i) => i), end: all.map((r, i) => (r[4] === -1 ? -1 : i + Number(r[4]))),
    first: all.map(() => -1), took: all.map((r, i) => (r[4] === -1 ? 100 - i : r[4])), outcome: all.map((_, i) => i), answer: { 5: 98 }, persons: { 4: [5, 6] } };
  rows.take(page);
  return rows;
}

/** @param {string} text */
function chosen(text) {
  const all = rows();
  const { matches, ignored } = parseFilter(text, all, servers, "claude-code", () => 100);
  assert.deepEqual(ignored, [], text);
  return Array.from(all.number.slice(0, all.count)).filter((_, i) => matches?.(i) ?? true);
}

test("terms choose what package watch chooses", () => {
  for (const { text, numbers } of JSON.parse(readFileSync(new URL("testdata/filter.json", import.meta.url), "utf8"))) assert.deepEqual(chosen(text), numbers, text);
});

test("a notification takes no time", () => assert.deepEqual(chosen("<1s"), [1, 2, 4]));

test("what operations do not have is passed over, and named", () => {
  const { matches, ignored } = parseFilter("content:secret >1MB status:live foo:bar server: -status:live", rows(), servers, "claude-code", () => 100);
  assert.equal(matches, null);
  assert.deepEqual(ignored, ["content:secret", ">1MB", "status:live", "foo:bar", "server:", "-status:live"]);
});
