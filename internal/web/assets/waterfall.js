// Operations as rows, with their bars on one axis of time. Rows that cannot be seen are not in the page: a tile of rows, with a
// canvas for their bars, is moved along when the edge of what it holds comes near.

import { Axis, quietTimes, ticks } from "./axis.js";
import { h, put } from "./dom.js";
import { Bars, drawBack, onTheme, palette, prepare } from "./draw.js";
import { clock, duration, durationParts, plural, utc } from "./format.js";
import { note, toClient } from "./rows.js";

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
/** @typedef {{el: HTMLElement, server: Text, lead: HTMLElement, name: HTMLElement, took: Text, unit: Text, out: HTMLElement, at: number, i: number, looks: string, says: import("../api").Outcome | null | undefined}} Slot a row of the page: at is its place, i what it shows */

export const margin = 14; // right of the axis, for marks at the ends of bars
const over = 10; // rows above and below those that can be seen
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
    this.following = false;
    this.shown = this.order = this.place = new Int32Array();
    this.depth = new Uint8Array();
    this.count = this.earlier = this.later = 0;
    this.begin = this.end = 0;
    this.edges = rows.edges();
    /** @type {Quiet[]} */
    this.quiet = [];
    this.axis = new Axis(0, 0, 100, []);
    /** @type {{x: number, text: string}[]} */
    this.ticks = [];
    this.colors = palette();
    /** @type {Slot[]} */
    this.slots = [];
    this.first = this.tile = 0;
    this.size = { row: 21, head: 0, room: 0, left: 0, width: 100, bar: 10.5 };
    this.top = 0; // what is scrolled to

    this.times = h("div", { class: "fall-axis" });
    this.folds = h("div", { class: "fall-axis fall-folds" });
    this.timeCell = h("div", { class: "t", role: "columnheader" }, h("span", { class: "vh" }, "Time"), this.folds, this.times);
    this.head = h("div", { class: "fall-head", role: "row", "aria-rowindex": 1 },
      h("div", { class: "srv", role: "columnheader" }, "Server"), h("div", { class: "op", role: "columnheader" }, "Operation"),
      h("div", { class: "took", role: "columnheader" }, "Took", h("i")), this.timeCell, h("div", { class: "out", role: "columnheader" }, "Outcome"));
    this.canvas = h("canvas", { class: "fall-bars", "aria-hidden": "true" });
    this.space = h("div", { class: "fall-space", role: "rowgroup" }, this.canvas);
    this.element = h("div", { class: "fall", role: "grid", tabindex: 0, "aria-label": "Operations", "aria-colcount": 5 }, h("div", { role: "rowgroup", class: "fall-top" }, this.head), this.space);
    this.#listen();
    this.endTheme = onTheme(() => {
      this.colors = palette();
      this.#schedule("tile");
    });
    this.resized = new ResizeObserver(() => this.layout());
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

  /** Rows have come or changed. */
  data() {
    this.#schedule("data");
  }

  /** How rows are grouped, or the window, has changed. @param {"data" | "window"} what */
  set(what) {
    this.#schedule(what);
  }

  /** Once a second. @param {number} now s since base */
  tick(now) {
    this.now = now;
    if (!this.live) return;
    if (this.window.to === null) this.#schedule("axis");
    for (const s of this.slots) if (s.i >= 0 && s.i < this.rows.count && this.rows.end[s.i] < 0) this.#took(s);
  }

  /** Measures; after a change of size or of the theme. */
  layout() {
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
    this.space.style.height = this.count * row + "px";
    if (before.row !== row) this.#scroll((this.top * row) / before.row);
    const slots = Math.ceil(Math.max(this.size.room, row) / row) + 1 + 2 * over;
    while (this.slots.length < slots) this.slots.push(this.#slot());
    while (this.slots.length > slots) this.slots.pop()?.el.remove();
    for (const s of this.slots) s.at = -1; // to be moved
    this.#schedule("axis");
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
    this.#tile(stale !== "");
    if (stale && stale !== "tile") this.act.drawn();
  }

  /** What the rows are, and in which order. */
  #arrange() {
    this.edges = this.rows.edges();
    const { starts, ends } = this.edges;
    this.begin = starts[0] ?? 0;
    this.end = Math.max(starts[starts.length - 1] ?? 0, ends[ends.length - 1] ?? 0);
    const { order, depth } = this.rows.arrange(this.groups);
    this.order = order;
    this.depth = depth;
    if (this.place.length < order.length) {
      this.place = new Int32Array(2 * order.length);
      this.shown = new Int32Array(2 * order.length);
    }
    this.quiet = quietTimes(this.edges.starts, this.edges.ends);
  }

  /** The times that are shown. */
  span() {
    const end = this.live ? Math.max(this.now, this.end) : this.rows.open ? Math.max(this.now, this.end) : this.end;
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
    if (n !== this.count) this.space.style.height = n * this.size.row + "px";
    this.count = n;
    this.earlier = earlier;
    this.later = later;
    this.element.setAttribute("aria-rowcount", String(n + 1));
    if (this.following && this.window.to === null) this.#scroll(n * this.size.row);
    else this.#scroll(keep && place[keep.i] >= 0 ? place[keep.i] * this.size.row - keep.y : this.top);
  }

  /** @param {number} y */
  #scroll(y) {
    const to = Math.max(0, Math.min(Math.round(y), this.count * this.size.row - this.size.room));
    if (to === this.top) return;
    this.top = to;
    this.element.scrollTop = to;
  }

  /** The row that stays where it is when others come: the one that the pointer is at, else the topmost. */
  #anchor() {
    if (!this.count) return null;
    const at = Math.min(this.count - 1, Math.max(0, Math.floor((this.top + this.pivot) / this.size.row)));
    return { i: this.shown[at], y: at * this.size.row - this.top };
  }

  pivot = 0; // of a zoom: how far below the head

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

  /** Puts rows where they are seen. @param {boolean} all of them are drawn again */
  #tile(all) {
    const { row, room } = this.size;
    const scrollTop = this.top;
    const top = Math.max(0, Math.floor(scrollTop / row));
    const bottom = Math.min(this.count, Math.ceil((scrollTop + room) / row) + 1);
    const slots = this.slots.length;
    if (!slots || (!all && top >= this.first && bottom <= this.first + this.tile)) return;
    this.first = Math.max(0, Math.min(top - over, this.count - slots));
    this.tile = Math.min(slots, this.count - this.first);
    /** @type {Slot[]} */
    const free = [];
    const taken = new Uint8Array(this.tile);
    for (const s of this.slots) { // what shows the same row as before keeps its text
      const k = s.i >= 0 && s.i < this.order.length ? this.place[s.i] - this.first : -1;
      if (k >= 0 && k < this.tile && !taken[k]) {
        taken[k] = 1;
        this.#fill(s, this.first + k);
      } else free.push(s);
    }
    for (let k = 0; k < this.tile; k++) if (!taken[k]) this.#fill(/** @type {Slot} */ (free.pop()), this.first + k);
    for (const s of free) {
      s.el.hidden = true;
      s.at = s.i = -1;
    }
    this.#pictures();
    this.#active();
  }

  #pictures() {
    const { row, left, width, bar } = this.size;
    const y = this.first * row;
    this.canvas.style.transform = `translate(${left}px, ${y}px)`;
    const c = prepare(this.canvas, width, Math.max(1, this.tile * row));
    const now = this.live ? this.now : NaN;
    if (left) drawBack(c, this.colors, this.axis, this.ticks, 0, this.tile * row, now);
    else for (let k = 0; k < this.tile; k++) drawBack(c, this.colors, this.axis, this.ticks, (k + 0.5) * row, (k + 1) * row - 1, now); // below the names
    const chosen = this.selected >= 0 && this.selected < this.rows.count ? this.place[this.selected] - this.first : -1;
    if (chosen >= 0 && chosen < this.tile) {
      c.fillStyle = this.colors.pick;
      for (const f of this.axis.folds) c.fillRect(f.at, (left ? chosen : chosen + 0.5) * row, f.width, left ? row : row / 2);
    }
    const bars = new Bars(c, this.colors, this.axis, this.rows, this.now);
    for (let k = 0; k < this.tile; k++) bars.draw(this.shown[this.first + k], k * row + bar, k === chosen ? this.colors.pick : this.colors.paper);
  }

  /** @returns {Slot} */
  #slot() {
    const cell = (/** @type {string} */ name, /** @type {Array<Node>} */ ...children) => h("div", { class: name, role: "gridcell" }, ...children);
    const text = () => document.createTextNode("");
    const server = text(), lead = h("span", { class: "dir" }, text()), name = h("span", { class: "m" }, text()), took = text(), unit = text(), out = cell("out", text());
    const el = h("div", { class: "fall-row", role: "row", id: `row${this.slots.length}` }, cell("srv", server), cell("op", lead, name), cell("took", took, h("i", null, unit)), cell("t"), out);
    this.space.append(el);
    return { el, server, lead, name, took, unit, out, at: -1, i: -1, looks: "", says: undefined };
  }

  /** @param {Slot} s @param {number} k the place of the row */
  #fill(s, k) {
    const { rows, shown } = this;
    const i = shown[k];
    const { el } = s;
    const flags = rows.flags[i];
    const depth = this.depth[i];
    if (s.i !== i) {
      s.i = i;
      el.hidden = false;
      set(s.server, this.servers.get(rows.sessionOf(i)) ?? "");
      set(s.name.firstChild, rows.names.values[rows.name[i]]);
      s.name.title = `${rows.names.values[rows.name[i]]}, ${clock(this.date(rows.start[i]), true)}, ${utc(this.date(rows.start[i]))}`;
    }
    if (s.at !== k) {
      s.at = k;
      el.style.transform = `translateY(${k * this.size.row}px)`;
      el.setAttribute("aria-rowindex", String(k + 2));
    }
    set(s.lead.firstChild, (depth ? "└" : "") + (flags & toClient ? "← " : "→ "));
    s.lead.style.paddingLeft = depth > 1 ? Math.min(depth - 1, 6) * 0.7 + "rem" : "";
    const same = k > 0 && rows.session[shown[k - 1]] === rows.session[i];
    const selected = i === this.selected;
    const looks = `fall-row${same ? " same" : k > 0 && this.groups ? " next" : ""}${selected ? " on" : ""}${i === this.cursor ? " at" : ""}`;
    if (s.looks !== looks) {
      s.looks = el.className = looks;
      el.setAttribute("aria-selected", String(selected));
    }
    const outcome = flags & note ? null : rows.outcomeOf(i);
    if (s.says !== outcome) {
      s.says = outcome;
      set(s.out.firstChild, outcome ? outcome.text : "notification");
      s.out.className = `out ${outcome ? outcome.tone : "quiet"}${outcome?.ending === "hung" ? " now" : ""}`;
      s.out.title = outcome ? outcome.text : "";
    }
    this.#took(s);
  }

  /** @param {Slot} s */
  #took(s) {
    const [n, unit] = this.rows.flags[s.i] & note ? ["", ""] : durationParts(this.rows.tookOf(s.i, this.now));
    set(s.took, n);
    set(s.unit, unit);
    const wide = unit === "" && n !== "";
    const i = /** @type {HTMLElement} */ (s.unit.parentNode);
    if (i.hidden !== wide) i.hidden = wide;
  }

  /** @param {number} t s since base */
  date(t) {
    return new Date(this.rows.base + t * 1000);
  }

  /** Marks the row that one is at, for the eye and for screen readers. */
  #active() {
    let id = "";
    for (const s of this.slots) {
      const at = s.i === this.cursor && s.at >= 0 && this.cursor >= 0 && !s.el.hidden;
      if (at) id = s.el.id;
    }
    if (id) this.element.setAttribute("aria-activedescendant", id);
    else this.element.removeAttribute("aria-activedescendant");
  }

  // ── moving about ────────────────────────────────────────────────────

  /** Chooses a row, or none, from outside. @param {number} i @param {boolean} reveal */
  select(i, reveal) {
    this.selected = i;
    if (i >= 0) this.cursor = i;
    if (i >= 0 && reveal) this.reveal(i);
    this.#schedule("tile");
  }

  /** Shows the times around a row: what it and its neighbors take. @param {number} i */
  around(i) {
    const { starts } = this.edges;
    const near = 11;
    if (starts.length <= 2 * near) return;
    const start = this.rows.start[i], at = starts.indexOf(start);
    const to = Math.max(starts[Math.min(starts.length - 1, at + near)], Math.min(this.rows.until(i, this.now), start + 600));
    this.window = { from: starts[Math.max(0, at - near)], to: this.rows.end[i] < 0 || to >= this.end ? null : to };
    this.#choose(null);
    this.#schedule("window");
  }

  /** Brings a row into view. @param {number} i */
  reveal(i) {
    if (i >= this.order.length) return;
    this.following = false;
    if (this.place[i] < 0) {
      const { from, to } = this.span();
      const start = Math.max(this.begin, this.rows.start[i] - (to - from) * 0.3);
      this.zoom({ from: start, to: start + to - from }, true);
      this.#choose(null);
    }
    const { row, room } = this.size;
    const y = this.place[i] * row;
    if (y < this.top) this.#scroll(y - (y < this.top - 2 * row ? room / 3 : 0));
    else if (y + row > this.top + room) this.#scroll(y + row - room + (y > this.top + room + row ? room / 3 : 0));
  }

  /** @param {number} i @param {boolean} open */
  #go(i, open) {
    this.cursor = i;
    this.reveal(i);
    this.#schedule("tile");
    this.act.moved(i, open);
  }

  /** @param {number} by */
  #step(by) {
    if (!this.count) return;
    const at = this.cursor >= 0 && this.cursor < this.order.length ? this.place[this.cursor] : -1;
    if (at < 0 && Number.isFinite(by)) return this.#go(this.shown[Math.min(this.count - 1, Math.ceil(this.top / this.size.row))], false);
    const to = at + by;
    if (to >= 0 && to < this.count) return this.#go(this.shown[to], false);
    if (Math.abs(by) > 1) return this.#go(this.shown[by < 0 ? 0 : this.count - 1], false);
    const next = this.order[this.order.indexOf(this.cursor) + by]; // beyond the window
    if (next !== undefined) this.#go(next, false);
  }

  /** Goes to the next row that is not ok. @param {1 | -1} by */
  #trouble(by) {
    const { rows, order } = this;
    let k = this.cursor >= 0 ? order.indexOf(this.cursor) + by : by > 0 ? 0 : order.length - 1;
    for (; k >= 0 && k < order.length; k += by) {
      if (!(rows.flags[order[k]] & note) && rows.outcomeOf(order[k]).trouble) return this.#go(order[k], false);
    }
    this.act.say(`Nothing ${by > 0 ? "after" : "before"} this needs a look.`);
  }

  /** Acts on a key; reports whether it is one. @param {string} key */
  key(key) {
    const page = Math.max(1, Math.floor(this.size.room / this.size.row) - 1);
    switch (key) {
      case "j": case "ArrowDown": this.#step(1); break;
      case "k": case "ArrowUp": this.#step(-1); break;
      case "PageDown": this.#step(page); break;
      case "PageUp": this.#step(-page); break;
      case "Home": this.#step(-Infinity); break;
      case "End": this.#step(Infinity); break;
      case "n": this.#trouble(1); break;
      case "N": this.#trouble(-1); break;
      case "h": case "ArrowLeft": this.pan(-0.25); break;
      case "l": case "ArrowRight": this.pan(0.25); break;
      case "+": case "=": this.scale(1.5); break;
      case "-": this.scale(1 / 1.5); break;
      case "0": this.zoom({ from: null, to: null }, true); break;
      case "Enter":
        if (this.cursor < 0) return false;
        this.act.moved(this.cursor, true);
        break;
      default: return false;
    }
    return true;
  }

  /**
   * Shows other times.
   * @param {Window} w
   * @param {boolean} settled as opposed to on the way
   */
  zoom(w, settled) {
    const whole = this.span();
    const end = this.live ? this.span().end : this.end;
    let { from, to } = w;
    if (to !== null && to >= end) to = null;
    if (from !== null && from <= this.begin) from = null;
    if (to !== null && to < this.begin) to = this.begin;
    if (from !== null && (to ?? whole.end) - from < shortest) from = (to ?? whole.end) - shortest;
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
    return this.top + this.size.room >= (this.count - 0.5) * this.size.row;
  }

  #listen() {
    const { element } = this;
    element.addEventListener("scroll", () => {
      this.top = element.scrollTop;
      if (this.live && this.window.to === null) this.following = this.atEnd();
      if (!this.stale) this.frame ||= requestAnimationFrame(() => this.draw());
    }, { passive: true });
    element.addEventListener("wheel", (e) => {
      const x = e.clientX - this.space.getBoundingClientRect().left - this.size.left;
      const sideways = e.shiftKey ? e.deltaY || e.deltaX : Math.abs(e.deltaX) > Math.abs(e.deltaY) ? e.deltaX : 0;
      const unit = e.deltaMode === 1 ? 20 : 1;
      if (e.ctrlKey || e.metaKey) {
        this.pivot = Math.max(0, e.clientY - element.getBoundingClientRect().top - this.size.head);
        this.scale(Math.exp(Math.max(-1, Math.min(1, -e.deltaY * unit * 0.004))), Math.max(0, Math.min(x, this.axis.width)), false);
      } else if (sideways) this.pan((sideways * unit) / this.size.width, false);
      else return;
      e.preventDefault();
    }, { passive: false });
    this.#drag();
  }

  /** A drag along the axis moves it; a click chooses a row. */
  #drag() {
    const { element } = this;
    /** @type {{x: number, time: number, moved: boolean} | null} */
    let drag = null;
    let dragged = false; // the click that follows is none
    const place = (/** @type {PointerEvent} */ e) => e.clientX - this.space.getBoundingClientRect().left - this.size.left;
    element.addEventListener("pointerdown", (e) => {
      const x = place(e);
      dragged = false;
      if (e.button || x < 0 || x > this.axis.width) return;
      drag = { x: e.clientX, time: this.axis.time(x), moved: false };
    });
    element.addEventListener("pointermove", (e) => {
      if (!drag || (!drag.moved && Math.abs(e.clientX - drag.x) < 4)) return;
      if (!drag.moved) element.setPointerCapture(e.pointerId);
      drag.moved = true;
      const { from, to, end } = this.span();
      const start = Math.max(this.begin, Math.min(from + drag.time - this.axis.time(place(e)), end - (to - from)));
      this.following = false;
      if (start !== from) this.zoom({ from: start, to: start + to - from }, false);
    });
    const drop = () => {
      if (drag?.moved) {
        this.act.zoomed(this.window, true);
        dragged = true;
      }
      drag = null;
    };
    element.addEventListener("pointerup", drop);
    element.addEventListener("pointercancel", () => (drag = null));
    element.addEventListener("click", (e) => {
      const row = e.target instanceof Element ? e.target.closest(".fall-row") : null;
      const slot = this.slots.find((s) => s.el === row);
      if (!slot || slot.i < 0 || dragged) return;
      this.cursor = slot.i;
      this.following = false;
      this.act.moved(slot.i, true);
    });
  }

  /** What is shown, in words. */
  summary() {
    const beyond = [this.earlier && `${plural(this.earlier, "operation")} earlier`, this.later && `${plural(this.later, "operation")} later`].filter(Boolean);
    return beyond.join(", ");
  }
}

/** @param {number} x @param {string} text */
function label(x, text) {
  const e = h("span", null, text);
  e.style.left = x + "px";
  return e;
}

/** Sets a text if it is another one. @param {Node | null} node @param {string} text */
function set(node, text) {
  if (node && node.nodeValue !== text) node.nodeValue = text;
}
