// Draws operations on a canvas: thick while an answer is waited for, thin while it arrives, and a mark for each ending. Rows say
// the same in words.

import { call, note } from "./rows.js";

/** @typedef {import("./rows.js").Rows} Rows */
/** @typedef {import("./axis.js").Axis} Axis */

const names = ["paper", "sunk", "pick", "ink-2", "ink-3", "rule", "rail", "ok", "ok-soft", "bad", "late", "person", "gone"];

/** @typedef {Record<string, string>} Palette */

/** The colors of the theme, as they are now. @returns {Palette} */
export function palette() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(names.map((n) => [n, style.getPropertyValue("--" + n).trim() || "#888"]));
}

/** Calls a function when the theme changes. @param {() => void} changed @returns {() => void} that ends it */
export function onTheme(changed) {
  const queries = ["(prefers-color-scheme: dark)", "(prefers-contrast: more)", "(forced-colors: active)", "print"].map((q) => matchMedia(q));
  for (const q of queries) q.addEventListener("change", changed);
  return () => {
    for (const q of queries) q.removeEventListener("change", changed);
  };
}

/**
 * Gives a canvas its size and an empty picture.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 */
export function prepare(canvas, width, height) {
  const scale = devicePixelRatio || 1;
  const w = Math.round(width * scale), h = Math.round(height * scale);
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
  }
  const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  c.setTransform(scale, 0, 0, scale, 0, 0);
  c.clearRect(0, 0, width, height);
  return c;
}

/**
 * Draws what lies behind bars: folds, lines at times, and now.
 * @param {CanvasRenderingContext2D} c
 * @param {Palette} colors
 * @param {Axis} axis
 * @param {ReadonlyArray<{x: number}>} ticks
 * @param {number} from of the height
 * @param {number} to
 * @param {number} now or NaN
 */
function drawBack(c, colors, axis, ticks, from, to, now) {
  c.fillStyle = colors.sunk;
  for (const f of axis.folds) c.fillRect(f.at, from, f.width, to - from);
  c.fillStyle = colors.rule;
  for (const t of ticks) if (t.x > 0) c.fillRect(Math.round(t.x), from, 1, to - from);
  if (now >= axis.from && now <= axis.to) {
    c.fillStyle = colors["ink-2"];
    const x = Math.round(axis.x(now));
    for (let y = from; y < to; y += 4) c.fillRect(x, y, 1, 2);
  }
}

/**
 * The same behind so many rows: below their names, where these stand above what is drawn.
 * @param {CanvasRenderingContext2D} c
 * @param {import("./waterfall.js").Waterfall} fall whose axis it is
 * @param {number} rows
 */
export function drawBehind(c, fall, rows) {
  const { colors, axis, ticks, size: { left, row } } = fall;
  const now = fall.live ? fall.now : NaN;
  if (left) drawBack(c, colors, axis, ticks, 0, rows * row, now);
  else for (let k = 0; k < rows; k++) drawBack(c, colors, axis, ticks, (k + 0.5) * row, (k + 1) * row - 1, now);
}

/** Draws bars of rows on an axis. */
export class Bars {
  /**
   * @param {CanvasRenderingContext2D} c
   * @param {Palette} colors
   * @param {Axis} axis
   * @param {Rows} rows
   * @param {number} now
   */
  constructor(c, colors, axis, rows, now) {
    this.c = c;
    this.colors = colors;
    this.axis = axis;
    this.rows = rows;
    this.now = now;
    this.blinks = false; // the arrowheads of what hangs are faint every other second
    this.marks = axis.folds.map((f) => f.at + f.width / 2);
  }

  /**
   * Draws one row.
   * @param {number} i
   * @param {number} y of its middle
   * @param {string} behind the color behind it
   */
  draw(i, y, behind) {
    const { axis, rows, colors, c } = this;
    const start = rows.start[i];
    if (rows.flags[i] & note) {
      if (start >= axis.from && start <= axis.to) this.#dot(Math.max(axis.x(start), 2), y, 2, colors["ink-3"]);
      return;
    }
    const end = rows.until(i, this.now);
    const outcome = rows.outcomeOf(i);
    const color = this.#color(outcome.ending, outcome.tone);
    const x = axis.x(start);
    const to = Math.max(axis.x(end), x);
    const persons = rows.persons.get(i);
    let edge = Math.max(to, x + 3);
    if (outcome.ending === "bad_request") {
      edge = Math.max(to, x + 6);
      c.strokeStyle = color;
      c.lineWidth = 1.5;
      c.fillStyle = behind;
      c.fillRect(x + 0.75, y - 3.25, edge - x - 0.75, 6.5);
      c.strokeRect(x + 0.75, y - 3.25, Math.max(edge - x - 1.5, 2), 6.5);
    } else if (to - x < 4 && !persons && (outcome.ending === "ok" || outcome.ending === "answered" || outcome.ending === "over")) {
      this.#dot(x + 2.5, y, 2.5, rows.flags[i] & call || outcome.tone !== "quiet" ? color : colors.rail);
      edge = x + 5;
    } else {
      const first = rows.first[i] >= 0 && rows.answer.get(i) === undefined ? Math.min(Math.max(axis.x(rows.first[i]), x + 3), edge) : edge;
      c.fillStyle = color;
      c.fillRect(x, y - 4, first - x, 8);
      if (first < edge) c.fillRect(first, y - 1.5, edge - first, 3);
    }
    if (persons) for (let p = 0; p + 1 < persons.length; p += 2) this.#person(axis.x(persons[p]), axis.x(Math.min(persons[p + 1], end)), y, behind);
    this.#breaks(x, edge, y, behind);
    if (end <= axis.to || rows.end[i] < 0) this.#ending(outcome.ending, outcome.tone, edge, y, color, rows.end[i] < 0 && end > axis.to);
    const answer = rows.answer.get(i);
    if (answer !== undefined) this.#late(edge, answer, y);
    const events = rows.events.get(i);
    if (events) this.#events(events, y);
  }

