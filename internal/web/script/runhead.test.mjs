// What is said of a run above its operations.
import assert from "node:assert/strict";
import test from "node:test";
import { folded } from "../assets/runhead.js";

const killed = "spanpipe was killed, so that nothing says how the server ended.";

test("what is said of several servers is in one remark, failures first", () => {
  /** @type {any} */
  const remarks = [
    { tone: "late", text: `github: ${killed}` }, { tone: "quiet", text: "github: The client closed the session." }, { tone: "late", text: `github: beta: ${killed}` },
    { tone: "bad", text: "github: search_code failed: rate limited." }, { tone: "late", text: `github: ${killed}` },
  ];
  assert.deepEqual(folded(remarks, ["github: its detail has been removed"], ["github", "github: beta", "a"]), [
    { tone: "bad", text: "github: search_code failed: rate limited." }, { tone: "late", text: `github, github: beta: ${killed}` },
    { tone: "late", text: "github: its detail has been removed" },
  ]);
  const many = ["a", "b", "c", "d"].map((s) => ({ tone: /** @type {const} */ ("late"), text: `${s}: ${killed}` }));
  assert.deepEqual(folded(many, [], ["a", "b", "c", "d"]), [{ tone: "late", text: `4 servers: ${killed}` }]);
  assert.deepEqual(folded([{ tone: "bad", text: "execute_sql: hung" }], [], ["postgres"]), [{ tone: "bad", text: "execute_sql: hung" }]);
});
