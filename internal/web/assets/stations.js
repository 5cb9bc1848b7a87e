// The five stations of a call on its line: where it is stuck is where the line breaks.

import { s } from "./dom.js";

/** @typedef {import("../api").Station} Station */

const PLACES = [16, 96, 176, 256, 330];

/** Between the last two bytes of the way something moves, and no one waits: its piece is thin. */
const LAST_BYTE = 3;

/** @param {ReadonlyArray<Station>} all */
export function stations(all) {
  const label = all.map((a) => `${a.name}: ${a.state === "stuck" ? "stuck, " : a.state === "unknown" ? "not known, " : ""}${a.text}`).join("; ");
  const svg = s("svg", { class: "stations", viewBox: "0 0 346 58", role: "img", "aria-label": label });
  svg.append(s("path", { d: "M16 28H330" }));
  all.forEach((a, i) => {
    if (i === 0) return;
    const d = `M${PLACES[i - 1]} 28H${PLACES[i]}`;
    if (a.state === "reached") svg.append(s("path", { class: i === LAST_BYTE ? "st-move" : "st-done", d }));
    if (a.state === "stuck") svg.append(s("path", { class: `st-stuck ${a.tone}`, d }));
  });
  all.forEach((a, i) => {
    const [x, anchor] = i === 0 ? [8, "start"] : i === all.length - 1 ? [338, "end"] : [PLACES[i], "middle"];
    svg.append(
      s("circle", { class: `st-dot ${a.state === "reached" ? "d" : a.state === "unknown" ? "q" : ""}`, cx: PLACES[i] ?? 330, cy: 28, r: 4.5 }),
      s("text", { x, y: 14, "text-anchor": anchor }, a.name),
      s("text", { class: a.state === "stuck" ? `e ${a.tone}` : "w", x, y: 50, "text-anchor": anchor }, a.text),
    );
  });
  return svg;
}
