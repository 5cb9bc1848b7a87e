// What the servers' processes use: a row for each, on the axis of the operations above.

import { figure, h } from "./dom.js";
import { drawBack, prepare } from "./draw.js";
import { processor } from "./format.js";

/** @typedef {import("../api").Resources} Resources */
/** @typedef {import("./waterfall.js").Waterfall} Waterfall */

const least = 0.05; // processors: below that, all is quiet

export class Usage {
  constructor() {
    this.canvas = h("canvas", { class: "use-areas", "aria-hidden": "true" });
    this.rows = h("div", { class: "use-rows" }, this.canvas);
    this.element = h("section", { class: "use", tabindex: 0, "aria-label": "CPU and memory", hidden: true }, this.rows);
    /** @type {{at: Float64Array, cpu: ReadonlyArray<number>}[]} */
    this.series = [];
    this.most = least;
  }

  /**
   * @param {Resources} resources
   * @param {ReadonlyMap<string, string>} servers by session
   * @param {number} base of the axis, in ms since 1970
   */
  set(resources, servers, base) {
    const shift = (Date.parse(resources.base) - base) / 1000;
    const list = h("ul");
    this.series = [];
    this.most = least;
    for (const s of resources.sessions) {
      const highest = s.cpu.reduce((a, b) => Math.max(a, b), 0);
      this.most = Math.max(this.most, highest);
      this.series.push({ at: Float64Array.from(s.at, (t) => t + shift), cpu: s.cpu });
      const last = s.cpu[s.cpu.length - 1];
      list.append(h("li", { class: "use-row", title: s.at.length ? `CPU: highest ${processor(highest)} of a processor` : "" },
        h("span", { class: "srv" }, servers.get(s.session) ?? s.session), h("span", { class: "op" }, "CPU, memory"),
        h("span", { class: "took" }, figure(last === undefined ? ["–", ""] : [String(Math.round(last * 100)), "%"])),
        h("span", { class: "t" }), h("span", { class: "out" }, s.text || "no figures")));
    }
    this.rows.replaceChildren(list, this.canvas);
    this.element.hidden = !this.series.length;
  }

  /** @param {Waterfall} fall whose axis it is */
  draw(fall) {
    if (this.element.hidden) return;
    const { axis, size } = fall;
    const { row } = size;
    const height = row * this.series.length;
    const c = prepare(this.canvas, size.width, height);
    this.canvas.style.transform = `translateX(${size.left}px)`;
    const { colors } = fall;
    const now = fall.live ? fall.now : NaN;
    if (size.left) drawBack(c, colors, axis, fall.ticks, 0, height, now);
    else for (let n = 0; n < this.series.length; n++) drawBack(c, colors, axis, fall.ticks, (n + 0.5) * row, (n + 1) * row, now); // below the names
    for (const [n, s] of this.series.entries()) {
      const bottom = (n + 1) * row - 2.5;
      let k = 0;
      while (k < s.at.length - 1 && s.at[k + 1] < axis.from) k++;
      if (k === s.at.length - 1 && s.at[k] < axis.from) continue; // nothing was measured in this time
      c.beginPath();
      let started = false, highest = 0, last = 0, drawn = -1;
      for (; k < s.at.length; k++) {
        if (s.at[k] > axis.to && s.at[k - 1] > axis.to) break;
        const x = axis.x(s.at[k]);
        highest = Math.max(highest, s.cpu[k]);
        if (started && x - drawn < 1 && k < s.at.length - 1) continue; // the highest of what falls on one place
        if (!started) c.moveTo(x, bottom);
        started = true;
        c.lineTo(x, bottom - (highest / this.most) * (size.left ? row - 7 : row / 2 - 4));
        drawn = last = x;
        highest = 0;
      }
      if (!started) continue;
      c.lineTo(last, bottom);
      c.fillStyle = colors["ok-soft"];
      c.fill();
      c.strokeStyle = colors.ok;
      c.lineWidth = 1;
      c.stroke();
    }
  }
}
