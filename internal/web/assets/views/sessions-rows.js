// The rows of a run: itself, and its sessions.

import { figure, h, time } from "../dom.js";
import * as format from "../format.js";
import { place } from "../router.js";
import { strip, stripLabel } from "../strip.js";

/** @typedef {import("../../api").Run} Run */
/** @typedef {import("../../api").Session} Session */
/** @typedef {import("../../api").Sums} Sums */
/** @typedef {import("../../page").Frame} Frame */

/** The table is laid out as grids, a run by itself: what changes in one costs nothing in others. Roles say that it is a table all the same. */
export function tableHead() {
  const n = (/** @type {string} */ text, /** @type {boolean} */ unit, /** @type {string} */ title = "", /** @type {string} */ shape = "") =>
    head(text, { class: `n${shape}`, title: title || null }, unit && h("i"));
  const head = (/** @type {string} */ text, /** @type {import("../dom.js").Attributes | null} */ more = null, /** @type {import("../dom.js").Child} */ unit = null) =>
    h("th", { scope: "col", role: "columnheader", ...more }, text, unit);
  return [
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
      head("#", { class: "n", title: "Number in the last listing of spanpipe sessions, as commands take it" }), head("Run and its sessions"), head("When: calls above the line, failures below"),
      n("Calls", false), n("Failed", false), n("Hung", false), n("p95", true, "95 of 100 calls took at most so long"),
      n("Context", true, "What the definitions cost a model’s context, in tokens, ±10 %"), n("Received", true, "Bytes of what the servers sent", " rcv"), head("End"))),
  ];
}

/**
 * @param {import("../dom.js").Attributes} attributes
 * @param {...import("../dom.js").Child} children
 */
const td = (attributes, ...children) => h("td", { role: "cell", ...attributes }, ...children);

/**
 * @param {Frame} frame
 * @param {Run} run
 * @param {string} day the heading above it, if it is the first of a day
 */
export function runRows(frame, run, day) {
  const live = run.live;
  const began = Date.parse(run.began);
  const until = live ? Math.max(frame.now().getTime(), began) : Date.parse(run.until);
  const length = Math.max((until - began) / 1000, 0.001);
  const body = h("tbody", { role: "rowgroup", "data-run": run.id });
  if (day) body.append(h("tr", { class: "day", role: "row" }, h("th", { colspan: 10, scope: "rowgroup", role: "rowheader", "aria-colspan": 10 }, day)));
  body.append(
    h("tr", { class: "run", role: "row", "data-key": run.id },
      h("th", { class: "who", scope: "rowgroup", role: "rowheader", colspan: 2, "aria-colspan": 2 }, link(frame, { run: run.id }, run.client, null), run.client_version && [" ", h("span", { class: "v" }, run.client_version)]),
      td({ class: "st" }, dimension(frame, run, length)),
      ...figures(run, live),
      td({ class: "end" }, ending(run, frame))),
  );
  run.sessions.forEach((s, i) => body.append(sessionRow(frame, run, s, began, length, i === run.sessions.length - 1)));
  return body;
}

/**
 * @param {Frame} frame
 * @param {import("../../api").Place} at
 * @param {string} text
 * @param {string | null} shape
 */
function link(frame, at, text, shape) {
  const to = place(at);
  return h("a", { class: shape, href: to && frame.href(to) }, text);
}

/** How long a run was: 14:02 ── 34m10s ── now. @param {Frame} frame @param {Run} run @param {number} length */
function dimension(frame, run, length) {
  const now = frame.now();
  const began = new Date(run.began);
  const from = run.live ? format.moment(began, now) : format.clock(began);
  return h("span", { class: "dimline" },
    time(run.began, from), h("i"),
    h("span", null, format.duration(length)), h("i"),
    run.live ? h("span", null, "now") : time(run.until, format.clock(new Date(run.until))));
}

/**
 * @param {Frame} frame
 * @param {Run} run
 * @param {Session} s
 * @param {number} began of the run, in ms
 * @param {number} length of the run, in s
 * @param {boolean} last
 */
