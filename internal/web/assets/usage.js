// What the servers' processes use: a row for each, on the axis of the operations above.

import { figure, h } from "./dom.js";
import { drawBehind, prepare } from "./draw.js";
import { processor, size as inBytes } from "./format.js";

/** @typedef {import("../api").Resources} Resources */
/** @typedef {import("./waterfall.js").Waterfall} Waterfall */

const least = 0.05; // processors: below that, all is quiet

export class Usage {
  constructor() {
    this.canvas = h("canvas", { class: "use-areas", "aria-hidden": "true" });
    this.rows = h("div", { class: "use-rows" }, this.canvas);
    this.element = h("section", { class: "use", tabindex: 0, "aria-label": "CPU and memory", hidden: true }, this.rows);
    /** @type {{at: number[], cpu: ReadonlyArray<number>, known: number[], memory: number[], mostMemory: number}[]} known: when memory was */
    this.series = [];
    this.most = least; // processors, of all
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
      const [highest, mostMemory] = [s.cpu, s.memory].map((all) => all.reduce((a, b) => Math.max(a, b), 0));
      this.most = Math.max(this.most, highest);
      const at = s.at.map((t) => t + shift);
      this.series.push({ at, cpu: s.cpu, known: at.filter((_, k) => s.memory[k] > 0), memory: s.memory.filter((m) => m > 0), mostMemory });
      const last = s.cpu[s.cpu.length - 1];
      list.append(h("li", { class: "use-row", title: s.at.length ? `CPU, filled: at most ${processor(highest)} of a processor.${mostMemory ? ` Memory, dotted: at most ${inBytes(mostMemory)}` : ""}` : "" },
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
    const { axis, size, colors } = fall;
    const { row } = size;
    const height = row * this.series.length;
    const c = prepare(this.canvas, size.width, height);
    this.canvas.style.transform = `translateX(${size.left}px)`;
    drawBehind(c, fall, this.series.length);
    for (const [n, s] of this.series.entries()) {
      const bottom = (n + 1) * row - 2.5;
      const high = size.left ? row - 7 : row / 2 - 4;
      const cpu = places(axis, s.at, s.cpu);
      if (!cpu.length) continue; // nothing was measured in this time
      c.lineWidth = 1;
      c.beginPath();
      c.moveTo(cpu[0].x, bottom);
      for (const p of cpu) c.lineTo(p.x, bottom - (p.highest / this.most) * high);
      c.lineTo(cpu[cpu.length - 1].x, bottom);
      c.fillStyle = colors["ok-soft"];
      c.fill();
      c.strokeStyle = colors.ok;
      c.stroke();
      c.beginPath();
      for (const p of places(axis, s.known, s.memory)) c.lineTo(p.x, bottom - (p.highest / s.mostMemory) * high);
      c.strokeStyle = colors["ink-3"];
      c.setLineDash([2, 2]);
      c.stroke();
      c.setLineDash([]);
    }
  }
}

/**
 * Samples on an axis: of those that fall on one place, the highest.
 * @param {import("./axis.js").Axis} axis
 * @param {ReadonlyArray<number>} at
 * @param {ReadonlyArray<number>} values
 */
function places(axis, at, values) {
  /** @type {{x: number, highest: number}[]} */
  const out = [];
  const last = at.length - 1;
  let k = 0;
  while (k < last && at[k + 1] < axis.from) k++;
  if (k === last && at[k] < axis.from) return out;
  let highest = 0;
  for (; k <= last && !(at[k] > axis.to && at[k - 1] > axis.to); k++) {
    const x = axis.x(at[k]);
    highest = Math.max(highest, values[k]);
    if (out.length && x - out[out.length - 1].x < 1 && k < last) continue;
    out.push({ x, highest });
    highest = 0;
  }
  return out;
}
