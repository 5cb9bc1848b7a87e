// What the context view draws, and its panel.

import { figure, h, s } from "../dom.js";
import * as format from "../format.js";
import { facts, heading, section, setting, verdict } from "../panel.js";
import { command, state } from "../states.js";

/** @typedef {import("../../api").Context} Context */
/** @typedef {import("../../api").ContextServer} Server */
/** @typedef {import("../../api").ContextDefinition} Definition */

/** How many changes of a cost are named. */
const CHANGES = 6;

/** @param {string} name @param {import("../dom.js").Child} text @param {string} [label] where the table has no heads */
export const cell = (name, text, label) => h("td", { class: name, "data-l": label }, text);

/** A count; none is quiet. @param {number} n @param {string} label @param {import("../dom.js").Child} [text] */
export const counted = (n, label, text = format.count(n)) => cell(n ? "n" : "n z", text, label);

/** @param {...string} names "." is before those of numbers, "≈" before those of amounts with a unit */
export const heads = (...names) => h("thead", null, h("tr", null, names.map((n) =>
  /^[.≈]/.test(n) ? h("th", { class: "n" }, n.slice(1), n[0] === "≈" && h("i")) : h("th", { class: "d" }, n))));

/** @param {string} kind @param {number} x @param {number} width both as a part of the whole */
export const rect = (kind, x, width) =>
  s("rect", { class: kind, x: format.percent(x), width: format.percent(width), y: kind === "k-use" ? 2 : 2.5, height: kind === "k-use" ? 8 : 7 });

/** @param {...string} classes */
export const columns = (...classes) => h("colgroup", null, classes.map((c) => h("col", { class: c || null })));

/**
 * A cell with an estimate; of an earlier version's session, which has none, the size.
 * @param {number} tokens
 * @param {number} [size]
 * @param {string} [label]
 */
export function amount(tokens, size = 0, label) {
  return cell("n", figure(tokens || !size ? format.tokensParts(tokens) : format.sizeParts(size)), label);
}

/** @param {import("../../api").Remark} r */
export const remark = (r) => h("span", { class: r.tone === "quiet" ? "dim" : r.tone }, r.text);

/** @param {Definition} d */
export const mark = (d) => (d.kind !== "tool" ? "k-text" : d.calls ? "k-use" : "k-idle");

/**
 * The window to scale: what definitions take of it, and what a usual run adds.
 * @param {Context} data
 */
export function ruler(data) {
  const full = data.window;
  const rail = () => s("path", { class: "r-rail", d: "M.5 2V12" });
  const line = [s("line", { class: "r-rail", x1: 0, x2: "100%", y1: 7, y2: 7 }), rail(), s("line", { class: "r-rail", x1: "100%", x2: "100%", y1: 2, y2: 12 })];
  let x = 0;
  const parts = data.servers.map((one) => {
    const piece = s("rect", { class: "r-def", x: format.percent(x / full), width: format.percent(Math.min(one.tokens, full - x) / full), y: 1, height: 12 },
      s("title", null, `${one.server} ${format.tokens(one.tokens)}`));
    x += one.tokens;
    return piece;
  });
  const usual = data.usual;
  const over = data.total - full;
  return h("div", { class: "ruler" },
    h("p", { class: "r-names m" }, data.servers.map((one, i) => h("span", null, one.server, " ", h("span", { class: "nw" }, format.tokens(one.tokens), i < data.servers.length - 1 && ",")))),
    s("svg", { height: 14, role: "img", "aria-label": `Of a window of ${format.count(full)} tokens, definitions take ${format.count(data.total)}` }, line, parts),
    s("svg", { height: 14, class: "r-second", "aria-hidden": "true" }, line.map((e) => e.cloneNode(true)),
      s("rect", { class: "r-def", x: 0, width: format.percent(data.total / full), y: 1, height: 12 }),
      usual && s("rect", { class: "r-use", x: format.percent(data.total / full), width: format.percent(Math.min(usual.p50, full - data.total) / full), y: 1.5, height: 11 })),
    h("p", { class: "r-words" }, h("span", null, `definitions ${format.tokens(data.total)}`),
      over > 0 && h("span", { class: "bad" }, `${format.tokens(over)} more than the window has`),
      usual && h("span", null, usual.text), usual && over <= 0 && data.total + usual.p50 > full && h("span", { class: "late" }, "together more than the window has"), h("span", { class: "r-full" }, `${full >= 1e6 ? `${full / 1e6}M` : `${full / 1000}k`}`)));
}

/**
 * What a server's definitions are made of: a piece for each where each can be seen, else one for those of a kind.
 * @param {Server} one
 * @param {number} most tokens of the dearest server
 */
