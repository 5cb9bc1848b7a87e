// The axis of time: what is quiet for long is folded to a narrow gap, the rest is linear, so that lengths compare. It is
// the algorithm of view.NewAxis in Go, with widths in pixels; both are tested with the same vectors. Times are seconds.

import { clock } from "./format.js";

/**
 * @typedef {{from: number, to: number, busy: boolean}} Quiet a time in which nothing starts or ends; busy if something was open
 * @typedef {{from: number, to: number, at: number, width: number, fold: boolean, busy: boolean}} Piece
 * @typedef {{quiet: number, busy: number, least: number}} Sizes of folds, and the least of what is between them
 */

const leastFold = 2; // s: what is shorter is not worth a fold

/** @type {Sizes} */
const pixels = { quiet: 18, busy: 22, least: 6 };

/**
 * Returns the quiet times that are long enough to be folded, in the order of time.
 * @param {Float64Array} starts of intervals, sorted
 * @param {Float64Array} ends sorted
 * @returns {Quiet[]}
 */
export function quietTimes(starts, ends) {
  const out = [];
  let open = 0, before = Infinity;
  for (let s = 0, e = 0; s < starts.length || e < ends.length;) {
    const start = s < starts.length && (e === ends.length || starts[s] <= ends[e]);
    const at = start ? starts[s++] : ends[e++];
    if (at - before >= leastFold) out.push({ from: before, to: at, busy: open > 0 });
    open += start ? 1 : -1;
    before = at;
  }
  return out;
}

/** Maps times to places. */
export class Axis {
  /**
   * @param {number} from where it begins
   * @param {number} to where it ends
   * @param {number} width
   * @param {ReadonlyArray<Quiet>} quiet what may be folded: none for a linear axis
   * @param {Sizes} [sizes]
   */
  constructor(from, to, width, quiet, sizes = pixels) {
    this.from = from;
    this.to = Math.max(from, to);
    this.width = width;
    /** @type {Piece[]} in the order of time, without gaps */
    this.pieces = [];
    let at = from;
    for (const q of folded(within(quiet, from, to), to - from, Math.floor(width / 2), sizes)) {
      this.pieces.push({ from: at, to: q.from, at: 0, width: 0, fold: false, busy: false });
      this.pieces.push({ from: q.from, to: q.to, at: 0, width: q.busy ? sizes.busy : sizes.quiet, fold: true, busy: q.busy });
      at = q.to;
    }
    const last = this.pieces[this.pieces.length - 1];
    if (!last || at < this.to || !last.busy) this.pieces.push({ from: at, to: this.to, at: 0, width: 0, fold: false, busy: false });
    this.#place(sizes.least);
  }

  /** Gives each piece its width: folds have theirs; of the rest each has its share. @param {number} least */
  #place(least) {
    const linear = this.pieces.filter((p) => !p.fold);
    const length = linear.reduce((sum, p) => sum + p.to - p.from, 0);
    const left = this.pieces.reduce((rest, p) => rest - p.width, this.width);
    const shares = Math.max(left - linear.length * least, 0);
    const share = (/** @type {number} */ d) => (length === 0 ? 0 : Math.round((d / length) * shares));
    let before = 0;
    for (const p of linear) {
      p.width = least + share(before + p.to - p.from) - share(before);
      before += p.to - p.from;
    }
    let at = 0;
    for (const p of this.pieces) {
      p.at = at;
      at += p.width;
    }
    this.width = Math.max(this.width, at);
  }

  /** What is folded, in the order of time. */
  get folds() {
    return this.pieces.filter((p) => p.fold);
  }

  /** The place of a time. @param {number} t */
  x(t) {
    let low = 0, high = this.pieces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.pieces[middle].to < t) low = middle + 1;
      else high = middle;
    }
    if (low === this.pieces.length) return this.width;
    const p = this.pieces[low];
    if (p.to === p.from || t < p.from) return p.at;
    return p.at + ((t - p.from) / (p.to - p.from)) * p.width;
  }

  /** The time of a place. @param {number} x */
  time(x) {
    for (const p of this.pieces) {
      if (x < p.at + p.width) return p.from + ((p.to - p.from) * Math.max(x - p.at, 0)) / p.width;
    }
    return this.to;
  }
}

