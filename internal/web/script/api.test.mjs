import assert from "node:assert/strict";
import { test } from "node:test";

import { parser } from "../assets/api.js";
import { href, parse, place } from "../assets/router.js";

test("events in pieces of any size", () => {
  const text = 'id: a-1\nevent: hello\ndata: {"reset":false}\n\n:\n\nid: a-2\r\nevent: runs\r\ndata: {"a":\r\ndata: "é: \u2028"}\r\n\r\n';
  const want = [["a-1", "hello", '{"reset":false}'], ["a-2", "runs", '{"a":\n"é: \u2028"}']];
  for (let size = 1; size <= text.length; size++) {
    const got = [];
    const take = parser((...event) => got.push(event));
    for (let i = 0; i < text.length; i += size) take(text.slice(i, i + size));
    assert.deepEqual(got, want);
  }
});

const at = (path) => parse(new URL(path, "http://127.0.0.1:1"));

test("an address and back", () => {
  const here = at("/runs/a%2Fb%20%3C?q=server:github&since=7d&op=1&by=server");
  assert.deepEqual([here.view, here.id], ["runs", "a/b <"]);
  assert.equal(href(here, {}), "/runs/a%2Fb%20%3C?q=server:github&since=7d&op=1&by=server");
  assert.equal(href(here, { params: { op: "2", by: null } }), "/runs/a%2Fb%20%3C?q=server:github&since=7d&op=2");
  assert.equal(href(here, { view: "tools" }), "/tools?q=server:github&since=7d");
  assert.equal(href(here, { view: "runs", id: "c", params: { q: null } }), "/runs/c?since=7d");
  assert.equal(href(at("/sessions?q=-content:key+status:hung+content:a"), { view: "live" }), "/live?q=status:hung");
  assert.equal(href(at("/sessions?q=content:a"), { view: "live" }), "/live");
  assert.equal(at("/").view, "sessions");
  assert.equal(at("/runs/%").id, "%");
});

test("where something is to be looked at", () => {
  assert.deepEqual(place({ run: "r", session: "s", operation: 7 }), { view: "runs", id: "r", params: { op: "s/7" } });
  assert.deepEqual(place({ session: "s" }), { view: "runs", id: "s", params: { session: "s" } });
  assert.equal(place({}), null);
});
