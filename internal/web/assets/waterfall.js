// Operations as rows, with their bars on one axis of time: which rows, in which order, of which times. Rows that cannot be seen
// are not in the page: tile.js has those that can.

import { Axis, quietTimes, ticks } from "./axis.js";
import { h, put } from "./dom.js";
import { onTheme, palette } from "./draw.js";
import { duration } from "./format.js";
import { listen } from "./input.js";
import { note } from "./rows.js";
import { Tile } from "./tile.js";

/** @typedef {import("./axis.js").Quiet} Quiet */
/** @typedef {{from: number | null, to: number | null}} Window s since base; null is where the run begins, or its end as it moves on */
/**
 * What the waterfall tells.
 * @typedef {object} Act
 * @property {(i: number, open: boolean) => void} moved the row that one is at; open if it is to be opened
 * @property {(w: Window, settled: boolean) => void} zoomed
 * @property {() => void} drawn the axis or what is shown has changed
 * @property {(text: string) => void} say
 */

const margin = 14; // right of the axis, for marks at the ends of bars
const shortest = 0.001; // s: the least that one can zoom to

export class Waterfall {
  /**
   * @param {import("./rows.js").Rows} rows
   * @param {ReadonlyMap<string, string>} servers by session
   * @param {Act} act
   */
  constructor(rows, servers, act) {
    this.rows = rows;
    this.servers = servers;
    this.act = act;
    this.live = false;
    this.fold = true;
    /** @type {ReadonlyMap<string, number> | null} */
    this.groups = null;
    /** @type {Window} */
    this.window = { from: null, to: null };
    this.now = 0;
    this.cursor = -1;
    this.selected = -1;
    this.pivot = -1; // how far below the head the pointer is that zooms
    this.following = false;
    this.shown = this.order = this.place = new Int32Array();
    this.depth = new Uint8Array();
    this.count = this.earlier = this.later = 0;
    this.begin = this.end = 0;
    /** @type {((i: number) => boolean) | null} the rows that are shown; null: all */
    this.matches = null;
    this.arranged = 0; // rows that have a place, or -1 for none
    this.edges = rows.edges();
    /** @type {Quiet[]} */
    this.quiet = [];
    this.axis = new Axis(0, 0, 100, []);
    /** @type {{x: number, text: string}[]} */
    this.ticks = [];
    this.colors = palette();
    this.size = { row: 21, head: 0, room: 0, left: 0, width: 100, bar: 10.5 };
    this.top = 0; // what is scrolled to
    this.most = 0;

    this.times = h("div", { class: "fall-axis" });
    this.folds = h("div", { class: "fall-axis fall-folds" });
    this.timeCell = h("div", { class: "t", role: "columnheader" }, h("span", { class: "vh" }, "Time"), this.folds, this.times);
    this.head = h("div", { class: "fall-head", role: "row", "aria-rowindex": 1 },
      h("div", { class: "srv", role: "columnheader" }, "Server"), h("div", { class: "op", role: "columnheader" }, "Operation"),
      h("div", { class: "took", role: "columnheader" }, "Took", h("i")), this.timeCell, h("div", { class: "out", role: "columnheader" }, "Outcome"));
    this.canvas = h("canvas", { class: "fall-bars", "aria-hidden": "true" });
    this.space = h("div", { class: "fall-space", role: "rowgroup" }, this.canvas);
    this.element = h("div", { class: "fall", role: "grid", tabindex: 0, "aria-label": "Operations", "aria-colcount": 5 }, h("div", { role: "rowgroup", class: "fall-top" }, this.head), this.space);
    this.tile = new Tile(this);
    listen(this);
    this.element.addEventListener("scroll", () => {
      const by = this.element.scrollTop - this.top; // 0 after #scroll; upwards also when there are fewer rows
      this.top += by;
      if (by >= 1) this.following = this.live && !this.groups && this.window.to === null && this.atEnd();
      else if (by <= -1 && !this.atEnd()) this.following = false;
      if (!this.stale) this.frame ||= requestAnimationFrame(() => this.draw());
    }, { passive: true });
    this.endTheme = onTheme(() => {
      this.colors = palette();
      this.layout();
      this.draw(); // at once: a printer does not wait for a frame
    });
    this.resized = new ResizeObserver(() => requestAnimationFrame(() => this.layout()));
    this.resized.observe(this.element);
    /** @type {"" | "tile" | "axis" | "window" | "data"} */
    this.stale = "";
    this.frame = 0;
  }

