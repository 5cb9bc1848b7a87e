// The view of what happens now.
import assert from "node:assert/strict";
import test from "node:test";
import { show } from "../assets/views/live.js";

test("an event that comes while all is read is not undone by the older reply", async () => {
  /** @type {any} an element that takes everything and has nothing */
  const element = new Proxy(() => element, {
    get: (_, name) => (name === Symbol.toPrimitive ? () => "" : name === "replaceChildren" ? () => {} : element), set: () => true,
  });
  Object.assign(globalThis, { document: { createElement: () => element, createElementNS: () => element, createTextNode: () => element }, Node: class {}, addEventListener() {} });
  /** @type {Record<string, (e: any) => void>} */
  const on = {};
  const now = { now: "2026-11-26T10:15:02Z", summary: "", command: "", hang_after: 30, open: [], sessions: [], ended: [], stood_out: [] };
  /** @type {Array<(reply: any) => void>} */
  const asked = [];
  /** @type {any} */
  const frame = {
    address: { params: new URLSearchParams() }, store: { sessions: 0 }, now: () => new Date(now.now), command() {}, say() {},
    on: (/** @type {string} */ name, /** @type {(e: any) => void} */ take) => (on[name] = take),
    get: () => new Promise((resolve) => asked.push(resolve)),
  };
  show(element, frame);
  asked[0](now);
  await new Promise(setImmediate);
  on.live?.(now);
  assert.equal(asked.length, 1);
  on.hello?.({ reset: true });
  on.live?.(now);
  assert.equal(asked.length, 3);
});
