import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as format from "../assets/format.js";

const vectors = JSON.parse(readFileSync(new URL("testdata/format.json", import.meta.url), "utf8"));

for (const [name, all] of Object.entries(vectors)) {
  test(`${name} as package view writes it`, () => {
    for (const { value, text } of all) assert.equal(format[name](value), text);
  });
}

test("durations in a sentence", () => {
  for (const [seconds, text] of [[0.31, "310 ms"], [59.94, "59.9 s"], [60, "1 min"], [241, "4 min 1 s"], [3600, "1 h"], [4560, "1 h 16 min"]]) {
    assert.equal(format.spoken(seconds), text);
  }
});

test("days and moments are local", () => {
  const now = new Date(2026, 10, 26, 0, 30);
  assert.equal(format.day(new Date(2026, 10, 26, 0, 10), now), "Today, Thursday 26 November");
  assert.equal(format.day(new Date(2026, 10, 25, 23, 59), now), "Yesterday, Wednesday 25 November");
  assert.equal(format.day(new Date(2026, 10, 24, 0, 0), now), "Tuesday 24 November");
  assert.equal(format.day(new Date(2025, 11, 31, 12, 0), now), "Wednesday 31 December 2025");
  assert.equal(format.moment(new Date(2026, 10, 26, 0, 10), now), "00:10");
  assert.equal(format.moment(new Date(2026, 10, 24, 9, 10), now), "Tue 09:10");
  assert.equal(format.moment(new Date(2026, 10, 3, 9, 10), now), "3 Nov 09:10");
  assert.equal(format.moment(new Date(2026, 10, 27, 9, 10), now), "27 Nov 09:10"); // a clock that was set back
});

test("a day that has another length is one day", () => {
  for (const [day, before] of [[new Date(2026, 2, 9, 1), new Date(2026, 2, 8, 23)], [new Date(2026, 10, 2, 0, 30), new Date(2026, 10, 1, 0, 30)]]) {
    assert.match(format.day(before, day), /^Yesterday, /);
  }
});
