// The view of what stands in a context.
import assert from "node:assert/strict";
import test from "node:test";
import { show } from "../assets/views/context.js";

test("all is read again when events may have been missed", () => {
  /** @type {any} an element that takes everything and has nothing */
  const element = new Proxy(() => element, { get: (_, name) => (name === Symbol.toPrimitive ? () => "" : element), set: () => true });
  Object.assign(globalThis, { document: { createElement: () => element, createTextNode: () => element }, Node: class {} });
  /** @type {Record<string, (e: any) => void>} */
  const on = {};
  let read = 0;
  /** @type {any} */
  const frame = {
    address: { params: new URLSearchParams() }, on: (/** @type {string} */ name, /** @type {(e: any) => void} */ take) => (on[name] = take),
    get: () => (read++, new Promise(() => {})),
  };
  show(element, frame);
  assert.equal(read, 1);
  on.hello?.({ reset: false });
  assert.equal(read, 1);
  on.hello?.({ reset: true });
  assert.equal(read, 2);
});