export function pieces(one, most) {
  const order = ["k-text", "k-use", "k-idle"];
  /** @type {Array<[string, number]>} */
  let parts = one.definitions.map((d) => [mark(d), d.tokens]);
  if (parts.some(([, n]) => n / most < 0.006)) parts = order.map((m) => [m, parts.reduce((sum, [of, n]) => sum + (of === m ? n : 0), 0)]);
  parts.sort((a, b) => order.indexOf(a[0]) - order.indexOf(b[0]));
  const sum = (/** @type {string} */ m) => one.definitions.reduce((all, d) => all + (mark(d) === m ? d.tokens : 0), 0);
  const svg = s("svg", { height: 12, role: "img", "aria-label": `${format.tokens(sum("k-use"))} called, ${format.tokens(sum("k-idle"))} never called` });
  let x = 0;
  for (const [kind, n] of parts) {
    if (n) svg.append(rect(kind, x / most, n / most));
    x += n;
  }
  return svg;
}

/**
 * How a cost has changed in a month. A small change of something large is a small step.
 * @param {Server["history"]} history
 * @param {Date} now
 */
export function steps(history, now) {
  const month = 30 * 864e5;
  const points = history.map((p) => ({ x: Math.min(97, Math.max(0, 100 - ((now.getTime() - Date.parse(p.at)) / month) * 100)), tokens: p.tokens }));
  if (!points.length) return null;
  const all = points.map((p) => p.tokens);
  const [least, largest] = [Math.min(...all), Math.max(...all)];
  const y = (/** @type {number} */ n) => (least === largest ? 6 : 10 - (8 * (n - least)) / Math.max(largest - least, 0.15 * largest)).toFixed(1);
  const d = points.map((p, i) => (i ? `H${p.x.toFixed(1)}V${y(p.tokens)}` : `M${p.x.toFixed(1)} ${y(p.tokens)}`)).join("") + "H100";
  const words = history.slice(-3).map((p) => `${p.text} since ${format.moment(new Date(p.at), now)}`).join("; ");
  return s("svg", { class: "step", viewBox: "0 0 100 12", preserveAspectRatio: "none", height: 12, role: "img", "aria-label": words }, s("title", null, words), s("path", { d }));
}

/**
 * The same of one definition, with the figures.
 * @param {Server["history"]} history
 * @param {Date} now
 */
function costs(history, now) {
  const latest = history.slice(-CHANGES).reverse();
  const rest = history.length - latest.length;
  return [section("Cost, 30 days"), steps(history, now),
    h("div", { class: "c-cost" }, facts(latest.map((p) => ({ label: format.moment(new Date(p.at), now), text: p.text })))),
    rest > 0 && h("p", { class: "dim" }, `${format.plural(rest, "earlier change")}.`)];
}

/** @param {Context} data */
export function cuts(data) {
  if (!data.cut.length) return null;
  return [h("h2", { class: "c-title" }, `What ${data.client} cuts`),
    h("ul", { class: "c-cut" }, data.cut.map((r) => h("li", { class: r.tone === "late" ? "late" : "soft" }, r.text)))];
}

/** @param {Context} data */
export function empty(data) {
  return state("No definitions are known yet",
    h("p", { class: "soft" }, "A server’s definitions are known once a client has listed its tools through spanpipe. To see those of a server now:"),
    command("SPANPIPE_TELEMETRY=local spanpipe try -- your-server"),
    data.client && h("p", { class: "soft" }, "A longer time, or another client, may have some."));
}

/** A difference: two lines of heads, and then lines with what they are before them. @param {string} text */
const difference = (text) => text.split("\n").flatMap((line, i) =>
  [i < 2 ? line : line.startsWith("+") ? h("ins", null, line) : line.startsWith("-") ? h("del", null, line) : line, "\n"]);

/** @param {import("../../api").Definition} d */
export function about(d) {
  return [
    ...heading(d.name, d.server, d.badge), verdict(d.headline, d.detail), facts(d.facts),
    d.history && d.history.length > 1 && costs(d.history, new Date(d.now)),
    d.parts.length > 0 && [section(d.parts.some((p) => p.changed) ? "What changed" : "Parts"),
      h("table", { class: "parts" }, h("thead", null, h("tr", null, h("th", null, "Part"), h("th", { class: "n" }, "Now"))),
        h("tbody", null, d.parts.map((p) => h("tr", null, h("th", { scope: "row" }, p.changed ? h("b", { class: "late" }, p.part) : p.part),
          h("td", { class: "n" }, p.changed ? h("b", { class: "late" }, p.state) : h("span", { class: "dim" }, p.state))))))],
    ...(d.notes ?? []).map((n) => h("p", { class: "soft" }, n)),
    section("The text"),
    d.text && h("pre", { role: "group", tabindex: 0, "aria-label": "The text" }, d.diff ? difference(d.text) : d.text),
    h("p", { class: "soft" }, d.text_note, d.setting && " To keep texts for a diff the next time, set this for the server:"),
    d.setting && setting(d.setting),
    section(d.accept ? "To look at it and accept it, in a terminal" : "In the terminal"),
    ...d.commands.map(command),
    d.accept && h("p", { class: "soft" }, d.accept),
    h("p", { class: "dim" }, "The page changes nothing: it can only read."),
  ];
}
