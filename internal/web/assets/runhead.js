// What is said of a run above and below its operations, and how these are read and grouped.

import { h, time } from "./dom.js";
import { clock, count, day, plural } from "./format.js";

/** @typedef {import("../api").Run} Run */
/** @typedef {import("../api").Remark} Remark */

const latest = 30; // calls of a live run that are shown at first
const most = 2; // remarks that are shown at first

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
    h("span", { class: "soft" }, run.live ? "since " : `${day(began, frame.now())}, `, time(run.began, clock(began, true)), ", ", length),
    h("span", { class: "soft" }, `${plural(servers, "server")}, ${plural(run.calls, "call")}`,
      run.failed > 0 && [", ", h("span", { class: "bad" }, `${count(run.failed)} failed`)], run.hung > 0 && [", ", h("span", { class: "bad" }, `${count(run.hung)} hung`)]),
  ];
}

/**
 * What needs a look in a run: the first remarks, and the others behind a button.
 * @param {ReadonlyArray<Remark>} remarks
 * @param {boolean} all
 * @param {() => void} more shows all
 */
export function remarksOf(remarks, all, more) {
  const shown = all ? remarks : remarks.slice(0, most);
  const rest = remarks.length - shown.length;
  return [
    ...shown.map((r) => h("li", { class: r.tone }, r.text)),
    rest > 0 && h("li", null, h("button", { class: "more", type: "button", onclick: more }, `${rest} more`)),
  ];
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
  for (const [at, calls] of slots) if ((n += calls) > latest) return at;
  return null;
}

/**
 * What is to be said below the operations: what is still to come, what lies beyond, what came since.
 * @param {import("./waterfall.js").Waterfall} fall
 * @param {{reading: boolean, expected: number, since: number, leftOut: number, filter: import("./filter.js").Filter}} of
 * @param {() => void} unfilter
 */
export function notes(fall, { reading, expected, since, leftOut, filter }, unfilter) {
  const excluded = fall.arranged - fall.order.length;
  const beyond = [fall.earlier && `${plural(fall.earlier, "operation")} earlier`, fall.later && `${plural(fall.later, "operation")} later`].filter(Boolean).join(", ");
  const back = (/** @type {() => void} */ act) => () => {
    act();
    fall.element.focus({ preventScroll: true }); // the button goes
  };
  return [
    reading && h("span", null, expected ? `${count(fall.rows.count)} operations are here, about ${count(expected)} are still to come` : "More operations are still to come"),
    !fall.count && !reading && h("span", null, !fall.rows.count ? "Nothing was asked in this run." : fall.order.length ? "Nothing happened in this time." : "Nothing matches."),
    beyond && h("span", null, beyond),
    excluded > 0 && h("span", null, `${plural(excluded, "operation")} left out by the filter`),
    excluded > 0 && button("Clear filter", "Show all operations", back(unfilter)),
    filter.ignored.length > 0 && h("span", { class: "late" }, `${filter.ignored.join(", ")}: not for operations`),
    (fall.window.from !== null || fall.window.to !== null) && button("All", "All of the run (0)", back(() => fall.zoom({ from: null, to: null }, true))),
    since > 0 && button(`${count(since)} since, follow`, "Go to the end, and follow (g)", back(() => fall.follow())),
    leftOut > 0 && h("span", { class: "late" }, `${plural(leftOut, "operation")} left out`),
  ];
}

/** @param {string} text @param {string} hint @param {() => void} act */
export function button(text, hint, act) {
  return h("button", { class: "btn", type: "button", title: hint, onclick: act }, text);
}

/** Which sessions stand together, those of a server, and in which order. @param {ReadonlyMap<string, string>} servers by session */
export function groupsOf(servers) {
  const order = [...new Set(servers.values())];
  return new Map([...servers].map(([session, server]) => [session, order.indexOf(server)]));
}

const page = 5000; // operations asked for at once

/**
 * Reads the operations of a run, page by page.
 * @param {import("../page").Frame} frame
 * @param {string} path of the run
 */
export async function* operationsOf(frame, path) {
  for (let after; ; ) {
    const part = /** @type {import("../api").Operations} */ (await frame.get(`${path}/operations`, { after, limit: page }));
    yield part;
    if (!part.next) return;
    after = part.next;
  }
}