  /** @param {string} ending @param {string} tone */
  #color(ending, tone) {
    switch (ending) {
      case "failed": case "hung": case "timed_out": return this.colors.bad;
      case "bad_request": return this.colors.late;
      case "cancelled": return this.colors.gone;
      case "unanswered": return tone === "bad" ? this.colors.bad : this.colors.gone;
    }
    return this.colors.ok;
  }

  /** @param {number} x @param {number} y @param {number} r @param {string} color */
  #dot(x, y, r, color) {
    this.c.fillStyle = color;
    this.c.beginPath();
    this.c.arc(x, y, r, 0, 7);
    this.c.fill();
  }

  /** @param {number} x @param {number} to @param {number} y @param {string} behind */
  #person(x, to, y, behind) {
    const { c } = this;
    const width = Math.max(to - x, 3);
    c.save();
    c.beginPath();
    c.rect(x, y - 4, width, 8);
    c.fillStyle = behind;
    c.fill();
    c.clip();
    c.strokeStyle = this.colors.person;
    c.lineWidth = 1.2;
    c.beginPath();
    for (let at = x - 8; at < x + width; at += 4) {
      c.moveTo(at, y + 4);
      c.lineTo(at + 8, y - 4);
    }
    c.stroke();
    c.restore();
    c.strokeStyle = this.colors.person;
    c.lineWidth = 1;
    c.strokeRect(x + 0.5, y - 3.5, width - 1, 7);
  }

  /** Two strokes where a bar crosses a fold. @param {number} x @param {number} to @param {number} y @param {string} behind */
  #breaks(x, to, y, behind) {
    const { c } = this;
    for (const at of this.marks) {
      if (at - 4 <= x || at + 4 >= to) continue;
      c.strokeStyle = behind;
      c.lineWidth = 2;
      c.beginPath();
      for (const d of [-2.5, 2.5]) {
        c.moveTo(at + d - 2, y + 5);
        c.lineTo(at + d + 2, y - 5);
      }
      c.stroke();
    }
  }

  /** @param {string} ending @param {string} tone @param {number} x @param {number} y @param {string} color @param {boolean} beyond the axis */
  #ending(ending, tone, x, y, color, beyond) {
    const { c } = this;
    c.strokeStyle = c.fillStyle = color;
    switch (ending) {
      case "failed": case "bad_request":
        c.lineWidth = 1.75;
        c.beginPath();
        c.moveTo(x + 3, y - 3);
        c.lineTo(x + 9, y + 3);
        c.moveTo(x + 9, y - 3);
        c.lineTo(x + 3, y + 3);
        c.stroke();
        break;
      case "cancelled": case "timed_out":
        c.fillRect(x - 1, y - 6, 2, 12);
        break;
      case "unanswered": case "over":
        c.fillRect(x - 1, y - 7, 1.5, 14);
        break;
      case "hung": case "open":
        if (beyond) return;
        c.globalAlpha = ending === "hung" && this.blinks && Math.floor(this.now) % 2 ? 0.25 : 1;
        c.beginPath();
        for (const at of ending === "hung" ? [x + 0.5, x + 6] : [x + 0.5]) {
          c.moveTo(at, y - 4);
          c.lineTo(at + 5, y);
          c.lineTo(at, y + 4);
        }
        c.fill();
        c.globalAlpha = 1;
    }
  }

  /** Dots to the answer that came late. @param {number} x @param {number} answer @param {number} y */
  #late(x, answer, y) {
    const { c, axis } = this;
    const to = Math.max(axis.x(answer), x + 8);
    c.fillStyle = this.colors.late;
    for (let at = x + 3; at < to - 5; at += 4) c.fillRect(at, y - 0.75, 1.5, 1.5);
    if (answer > axis.to) return;
    c.strokeStyle = this.colors.late;
    c.lineWidth = 1.5;
    c.beginPath();
    c.moveTo(to - 4, y);
    c.lineTo(to, y - 4);
    c.lineTo(to + 4, y);
    c.lineTo(to, y + 4);
    c.closePath();
    c.stroke();
  }

  /** Small ticks above: progress and other things. @param {readonly number[]} events @param {number} y */
  #events(events, y) {
    const { c, axis } = this;
    c.fillStyle = this.colors.ok;
    c.beginPath();
    let last = -9;
    for (const t of events) {
      if (t < axis.from || t > axis.to) continue;
      const x = axis.x(t);
      if (x - last < 3) continue;
      last = x;
      c.moveTo(x - 2.5, y - 9);
      c.lineTo(x + 2.5, y - 9);
      c.lineTo(x, y - 5.5);
    }
    c.fill();
  }
}
