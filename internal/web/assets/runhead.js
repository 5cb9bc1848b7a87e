// What is said of a run above its operations.

import { h } from "./dom.js";
import { clock, count, day, plural, utc } from "./format.js";

/** @typedef {import("../api").Run} Run */

const few = 30; // calls of a live run that are shown at first
const most = 2; // remarks

/**
 * The run in a line.
 * @param {import("../page").Frame} frame
 * @param {Run} run
 * @param {HTMLElement} length where it stands how long it lasts
 */
export function heading(frame, run, length) {
  const began = new Date(run.began);
  const servers = new Set(run.sessions.map((s) => s.server)).size;
  return [
    h("h1", null, h("a", { class: "crumb", href: frame.href({ view: "sessions" }) }, "Sessions"), " ", h("span", { class: "crumb", "aria-hidden": "true" }, "/"), ` ${run.client} `, h("span", { class: "soft" }, run.client_version)),
    h("span", { class: run.live ? "live" : run.end.tone }, run.end.text),
    h("span", { class: "soft" }, run.live ? "since " : `${day(began, frame.now())}, `, h("time", { datetime: run.began, title: utc(began) }, clock(began, true)), ", ", length),
    h("span", { class: "soft" }, `${plural(servers, "server")}, ${plural(run.calls, "call")}`,
      run.failed > 0 && [", ", h("span", { class: "bad" }, `${count(run.failed)} failed`)], run.hung > 0 && [", ", h("span", { class: "bad" }, `${count(run.hung)} hung`)]),
  ];
}

/**
 * Remarks that need a look, and what could not be read.
 * @param {ReadonlyArray<import("../api").Remark>} remarks
 * @param {ReadonlyArray<string>} problems
 */
export function loud(remarks, problems) {
  const all = [...problems.map((text) => ({ text, tone: "late" })), ...remarks.filter((r) => r.tone !== "quiet" && r.tone !== "ok")];
  return all.slice(0, most).map((r) => h("li", { class: r.tone }, r.text));
}

/**
 * When the last calls of a run begin, in s since it began, or null if it has few: all of a long run is too much to look at.
 * @param {Run} run
 */
export function recent(run) {
  /** @type {[number, number][]} */
  const slots = [];
  for (const s of run.sessions) {
    const began = (Date.parse(s.began) - Date.parse(run.began)) / 1000;
    s.strip?.calls.forEach((n, k) => n && slots.push([began + k * (s.strip?.width ?? 0), n]));
  }
  slots.sort((a, b) => b[0] - a[0]);
  let n = 0;
  for (const [at, calls] of slots) if ((n += calls) > few) return at;
  return null;
}

/**
 * What is to be said below the operations: what is still to come, what lies beyond, what came since.
 * @param {import("./waterfall.js").Waterfall} fall
 * @param {{reading: boolean, expected: number, since: number, leftOut: number}} of
 */
export function notes(fall, { reading, expected, since, leftOut }) {
  const beyond = [fall.earlier && `${plural(fall.earlier, "operation")} earlier`, fall.later && `${plural(fall.later, "operation")} later`].filter(Boolean).join(", ");
  const back = (/** @type {() => void} */ act) => () => {
    act();
    fall.element.focus({ preventScroll: true }); // the button goes
  };
  return [
    reading && h("span", null, expected ? `${count(fall.rows.count)} operations are here, about ${count(expected)} are still to come` : "More operations are still to come"),
    !fall.count && !reading && h("span", null, fall.rows.count ? "Nothing happened in this time." : "Nothing was asked in this run."),
    beyond && h("span", null, beyond),
    (fall.window.from !== null || fall.window.to !== null) && button("All", "All of the run (0)", back(() => fall.zoom({ from: null, to: null }, true))),
    since > 0 && button(`${count(since)} since, follow`, "Go to the end, and follow (g)", back(() => fall.follow())),
    leftOut > 0 && h("span", { class: "late" }, `${plural(leftOut, "operation")} left out`),
  ];
}

/** @param {string} text @param {string} hint @param {() => void} act */
export function button(text, hint, act) {
  return h("button", { class: "btn", type: "button", title: hint, onclick: act }, text);
}

/** @param {string} op "SESSION/NUMBER" @returns {[string, number]} */
export function split(op) {
  const at = op.lastIndexOf("/");
  return [op.slice(0, at), Number(op.slice(at + 1))];
}