/**
 * What of quiet times lies within an interval.
 * @param {ReadonlyArray<Quiet>} quiet
 * @param {number} from
 * @param {number} to
 */
function within(quiet, from, to) {
  let low = 0, high = quiet.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (quiet[middle].to <= from) low = middle + 1;
    else high = middle;
  }
  const out = [];
  for (; low < quiet.length && quiet[low].from < to; low++) {
    const q = quiet[low];
    out.push(q.from < from || q.to > to ? { from: Math.max(from, q.from), to: Math.min(to, q.to), busy: q.busy } : q);
  }
  return out;
}

/**
 * Chooses what is folded: as many of the longest as possible of which each would take a third of what remains or more.
 * @param {Quiet[]} quiet
 * @param {number} rest the length of the whole
 * @param {number} room for folds
 * @param {Sizes} sizes
 */
function folded(quiet, rest, room, sizes) {
  const longest = quiet.slice().sort((a, b) => b.to - b.from - (a.to - a.from));
  let folds = 0;
  for (const [i, q] of longest.entries()) {
    const length = q.to - q.from;
    rest -= length;
    room -= (q.busy ? sizes.busy : sizes.quiet) + sizes.least;
    if (length < leastFold || room < 0 || rest < 1e-9) break;
    if (2 * length >= rest) folds = i + 1;
  }
  return longest.slice(0, folds).sort((a, b) => a.from - b.from);
}

const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
const letter = 6.4; // the width of one, about

/**
 * The times on an axis: where it begins, behind each fold, and between.
 * @param {Axis} axis
 * @param {number} base what times count from, in ms since 1970
 * @param {number} [room] how much of the width there is, if something else stands at the end
 * @returns {{x: number, text: string}[]}
 */
export function ticks(axis, base, room = axis.width) {
  /** @type {{x: number, text: string}[]} */
  const out = [];
  /** @type {(x: number, text: string) => boolean} */
  const put = (x, text) => {
    const end = x + text.length * letter;
    if (end > room || out.some((o) => x < o.x + o.text.length * letter + 8 && o.x < end + 8)) return false;
    out.push({ x, text });
    return true;
  };
  const long = axis.to - axis.from > 2 * 3600;
  put(0, timeOfDay(base + axis.from * 1000, "hms"));
  let hour = new Date(base + axis.from * 1000).getHours();
  for (const p of axis.pieces) {
    if (!p.fold) continue;
    const at = new Date(base + p.to * 1000);
    if (put(p.at + p.width, timeOfDay(at.getTime(), long ? "hm" : at.getHours() === hour ? "ms" : "hms"))) hour = at.getHours();
  }
  for (const p of axis.pieces) {
    const length = p.to - p.from;
    if (p.fold || length <= 0 || p.width < 100) continue;
    const step = steps.find((s) => (s / length) * p.width >= 72) ?? 86400;
    const begin = base / 1000 + p.from;
    const zone = step < 3600 ? 0 : new Date(base).getTimezoneOffset() * 60;
    if (step < 1) {
      for (let i = 1; i * step < length; i++) put(p.at + ((i * step) / length) * p.width, "+" + (step < 0.1 || i * step < 1 ? Math.round(i * step * 1000) + "ms" : (i * step).toFixed(1) + "s"));
      continue;
    }
    for (let t = (Math.floor((begin - zone) / step) + 1) * step + zone; t < begin + length; t += step) {
      put(p.at + ((t - begin) / length) * p.width, timeOfDay(t * 1000, step >= 60 ? "hm" : long ? "hms" : "ms"));
    }
  }
  return out.sort((a, b) => a.x - b.x);
}

/**
 * A time of day, or a part of one.
 * @param {number} ms since 1970
 * @param {"hms" | "hm" | "ms"} form
 */
function timeOfDay(ms, form) {
  const text = clock(new Date(ms), true);
  return form === "hms" ? text : form === "hm" ? text.slice(0, 5) : text.slice(3);
}
