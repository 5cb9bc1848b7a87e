// The rows that can be seen, a few above and below them, and a canvas for their bars. Elements are used again as rows come and go.

import { h } from "./dom.js";
import { Bars, drawBehind, prepare } from "./draw.js";
import { clock, durationParts, utc } from "./format.js";
import { note, toClient } from "./rows.js";

/** @typedef {{el: HTMLElement, server: Text, lead: HTMLElement, name: HTMLElement, took: Text, unit: Text, out: HTMLElement, at: number, i: number, looks: string, says: import("../api").Outcome | null | undefined}} Slot a row of the page: at is its place, i what it shows */

const over = 8; // rows above and below those that can be seen

export class Tile {
  /** @param {import("./waterfall.js").Waterfall} fall */
  constructor(fall) {
    this.fall = fall;
    /** @type {Slot[]} */
    this.slots = [];
    this.first = this.tile = 0; // the place of the first row, and how many there are
    this.most = 0; // rows
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
  }

  /** Takes the height of what can be seen. */
  resize() {
    const { room, row } = this.fall.size;
    this.most = Math.ceil(Math.max(room, row) / row) + 1 + 2 * over;
    while (this.slots.length > this.most) this.slots.pop()?.el.remove();
    for (const s of this.slots) s.at = -1; // to be moved
  }

  /** The rows that are shown are no longer those of their numbers. */
  forget() {
    for (const s of this.slots) s.i = -1;
  }

  /** Ages of what is open. */
  tick() {
    for (const s of this.slots) if (s.i >= 0 && s.i < this.fall.rows.count && this.fall.rows.end[s.i] < 0) this.#took(s);
  }

  /** Puts rows where they are seen. @param {boolean} all of them are drawn again */
  draw(all) {
    const { place, count, top: scrollTop } = this.fall;
    const { row, room } = this.fall.size;
    const top = Math.max(0, Math.floor(scrollTop / row));
    const bottom = Math.min(count, Math.ceil((scrollTop + room) / row) + 1);
    if (!all && top >= this.first && bottom <= this.first + this.tile) return;
    this.first = Math.max(0, Math.min(top - over, count - this.most));
    this.tile = Math.min(this.most, count - this.first);
    while (this.slots.length < this.tile) this.slots.push(this.#slot());
    /** @type {Slot[]} */
    const free = [];
    const taken = new Uint8Array(this.tile);
    for (const s of this.slots) { // what shows the same row as before keeps its text
      const k = s.i >= 0 && s.i < this.fall.arranged ? place[s.i] - this.first : -1;
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
    this.#bars();
    this.#active();
  }

  #bars() {
    const { canvas, colors, axis, live, rows, place, shown, selected, now } = this.fall;
    const { row, left, width, bar } = this.fall.size;
    canvas.style.transform = `translate(${left}px, ${this.first * row}px)`;
    const c = prepare(canvas, width, Math.max(1, this.tile * row));
    drawBehind(c, this.fall, this.tile);
    const chosen = selected >= 0 && selected < rows.count ? place[selected] - this.first : -1;
    if (chosen >= 0 && chosen < this.tile) {
      c.fillStyle = colors.pick;
      for (const f of axis.folds) c.fillRect(f.at, (left ? chosen : chosen + 0.5) * row, f.width, left ? row : row / 2);
    }
    const bars = new Bars(c, colors, axis, rows, now);
    bars.blinks = live && !this.still.matches;
    for (let k = 0; k < this.tile; k++) bars.draw(shown[this.first + k], k * row + bar, k === chosen ? colors.pick : colors.paper);
  }

  /** @returns {Slot} */
  #slot() {
    const cell = (/** @type {string} */ name, /** @type {Array<Node>} */ ...children) => h("div", { class: name, role: "gridcell" }, ...children);
    const text = () => document.createTextNode("");
    const server = text(), lead = h("span", { class: "dir" }, text()), name = h("span", { class: "m" }, text()), took = text(), unit = text(), out = cell("out", text());
    const el = h("div", { class: "fall-row", role: "row", id: `row${this.slots.length}` }, cell("srv", server), cell("op", lead, name), cell("took", took, h("i", null, unit)), cell("t"), out);
    el.addEventListener("pointerenter", () => this.#title(slot));
    this.fall.space.append(el);
    /** @type {Slot} */
    const slot = { el, server, lead, name, took, unit, out, at: -1, i: -1, looks: "", says: undefined };
    return slot;
  }

  /** What there was no room for, once the pointer is there. @param {Slot} s */
  #title(s) {
    const { rows } = this.fall;
    if (s.i < 0) return;
    const at = new Date(rows.ms(rows.start[s.i]));
    s.el.title = `${s.server.data}: ${s.name.textContent}, ${clock(at, true)} (${utc(at)}), ${s.out.textContent}`;
  }

  /** @param {Slot} s @param {number} k the place of the row */
  #fill(s, k) {
    const { rows, shown, groups, size } = this.fall;
    const i = shown[k];
    const { el } = s;
    const flags = rows.flags[i];
    const depth = this.fall.depth[i];
    if (s.i !== i) {
      s.i = i;
      el.hidden = false;
      set(s.name.firstChild, rows.names.values[rows.name[i]]);
    }
    set(s.server, this.fall.servers.get(rows.sessionOf(i)) ?? "");
    if (s.at !== k) {
      s.at = k;
      el.style.transform = `translateY(${k * size.row}px)`;
      el.setAttribute("aria-rowindex", String(k + 2));
    }
    set(s.lead.firstChild, (depth ? "└" : "") + (flags & toClient ? "← " : "→ "));
    s.lead.style.paddingLeft = depth > 1 ? Math.min(depth - 1, 6) * 0.7 + "rem" : "";
    const same = k > 0 && rows.session[shown[k - 1]] === rows.session[i];
    const selected = i === this.fall.selected;
    const looks = `fall-row${same ? " same" : k > 0 && groups ? " next" : ""}${selected ? " on" : ""}${i === this.fall.cursor ? " at" : ""}`;
    if (s.looks !== looks) {
      s.looks = el.className = looks;
      el.setAttribute("aria-selected", String(selected));
    }
    const outcome = flags & note ? null : rows.outcomeOf(i);
    if (s.says !== outcome) {
      s.says = outcome;
      set(s.out.firstChild, outcome ? outcome.text : "notification");
      s.out.className = `out ${outcome ? outcome.tone : "quiet"}${outcome?.ending === "hung" ? " now" : ""}`;
    }
    this.#took(s);
  }

  /** @param {Slot} s */
  #took(s) {
    const [n, unit] = this.fall.rows.flags[s.i] & note ? ["", ""] : durationParts(this.fall.rows.tookOf(s.i, this.fall.now));
    set(s.took, n);
    set(s.unit, unit);
    const wide = unit === "" && n !== "";
    const i = /** @type {HTMLElement} */ (s.unit.parentNode);
    if (i.hidden !== wide) i.hidden = wide;
  }

  /** Marks the row that one is at, for the eye and for screen readers. */
  #active() {
    const { cursor, element } = this.fall;
    const at = cursor < 0 ? undefined : this.slots.find((s) => s.i === cursor);
    if (at) element.setAttribute("aria-activedescendant", at.el.id);
    else element.removeAttribute("aria-activedescendant");
  }
}

/** Sets a text if it is another one. @param {Node | null} node @param {string} text */
function set(node, text) {
  if (node && node.nodeValue !== text) node.nodeValue = text;
}