  leave() {
    this.endTheme();
    this.resized.disconnect();
    cancelAnimationFrame(this.frame);
  }

  /** Rows, or how they are grouped, or what times are shown, have changed: it is drawn with the next frame. */
  changed() {
    this.#schedule("data");
  }

  /** Puts other rows in the place of all that there are. @param {ReadonlyArray<import("../api").Operations>} pages */
  replace(pages) {
    const { rows } = this;
    const [cursor, selected] = [this.cursor, this.selected].map((i) => (i >= 0 && !(rows.flags[i] & note) ? { session: rows.sessionOf(i), number: rows.number[i] } : null));
    rows.clear();
    for (const part of pages) rows.take(part);
    this.cursor = cursor ? rows.find(cursor.session, cursor.number) : -1;
    this.selected = selected ? rows.find(selected.session, selected.number) : -1;
    this.count = this.arranged = 0; // none stays where it was
    this.tile.forget();
    this.changed();
  }

  /** Once a second. @param {number} now s since base */
  tick(now) {
    this.now = now;
    if (!this.live) return;
    if (this.window.to === null) this.#schedule("axis");
    this.tile.tick();
  }

  /** Measures; after a change of size or of the theme. @param {number} [most] the height it may take */
  layout(most = this.most) {
    this.most = most;
    this.element.style.maxHeight = `${most}px`;
    const narrow = matchMedia("(max-width: 44rem)").matches;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const row = Math.round((narrow ? 42 : 21) * rem);
    const left = narrow ? 0 : this.timeCell.offsetLeft;
    const out = /** @type {HTMLElement} */ (this.head.lastElementChild);
    const width = Math.max(60, narrow ? this.space.clientWidth - 8.25 * 16 * rem : out.offsetLeft - left);
    const before = this.size;
    const head = this.head.offsetHeight;
    this.size = { row, head, room: this.element.clientHeight - head, left, width, bar: narrow ? row * 0.75 : row / 2 };
    this.element.parentElement?.style.setProperty("--fall-row", row + "px");
    this.#fit();
    if (before.row !== row) this.#scroll((this.top * row) / before.row);
    if (this.following) this.#scroll(this.count * row);
    this.tile.resize();
    this.#schedule("axis");
  }

