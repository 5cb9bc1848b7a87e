// A run as a whole: a line for each server on a linear axis, and a brush for the times that are shown below.

import { Axis, ticks } from "./axis.js";
import { h, put } from "./dom.js";
import { clock, duration, percent, utc } from "./format.js";
import { strip, stripLabel } from "./strip.js";

/** @typedef {import("../api").Run} Run */
/** @typedef {import("../api").Session} Session */

const grip = 7; // px at the edges of a brush that move the edge alone

export class Overview {
  /** @param {(from: number, to: number, settled: boolean) => void} zoomed ms since 1970; -Infinity and Infinity stand for the ends */
  constructor(zoomed) {
    this.zoomed = zoomed;
    this.from = this.to = 0;
    /** @type {[number, number]} */
    this.shown = [-Infinity, Infinity];
    this.live = false;
    this.names = h("div", { class: "map-names", "aria-hidden": "true" });
    this.lanes = h("div", { class: "map-lanes" });
    this.brush = h("div", { class: "brush", role: "slider", tabindex: 0, "aria-label": "Time shown", "aria-valuemin": 0, "aria-valuemax": 100, title: "Drag to choose the time shown; double click: all (0)" });
    this.picture = h("div", { class: "map-pic" }, this.lanes, this.brush);
    this.axis = h("div", { class: "map-axis", "aria-hidden": "true" });
    this.element = h("div", { class: "map" }, this.names, this.picture, this.axis);
    this.#listen();
    this.resized = new ResizeObserver(() => this.#label());
    this.resized.observe(this.picture);
  }

  leave() {
    this.resized.disconnect();
  }

  /** Draws a run. @param {Run} run @param {number} now ms since 1970 */
  draw(run, now) {
    this.live = run.live;
    this.from = Date.parse(run.began);
    this.to = Math.max(run.live ? now : Date.parse(run.until), this.from + 1);
    const length = (this.to - this.from) / 1000;
    /** @type {Map<string, Session[]>} */
    const servers = new Map();
    for (const s of run.sessions) servers.set(s.server, [...(servers.get(s.server) ?? []), s]);
    this.names.replaceChildren(...[...servers.keys()].map((name) => h("span", { title: name }, name)));
    this.lanes.replaceChildren(...[...servers].map(([server, sessions]) =>
      h("div", null, ...sessions.map((s) =>
        strip({ strip: s.strip, from: (Date.parse(s.began) - this.from) / 1000, to: ((s.live ? this.to : Date.parse(s.until)) - this.from) / 1000, mark: s.end.mark }, length, stripLabel(server, s))))));
    this.#label();
    this.show(...this.shown);
  }

  #label() {
    const width = this.picture.clientWidth;
    if (!width || !this.to) return;
    const axis = new Axis(0, (this.to - this.from) / 1000, width, []);
    this.axis.replaceChildren();
    for (const t of ticks(axis, this.from, width - (this.live ? 28 : 0))) put(this.axis, h("span", { style: { left: `${t.x}px` } }, t.text));
    if (this.live) put(this.axis, h("span", { class: "end" }, "now"));
  }

  /** Moves the brush. @param {number} from ms since 1970 @param {number} to */
  show(from, to) {
    this.shown = [from, to];
    const share = (/** @type {number} */ t) => Math.max(0, Math.min(1, (t - this.from) / (this.to - this.from)));
    const left = share(from), right = share(to);
    this.brush.style.left = percent(left);
    this.brush.style.right = percent(1 - right);
    this.brush.setAttribute("aria-valuenow", String(Math.round(((left + right) / 2) * 100)));
    const [a, b] = this.#range();
    this.brush.classList.toggle("whole", left <= 0 && right >= 1);
    const text = left <= 0 && right >= 1 ? "all of the run" : `${clock(new Date(a), true)} to ${this.live && right >= 1 ? "now" : clock(new Date(b), true)}, ${duration((b - a) / 1000)}`;
    this.brush.setAttribute("aria-valuetext", text);
    this.brush.title = `${text} (${utc(new Date(a))}). Drag to choose another time; double click: all`;
  }

  #range() {
    return [Math.max(this.shown[0], this.from), Math.min(this.shown[1], this.to)];
  }

  #listen() {
    const { picture } = this;
    /** @type {{how: "new" | "move" | "from" | "to", x: number, from: number, to: number, moved: boolean} | null} */
    let drag = null;
    const at = (/** @type {PointerEvent | MouseEvent} */ e) => {
      const box = picture.getBoundingClientRect();
      return this.from + Math.max(0, Math.min(1, (e.clientX - box.left) / box.width)) * (this.to - this.from);
    };
    picture.addEventListener("pointerdown", (e) => {
      if (e.button) return;
      const box = this.brush.getBoundingClientRect();
      const [from, to] = this.#range();
      const whole = from <= this.from && to >= this.to;
      const inside = e.clientX >= box.left - grip && e.clientX <= box.right + grip;
      const how = !inside ? "new" : Math.abs(e.clientX - box.left) <= grip ? "from" : Math.abs(e.clientX - box.right) <= grip ? "to" : whole ? "new" : "move";
      drag = { how, x: e.clientX, from: how === "new" ? at(e) : from, to, moved: false };
      picture.setPointerCapture(e.pointerId);
    });
    const move = (/** @type {PointerEvent} */ e, /** @type {boolean} */ settled) => {
      if (!drag || (!drag.moved && Math.abs(e.clientX - drag.x) < 3)) return;
      drag.moved = true;
      const t = at(e);
      if (drag.how === "move") {
        const by = (t - this.from) - (drag.x - picture.getBoundingClientRect().left) / picture.clientWidth * (this.to - this.from);
        const from = Math.max(this.from, Math.min(drag.from + by, this.to - (drag.to - drag.from)));
        return this.#zoom(from, from + drag.to - drag.from, settled);
      }
      const other = drag.how === "from" ? drag.to : drag.from;
      this.#zoom(Math.min(t, other), Math.max(t, other), settled);
    };
    picture.addEventListener("pointermove", (e) => move(e, false));
    picture.addEventListener("pointerup", (e) => {
      move(e, true);
      if (drag && !drag.moved && drag.how === "new") { // a click beside the brush: it comes
        const [from, to] = this.#range();
        if (to - from < this.to - this.from) {
          const start = Math.max(this.from, Math.min(drag.from - (to - from) / 2, this.to - (to - from)));
          this.#zoom(start, start + to - from, true);
        }
      }
      drag = null;
    });
    picture.addEventListener("pointercancel", () => (drag = null));
    picture.addEventListener("dblclick", () => this.zoomed(-Infinity, Infinity, true));
  }

  /** @param {number} from @param {number} to @param {boolean} settled */
  #zoom(from, to, settled) {
    const least = (this.to - this.from) / 2000;
    this.zoomed(from <= this.from ? -Infinity : from, to >= this.to ? Infinity : Math.max(to, from + least), settled);
  }
}