function sessionRow(frame, run, s, began, length, last) {
  const from = (Date.parse(s.began) - began) / 1000;
  const to = s.live ? length : (Date.parse(s.until) - began) / 1000;
  const bad = s.failed > 0 || s.hung > 0 || Boolean(s.trouble) || s.end.tone === "bad";
  return h("tr", { class: bad ? "row not-ok" : "row", role: "row", "data-key": s.name, "data-session": s.name },
    td({ class: "no n dim" }, s.number || ""),
    h("th", { class: last ? "who branch" : "who branch mid", scope: "row", role: "rowheader" },
      link(frame, { run: run.id, session: s.name }, s.server, "m"),
      s.changed && [" ", h("span", { class: "late m", title: "A definition has changed", role: "img", "aria-label": "a definition has changed" }, "Δ")],
      s.release && [" ", h("span", { class: "v" }, s.release)]),
    td({ class: "st" }, s.trouble ? h("span", { class: "bad" }, s.trouble)
      : strip({ strip: s.strip, from, to, mark: s.end.mark, hangs: s.live && Boolean(s.hung_now) }, length, stripLabel(s.server, s))),
    ...figures(s, s.live),
    td({ class: "end" }, ending(s, frame)));
}

/**
 * The figures of a row. What is none is quiet.
 * @param {Sums} s
 * @param {boolean} live
 */
function figures(s, live) {
  const none = /** @type {import("../format.js").Amount} */ (["–", ""]);
  const cell = (/** @type {string} */ label, /** @type {string} */ shape, /** @type {import("../dom.js").Child} */ what) => td({ class: `n ${shape}`, "data-l": label }, what);
  return [
    cell("calls", s.calls ? "" : "z", format.count(s.calls)),
    cell("failed", s.failed ? "" : "z", s.failed ? h("span", { class: "bad" }, format.count(s.failed)) : "0"),
    cell("hung", s.hung ? "" : "z hide0", s.hung ? hung(s, live) : "0"),
    cell("p95", s.p95 === undefined ? "z" : "", figure(s.p95 === undefined ? none : format.durationParts(s.p95))),
    cell("context", s.context ? "ctx" : "ctx z", figure(s.context ? format.tokensParts(s.context) : none)),
    cell("received", s.received ? "rcv" : "rcv z", figure(s.received ? format.sizeParts(s.received) : ["0", ""])),
  ];
}

/** Filled while it lasts, outlined later. @param {Sums} s @param {boolean} live */
function hung(s, live) {
  const now = live && (s.hung_now ?? 0) > 0;
  return h("span", { class: now ? "hung" : "hung past", title: now ? "hangs now" : "has hung" }, format.count(s.hung));
}

/** @param {Run | Session} s @param {Frame} frame */
function ending(s, frame) {
  if (s.live) return h("span", { class: "live" }, s.end.text);
  const until = new Date(s.until);
  const tone = s.end.tone === "quiet" || s.end.tone === "ok" ? "soft" : s.end.tone;
  return h("span", { class: tone, title: format.utc(until) }, s.end.text, s.end.mark === "tick" && `, ${format.moment(until, frame.now())}`);
}

/**
 * Makes the rows of a run what others are. What has not changed stays as it is: the focus, and what one selects.
 * @param {HTMLTableSectionElement} body
 * @param {HTMLTableSectionElement} other
 */
export function patch(body, other) {
  const news = [...other.rows];
  const known = [...body.rows];
  news.forEach((row, i) => {
    const old = known.find((r) => r.dataset.key === row.dataset.key);
    if (!old) {
      if (i === 0) body.prepend(row);
      else body.rows[i - 1].after(row);
      return;
    }
    old.className = old.classList.contains("on") ? `${row.className} on` : row.className;
    [...row.cells].forEach((cell, c) => {
      if (!old.cells[c].isEqualNode(cell)) old.cells[c].replaceWith(cell);
    });
  });
  for (const old of known) if (!news.some((r) => r.dataset.key === old.dataset.key)) old.remove();
}
