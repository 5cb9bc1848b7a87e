// Keys, wheel and pointer of the waterfall.

import { next, stepOf } from "./move.js";
import { note } from "./rows.js";

/** @typedef {import("./waterfall.js").Waterfall} Waterfall */

/**
 * Ctrl and the wheel zoom around the pointer, Shift and the wheel or a drag move along the axis, a click chooses a row.
 * @param {Waterfall} fall
 */
export function listen(fall) {
  const { element } = fall;
  element.addEventListener("wheel", (e) => {
    const x = e.clientX - fall.space.getBoundingClientRect().left - fall.size.left;
    const sideways = e.shiftKey ? e.deltaY || e.deltaX : Math.abs(e.deltaX) > Math.abs(e.deltaY) ? e.deltaX : 0;
    const unit = e.deltaMode === 1 ? 20 : 1;
    if (e.ctrlKey || e.metaKey) {
      fall.pivot = Math.max(0, e.clientY - element.getBoundingClientRect().top - fall.size.head);
      fall.scale(Math.exp(Math.max(-1, Math.min(1, -e.deltaY * unit * 0.004))), Math.max(0, Math.min(x, fall.axis.width)), false);
    } else if (sideways) fall.pan((sideways * unit) / fall.size.width, false);
    else return;
    e.preventDefault();
  }, { passive: false });
  /** @type {{x: number, time: number, moved: boolean} | null} */
  let drag = null;
  let dragged = false; // the click that follows is none
  const place = (/** @type {PointerEvent} */ e) => e.clientX - fall.space.getBoundingClientRect().left - fall.size.left;
  element.addEventListener("pointerdown", (e) => {
    const x = place(e);
    dragged = false;
    if (e.button || x < 0 || x > fall.axis.width) return;
    drag = { x: e.clientX, time: fall.axis.time(x), moved: false };
  });
  element.addEventListener("pointermove", (e) => {
    if (!drag || (!drag.moved && Math.abs(e.clientX - drag.x) < 4)) return;
    if (!drag.moved) element.setPointerCapture(e.pointerId);
    drag.moved = true;
    const { from, to, end } = fall.span();
    const start = Math.max(fall.begin, Math.min(from + drag.time - fall.axis.time(place(e)), end - (to - from)));
    fall.following = false;
    if (start !== from) fall.zoom({ from: start, to: start + to - from }, false);
  });
  const drop = () => {
    if (drag?.moved) {
      fall.act.zoomed(fall.window, true);
      dragged = true;
    }
    drag = null;
  };
  element.addEventListener("pointerup", drop);
  element.addEventListener("pointercancel", () => (drag = null));
  element.addEventListener("click", (e) => {
    const row = e.target instanceof Element ? e.target.closest(".fall-row") : null;
    const slot = fall.tile.slots.find((s) => s.el === row);
    if (!slot || slot.i < 0 || dragged) return;
    fall.cursor = slot.i;
    fall.following = false;
    fall.act.moved(slot.i, true);
  });
}

/**
 * Goes up or down.
 * @param {Waterfall} fall
 * @param {number} by
 */
function step(fall, by) {
  if (!fall.count) return;
  const at = fall.cursor >= 0 && fall.cursor < fall.arranged ? fall.place[fall.cursor] : -1;
  if (at < 0 && Number.isFinite(by)) return fall.goTo(fall.shown[Math.min(fall.count - 1, Math.ceil(fall.top / fall.size.row))], false);
  const to = at + by;
  if (to >= 0 && to < fall.count) return fall.goTo(fall.shown[to], false);
  if (Math.abs(by) > 1) return fall.goTo(fall.shown[by < 0 ? 0 : fall.count - 1], false);
  const beyond = fall.order[fall.order.indexOf(fall.cursor) + by]; // the window
  if (beyond !== undefined) fall.goTo(beyond, false);
}

/**
 * Goes to the next row that is not ok.
 * @param {Waterfall} fall
 * @param {import("./move.js").Step} to
 */
function trouble(fall, to) {
  const { rows, order } = fall;
  const { by } = to;
  const seen = fall.shown[Math.min(fall.count - 1, Math.max(0, by > 0 ? Math.ceil(fall.top / fall.size.row) : Math.floor((fall.top + fall.size.room) / fall.size.row)))];
  const at = order.indexOf(fall.cursor >= 0 ? fall.cursor : seen) - (fall.cursor >= 0 ? 0 : by); // none chosen: the first that can be seen counts
  const found = next(order, at, to, (i) => !(rows.flags[i] & note) && Boolean(rows.outcomeOf(i).trouble));
  if (found !== undefined) return fall.goTo(found, false);
  fall.act.say(`Nothing ${by > 0 ? "after" : "before"} this needs a look.`);
}

/**
 * Acts on a key; reports whether it is one.
 * @param {Waterfall} fall
 * @param {string} key
 */
export function press(fall, key) {
  const page = Math.max(1, Math.floor(fall.size.room / fall.size.row) - 1);
  const to = stepOf(key);
  if (to) {
    if (to.trouble) trouble(fall, to);
    else step(fall, to.by);
    return true;
  }
  switch (key) {
    case "PageDown": step(fall, page); break;
    case "PageUp": step(fall, -page); break;
    case "Home": step(fall, -Infinity); break;
    case "End": step(fall, Infinity); break;
    case "h": case "ArrowLeft": fall.pan(-0.25); break;
    case "l": case "ArrowRight": fall.pan(0.25); break;
    case "+": case "=": fall.scale(1.5); break;
    case "-": fall.scale(1 / 1.5); break;
    case "0": fall.zoom({ from: null, to: null }, true); break;
    case "Enter":
      if (fall.cursor < 0) return false;
      fall.act.moved(fall.cursor, true);
      break;
    default: return false;
  }
  return true;
}