  /** Has room for the rows that are shown. It does not shrink as one zooms: the pointer that does would be beside it. */
  #fit() {
    const { row, head } = this.size;
    this.space.style.height = `${this.count * row}px`;
    this.space.style.minHeight = `${Math.max(0, Math.min(this.order.length * row, this.most - head))}px`;
  }

  /** @param {"tile" | "axis" | "window" | "data"} what */
  #schedule(what) {
    const rank = ["", "tile", "axis", "window", "data"];
    if (rank.indexOf(what) > rank.indexOf(this.stale)) this.stale = what;
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  /** Draws what is stale. */
  draw() {
    this.frame = 0;
    const stale = this.stale;
    this.stale = "";
    const keep = stale === "data" || stale === "window" ? this.#anchor() : null;
    if (stale === "data") this.#arrange();
    if (stale === "data" || stale === "window") this.#choose(keep);
    if (stale && stale !== "tile") this.#measure();
    this.tile.draw(stale !== "");
    if (stale && stale !== "tile") this.act.drawn();
  }

  /** What the rows are, and in which order. */
  #arrange() {
    this.edges = this.rows.edges();
    const { starts, ends } = this.edges;
    this.begin = starts[0] ?? 0;
    this.end = Math.max(starts[starts.length - 1] ?? 0, ends[ends.length - 1] ?? 0);
    const { order, depth } = this.rows.arrange(this.groups);
    const { matches } = this;
    this.arranged = order.length;
    this.order = matches ? order.filter((i) => matches(i)) : order;
    this.depth = depth;
    if (this.place.length < order.length) {
      this.place = new Int32Array(2 * order.length);
      this.shown = new Int32Array(2 * order.length);
    }
    if (matches) this.place.fill(-1);
    this.quiet = quietTimes(this.edges.starts, this.edges.ends);
  }

  /** The times that are shown. */
  span() {
    const end = this.live || this.rows.open ? Math.max(this.now, this.end) : this.end;
    const from = this.window.from ?? this.begin;
    return { from, to: Math.max(this.window.to ?? end, from), end };
  }

  /** Chooses the rows of the times that are shown. @param {{i: number, y: number} | null} keep the row that is to stay where it is */
  #choose(keep) {
    const { rows, order, shown, place } = this;
    const { from, to, end } = this.span();
    let n = 0, earlier = 0, later = 0;
    for (let k = 0; k < order.length; k++) {
      const i = order[k];
      if (rows.start[i] > to && this.window.to !== null) {
        place[i] = -1;
        later++;
      } else if (this.window.from !== null && (rows.end[i] < 0 ? end : rows.end[i]) < from) {
        place[i] = -1;
        earlier++;
      } else {
        place[i] = n;
        shown[n++] = i;
      }
    }
    this.count = n;
    this.#fit();
    this.earlier = earlier;
    this.later = later;
    this.element.setAttribute("aria-rowcount", String(n + 1));
    if (this.following) this.#scroll(n * this.size.row);
    else this.#scroll(keep && place[keep.i] >= 0 ? place[keep.i] * this.size.row - keep.y : this.top);
  }

  /** @param {number} y */
  #scroll(y) {
    const to = Math.max(0, Math.min(Math.round(y), this.count * this.size.row - this.size.room));
    if (to === this.top) return;
    this.top = to;
    this.element.scrollTop = to;
  }

  /** The row that stays where it is when others come: that below the pointer that zooms, or the one that one is at, or the topmost. */
  #anchor() {
    if (!this.count) return null;
    const { row, room } = this.size;
    const cursor = this.cursor >= 0 && this.cursor < this.arranged ? this.place[this.cursor] * row - this.top : -1;
    const y = this.pivot >= 0 ? this.pivot : cursor >= 0 && cursor < room ? cursor : 0;
    const at = Math.min(this.count - 1, Math.max(0, Math.floor((this.top + y) / row)));
    this.pivot = -1;
    return { i: this.shown[at], y: at * row - this.top };
  }

  #measure() {
    const { from, to, end } = this.span();
    const quiet = [...(this.fold ? this.quiet : [])];
    if (this.fold && end > this.end) quiet.push({ from: this.end, to: end, busy: this.rows.open > 0 });
    this.axis = new Axis(from, to, this.size.width - margin, quiet);
    const following = this.live && this.window.to === null;
    this.ticks = ticks(this.axis, this.rows.base, this.axis.width - (following ? 24 : 0));
    this.times.replaceChildren(...this.ticks.map((t) => label(t.x, t.text)));
    if (following) put(this.times, label(this.axis.width - 20, "now"));
    this.folds.replaceChildren();
    let free = -Infinity;
    for (const f of this.axis.folds) {
      const length = f.to - f.from;
      const text = "⋯ " + (length < 99.5 ? `${length < 10 ? length.toFixed(1) : Math.round(length)}s` : duration(length));
      const half = text.length * 3.3, x = f.at + f.width / 2;
      if (x - half < free) continue;
      free = x + half + 6;
      const e = label(x, text);
      e.title = `Nothing starts or ends for ${duration(length)}: folded`;
      put(this.folds, e);
    }
  }

  // ── moving about ────────────────────────────────────────────────────

  /** Selects a row; -1 is none. @param {number} i */
  select(i) {
    this.selected = i;
    if (i >= 0) this.cursor = i;
    this.#schedule("tile");
  }

  /** Shows the times around a row: what it and its neighbors take. @param {number} i */
  around(i) {
    const { starts } = this.edges;
    const near = 11;
    if (starts.length <= 2 * near) return;
    const start = this.rows.start[i], at = starts.indexOf(start);
    const last = starts[at + near];
    const to = last === undefined || this.rows.end[i] < 0 ? Infinity : Math.max(last, Math.min(this.rows.end[i], start + 600));
    this.window = { from: starts[Math.max(0, at - near)], to: to >= this.end ? null : to };
    this.#choose(null);
    this.#schedule("window");
  }

  /** Brings a row into view. @param {number} i */
  reveal(i) {
    if (i >= this.arranged || (this.matches && !this.matches(i))) return;
    this.following = false;
    if (this.place[i] < 0) {
      const { from, to } = this.span();
      const start = Math.max(this.begin, this.rows.start[i] - (to - from) * 0.3);
      this.zoom({ from: start, to: start + to - from }, false);
      this.#choose(null);
    }
    const { row, room } = this.size;
    const y = this.place[i] * row;
    if (y < this.top) this.#scroll(y - (y < this.top - 2 * row ? room / 3 : 0));
    else if (y + row > this.top + room) this.#scroll(y + row - room + (y > this.top + room + row ? room / 3 : 0));
  }

  /** Goes to a row. @param {number} i @param {boolean} open */
  goTo(i, open) {
    this.cursor = i;
    this.reveal(i);
    this.#schedule("tile");
    this.act.moved(i, open);
  }

  /**
   * Shows other times.
   * @param {Window} w
   * @param {boolean} settled as opposed to on the way
   */
  zoom(w, settled) {
    const { end } = this.span();
    let { from, to } = w;
    if (to !== null && to >= end) to = null;
    if (from !== null && from <= this.begin) from = null;
    if (to !== null && to < this.begin) to = this.begin;
    if (from !== null && (to ?? end) - from < shortest) from = (to ?? end) - shortest;
    this.window = { from, to };
    this.#schedule("window");
    this.act.zoomed(this.window, settled);
  }

  /**
   * Zooms around a place of the axis.
   * @param {number} by above 1 is nearer
   * @param {number} [x] by default that of the row one is at, or the middle
   * @param {boolean} [settled]
   */
  scale(by, x, settled = true) {
    const { axis } = this;
    const at = this.cursor >= 0 && this.cursor < this.rows.count ? axis.x(this.rows.start[this.cursor]) : axis.width / 2;
    const around = x ?? (at > 0 && at < axis.width ? at : axis.width / 2);
    const left = around - around / by, right = around + (axis.width - around) / by;
    const span = axis.to - axis.from;
    const from = left < 0 ? axis.from + (left / axis.width) * span : axis.time(left);
    const to = right > axis.width ? axis.to + ((right - axis.width) / axis.width) * span : axis.time(right);
    if (to - from < shortest && by > 1) return;
    this.following = false;
    this.zoom({ from, to: right >= axis.width && this.window.to === null ? null : to }, settled);
  }

  /** Moves the window by a share of its length; over what is empty to what is next. @param {number} share @param {boolean} [settled] */
  pan(share, settled = true) {
    const { from, to, end } = this.span();
    const length = to - from;
    if (this.window.from === null && this.window.to === null) return;
    let start = Math.max(this.begin, Math.min(from + share * length, end - length));
    const { starts } = this.edges;
    if (share > 0 && start > from) {
      let k = 0;
      while (k < starts.length && starts[k] <= from) k++;
      if (k < starts.length && starts[k] > start + length) start = starts[k] - length * 0.75;
    } else if (share < 0) {
      let k = starts.length - 1;
      while (k >= 0 && starts[k] >= to) k--;
      if (k >= 0 && starts[k] < start) start = Math.max(this.begin, starts[k] - length * 0.25);
    }
    this.following = false;
    this.zoom({ from: start, to: start + length }, settled);
  }

  /** Goes to the end, and stays there. */
  follow() {
    this.following = true;
    if (this.window.to !== null) {
      const { from, to, end } = this.span();
      this.zoom({ from: Math.max(this.begin, end - (to - from)), to: null }, true);
    }
    this.#scroll(this.count * this.size.row);
    this.#schedule("window");
  }

  /** Whether the last row can be seen. */
  atEnd() {
    const { scrollHeight, clientHeight } = this.element; // as it is now: it may just have grown
    return scrollHeight - clientHeight - this.top < this.size.row / 2;
  }
}

/** @param {number} x @param {string} text */
const label = (x, text) => h("span", { style: { left: `${x}px` } }, text);

