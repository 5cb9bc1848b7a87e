// What servers put into a model's context: definitions before the first word, and results of calls.

import { h, refill, s } from "../dom.js";
import * as format from "../format.js";
import { facts, heading, section, setting, verdict } from "../panel.js";
import { command, failed, reading, state } from "../states.js";

/** @typedef {import("../../api").Context} Context */
/** @typedef {import("../../api").ContextServer} Server */
/** @typedef {import("../../api").ContextDefinition} Definition */
/** @typedef {import("../../page").Frame} Frame */

const WINDOWS = [128_000, 200_000, 1_000_000];
const FIRST = 6; // definitions of a server that are shown at first
const ROWS = 12; // likewise of results

/** @type {import("../../page").View["title"]} */
export const title = () => "Context";

/** @type {import("../../page").View["keys"]} */
export const keys = [
  ["j k", "next, previous row"], ["Enter", "open"], ["n N", "next, previous changed or cut"], ["→ ←", "show, hide a server’s definitions"],
  ["r", "read again"], ["Esc", "close the panel"],
];

/** @type {import("../../page").View["show"]} */
export function show(root, frame) {
  const view = new ContextView(root, frame);
  view.read();
  return view;
}

class ContextView {
  /** @type {Context | null} */
  data = null;
  /** Servers of which all definitions are shown. @type {Set<string>} */
  whole = new Set();
  allResults = false;
  asked = "";
  selected = "";
  stale = h("button", { class: "btn", type: "button", hidden: true, onclick: () => this.read() }, "Newer figures: read again");

  /**
   * @param {HTMLElement} root
   * @param {Frame} frame
   */
  constructor(root, frame) {
    this.root = root;
    this.frame = frame;
    /** @type {Set<string>} */
    this.runs = new Set();
    frame.on("runs", (e) => {
      if (e.runs.some((r) => !this.runs.has(r.id)) && this.runs.size) this.stale.hidden = false;
      for (const r of e.runs) this.runs.add(r.id);
    });
    for (const name of /** @type {const} */ (["listing", "gone"])) frame.on(name, () => (this.stale.hidden = !this.data));
  }

  params() {
    const p = this.frame.address.params;
    return { since: p.get("since") ?? undefined, client: p.get("client") ?? undefined, window: p.get("window") ?? undefined };
  }

  update() {
    if (this.asked !== JSON.stringify(this.params())) this.read();
    else this.draw();
  }

  async read() {
    const params = this.params();
    const asked = (this.asked = JSON.stringify(params));
    if (!this.data) reading(this.root, "Reading what servers have defined");
    try {
      const data = await this.frame.get("context", params);
      if (asked !== this.asked) return;
      this.data = /** @type {Context} */ (data);
      this.selected = "";
      this.stale.hidden = true;
      this.frame.command(this.data.command);
      this.draw();
    } catch (e) {
      if (asked === this.asked) refill(this.root, failed(e));
    }
  }

  /** The server whose definitions are shown: the dearest one, unless the address names another. */
  open() {
    const named = this.frame.address.params.get("open");
    if (named !== null) return named;
    const def = this.frame.address.params.get("def");
    const servers = this.data?.servers ?? [];
    return (servers.find((one) => one.definitions.some((d) => d.key === def)) ?? servers[0])?.server ?? "";
  }

  draw() {
    const data = this.data;
    if (!data) return;
    const held = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.at;
    if (data.servers.length) {
      refill(this.root, this.head(data), ruler(data), this.definitions(data), this.results(data), cuts(data));
    } else refill(this.root, this.head(data), empty(data), data.results.length > 0 && this.results(data));
    if (held) this.controls().find((e) => e.dataset.at === held)?.focus({ preventScroll: true });
    this.panel();
  }

  /** @param {Context} data */
  head(data) {
    const choose = (/** @type {string} */ name) => (/** @type {Event} */ e) =>
      this.frame.go({ params: { [name]: /** @type {HTMLSelectElement} */ (e.target).value, open: null, def: null } });
    const windows = [...new Set([...WINDOWS, data.window])].sort((a, b) => a - b);
    return h("div", { class: "c-head" }, h("h1", null, "Context"), h("span", { class: "soft" }, data.summary, data.servers.length > 0 && ` ${data.note}`),
      h("span", { class: "c-acts" }, this.stale,
        data.clients.length > 1 && h("select", { class: "btn", "aria-label": "Client", onchange: choose("client") },
          data.clients.map((c) => h("option", { value: c, selected: c === data.client }, c))),
        h("select", { class: "btn", "aria-label": "Window of the model", onchange: choose("window") },
          windows.map((n) => h("option", { value: n, selected: n === data.window }, `Window ${format.count(n)}`)))));
  }

  span() {
    const value = this.frame.address.params.get("since") ?? this.frame.store.since;
    const [, n, unit] = /^(\d+)([a-z])$/.exec(value) ?? [];
    return n ? `${n} ${unit}` : value === "all" ? "all time" : "this time";
  }

  /** @param {Context} data */
  definitions(data) {
    const span = this.span();
    const most = Math.max(1, ...data.servers.map((one) => one.tokens));
    const open = this.open();
    const legend = (/** @type {SVGElement} */ mark, /** @type {string} */ text) => h("span", null, s("svg", { width: 24, height: 10, "aria-hidden": "true" }, mark), text);
    return [
      h("div", { class: "c-title" }, h("h2", { id: "c-defs" }, "Definitions: paid before the first word"),
        h("span", { class: "legend" },
          legend(s("rect", { class: "k-use", width: 24, height: 10 }), `called in ${span}`),
          legend(s("rect", { class: "k-idle", x: 0.5, y: 0.5, width: 23, height: 9 }), "never called"),
          data.servers.some((one) => one.definitions.some((d) => d.kind !== "tool")) && legend(s("rect", { class: "k-text", x: 0.5, y: 0.5, width: 23, height: 9 }), "instructions"),
          h("span", null, "one piece for each tool where it fits"))),
      h("table", { class: "cost", "aria-labelledby": "c-defs" },
        columns("c-name", "c-tok", "", "c-called", "c-over", "c-hist", "c-change"),
        h("thead", null, h("tr", null, h("th", null, "Server"), h("th", { class: "n" }, "Tokens", h("i")), h("th", { class: "d" }, "Made of"),
          h("th", { class: "n" }, `Called, ${span}`), h("th", { class: "n" }, "Over 2 kB"), h("th", null, "30 days"), h("th", null, "Change"))),
        data.servers.map((one) => h("tbody", null, this.server(one, most, one.server === open, data), ...(one.server === open ? this.rows(one, most) : [])))),
    ];
  }

  /**
   * @param {Server} one
   * @param {number} most
   * @param {boolean} open
   * @param {Context} data
   */
  server(one, most, open, data) {
    return h("tr", { class: "row srv" },
      h("th", { scope: "row" },
        h("button", { class: "more m", type: "button", "aria-expanded": String(open), "data-at": `s ${one.server}`, "data-open": one.server,
          "data-late": one.change?.tone === "late", onclick: () => this.toggle(one.server, !open) }, one.server),
        " ", h("span", { class: "ver" }, one.release)),
      amount(one.tokens, 0), h("td", { class: "d" }, pieces(one, most)),
      h("td", { class: "n", "data-l": "called" }, `${one.called} of ${format.count(one.listed)}`),
      h("td", { class: one.large ? "n" : "n z", "data-l": "over 2 kB" }, format.count(one.large)),
      h("td", { class: "hist" }, steps(one, new Date(data.now))),
      h("td", { class: "chg" }, one.change && h("span", { class: one.change.tone === "late" ? "late" : "dim" }, one.change.text)));
  }

  /**
   * @param {Server} one
   * @param {number} most
   */
  rows(one, most) {
    const def = this.frame.address.params.get("def");
    const shown = one.definitions.filter((d, i) => i < FIRST || this.whole.has(one.server) || d.key === def || changed(d) || one.definitions.length === FIRST + 1);
    const rest = one.definitions.filter((d) => !shown.includes(d));
    const unlisted = one.tokens - one.definitions.reduce((sum, d) => sum + d.tokens, 0);
    const more = rest.length > 0;
    return [
      shown.map((d, i) => h("tr", { class: d.key === def ? "row on" : "row", "aria-current": d.key === def ? "true" : null },
        h("th", { scope: "row", class: more || i < shown.length - 1 ? "tool branch mid" : "tool branch" },
          h("a", { href: this.frame.href({ params: { def: d.key, open: one.server } }), "data-at": `d ${d.key}`, title: d.name, "data-open": one.server, "data-late": (d.remarks ?? []).some((r) => r.tone === "late") }, d.name)),
        amount(d.tokens, d.size), h("td", { class: "d" }, share(d, most)),
        d.kind === "tool" ? h("td", { class: d.calls ? "n" : "n z" }, d.calls ? `${format.count(d.calls)}×` : "never") : h("td", { class: "n z" }, "–"),
        h("td", { class: "gap" }), h("td", { class: "rem", colspan: 2 }, remarks(d)))),
      more && h("tr", { class: "row" }, h("th", { scope: "row", class: "branch" },
        h("button", { class: "more", type: "button", "data-at": `m ${one.server}`, "data-open": one.server, onclick: () => this.all(one.server, rest[0]) }, `${format.count(rest.length)} more`)),
        amount(rest.reduce((sum, d) => sum + d.tokens, 0), 0), h("td", { class: "d" }),
        h("td", { class: "n z" }, `${format.count(rest.filter((d) => d.kind === "tool" && !d.calls).length)} never`), h("td", { class: "gap" }), h("td", { class: "rem", colspan: 2 })),
      one.listed > one.definitions.length && unlisted > 0 && h("tr", null, h("td", { class: "dim", colspan: 7 },
        `${format.tokens(unlisted)} more of tools that are too many to be kept.`)),
    ];
  }

  /**
   * @param {string} server
   * @param {Definition} first of those that were hidden
   */
  all(server, first) {
    this.whole.add(server);
    this.draw();
    this.controls().find((e) => e.dataset.at === `d ${first.key}`)?.focus();
  }

  /**
   * @param {string} server
   * @param {boolean} open
   */
  toggle(server, open) {
    this.frame.go({ params: { open: open ? server : "" } }, { replace: true });
  }

  /** Shows all results. The keyboard goes on at the first of those that were hidden. */
  more() {
    this.allResults = true;
    this.draw();
    this.controls().filter((e) => e.dataset.at?.startsWith("r "))[ROWS]?.focus();
  }

  /** @param {Context} data */
  results(data) {
    const span = this.span();
    if (!data.results.length) return [h("h2", { class: "c-title" }, "Results: what calls bring in"), h("p", { class: "soft" }, `No call has brought anything in ${span}.`)];
    const most = Math.max(...data.results.map((r) => r.total));
    const shown = data.results.slice(0, this.allResults || data.results.length <= ROWS + 1 ? data.results.length : ROWS);
    const rest = data.results.length - shown.length;
    return [
      h("h2", { class: "c-title", id: "c-results" }, "Results: what calls bring in"),
      h("table", { class: "cost c-res", "aria-labelledby": "c-results" },
        columns("c-tool", "c-num", "c-p", "c-p", "c-p", "c-over", "", "c-tok"),
        h("thead", null, h("tr", null, h("th", null, "Tool"), h("th", { class: "n" }, "Results"), ...["p50", "p95", "max"].map((p) => h("th", { class: "n" }, p, h("i"))),
          h("th", { class: "n", title: "Results of more than 25,000 tokens" }, "Over 25k"), h("th", { class: "d" }, `All together, ${span}`), h("th", { class: "n" }, "Tokens", h("i")))),
        h("tbody", null, shown.map((r) => h("tr", { class: "row" },
          h("th", { scope: "row", class: "tool" }, h("span", { class: "dim" }, r.server), " ",
            h("a", { href: this.frame.href({ view: "tools", params: { tool: r.key } }), "data-at": `r ${r.key}`, title: `${r.server} ${r.tool}`, "data-late": r.large > 0 }, r.tool)),
          h("td", { class: "n", "data-l": "results" }, format.count(r.results)),
          amount(r.p50, 0, "p50"), amount(r.p95, 0, "p95"), amount(r.max, 0, "max"),
          h("td", { class: r.large ? "n" : "n z", "data-l": "over 25k" }, r.large ? h("span", { class: "late" }, format.count(r.large)) : "0"),
          h("td", { class: "d" }, s("svg", { height: 12, "aria-hidden": "true" }, s("rect", { class: "k-use", y: 2, height: 8, width: percent(r.total / most) }))),
          amount(r.total, 0, "all"))))),
      rest > 0 && h("p", { class: "c-more" }, h("button", { class: "more", type: "button", "data-at": "more", onclick: () => this.more() }, `${format.count(rest)} more`)),
      data.left_out && h("p", { class: "dim" }, `${format.plural(data.left_out, "tool")} with less left out.`),
    ];
  }

  // ── the panel ─────────────────────────────────────────────────────────

  async panel() {
    const def = this.frame.address.params.get("def") ?? "";
    if (def === this.selected) return;
    this.selected = def;
    if (!def) return refill(this.frame.panel);
    try {
      const { since, client } = this.params();
      const d = /** @type {import("../../api").Definition} */ (await this.frame.get(`context/definitions/${encodeURIComponent(def)}`, { since, client }));
      if (this.selected !== def) return;
      refill(this.frame.panel, ...about(d));
      this.frame.panel.scrollTop = 0;
      this.frame.say(`${d.name}: ${d.headline}`);
    } catch (e) {
      if (this.selected === def) refill(this.frame.panel, failed(e));
    }
  }

  // ── keys ──────────────────────────────────────────────────────────────

  /** @returns {HTMLElement[]} what a row does when it is chosen, row by row */
  controls() {
    return [...this.root.querySelectorAll(/** @type {"a"} */ ("[data-at]"))];
  }

  /** @param {string} key */
  key(key) {
    const all = this.controls();
    const at = all.indexOf(/** @type {any} */ (document.activeElement));
    const selected = all.findIndex((e) => e.closest("tr.on"));
    const from = at >= 0 ? at : selected;
    const step = { j: 1, ArrowDown: 1, n: 1, k: -1, ArrowUp: -1, N: -1 }[key];
    if (step) {
      const late = key === "n" || key === "N";
      let i = from < 0 && step < 0 ? all.length - 1 : from + step;
      while (late && all[i] && all[i].dataset.late === undefined) i += step;
      all[i]?.focus();
      all[i]?.scrollIntoView({ block: "nearest" });
      return true;
    }
    const server = all[from]?.dataset.open;
    if (key === "ArrowRight" && server && at >= 0) {
      if (server !== this.open()) this.toggle(server, true);
    } else if (key === "ArrowLeft" && server && at >= 0) {
      if (server === this.open()) this.toggle(server, false);
      this.controls().find((e) => e.dataset.at === `s ${server}`)?.focus();
    } else if (key === "Escape" && this.selected) this.frame.go({ params: { def: null } });
    else if (key === "r") this.read();
    else return false;
    return true;
  }
}

// ── pictures ────────────────────────────────────────────────────────────

/** @param {number} part */
const percent = (part) => `${(Math.min(Math.max(part, 0), 1) * 100).toFixed(2)}%`;

/** @param {...string} classes */
const columns = (...classes) => h("colgroup", null, classes.map((c) => h("col", { class: c || null })));

/**
 * A cell with an estimate; of an earlier version's session, which has none, the size.
 * @param {number} tokens
 * @param {number} size
 * @param {string} [label]
 */
function amount(tokens, size, label) {
  const [n, unit] = tokens || !size ? format.tokensParts(tokens) : format.sizeParts(size);
  return h("td", { class: "n tok", "data-l": label }, n, h("i", null, unit));
}

/** @param {Definition} d */
const changed = (d) => (d.remarks ?? []).some((r) => r.text.startsWith("Δ"));

/** @param {Definition} d */
function remarks(d) {
  return (d.remarks ?? []).flatMap((r, i) => [i > 0 && ", ", h("span", { class: r.tone === "quiet" ? "dim" : r.tone }, r.text)]);
}

/** @param {Definition} d */
const mark = (d) => (d.kind !== "tool" ? "k-text" : d.calls ? "k-use" : "k-idle");

/**
 * The window to scale: what definitions take of it, and what a usual run adds.
 * @param {Context} data
 */
function ruler(data) {
  const full = data.window;
  const rail = () => s("path", { class: "r-rail", d: "M.5 2V12" });
  const line = [s("line", { class: "r-rail", x1: 0, x2: "100%", y1: 7, y2: 7 }), rail(), s("line", { class: "r-rail", x1: "100%", x2: "100%", y1: 2, y2: 12 })];
  let x = 0;
  const parts = data.servers.map((one) => {
    const piece = s("rect", { class: "r-def", x: percent(x / full), width: percent(Math.min(one.tokens, full - x) / full), y: 1, height: 12 },
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
      s("rect", { class: "r-def", x: 0, width: percent(data.total / full), y: 1, height: 12 }),
      usual && s("rect", { class: "r-use", x: percent(data.total / full), width: percent(Math.min(usual.p50, full - data.total) / full), y: 1.5, height: 11 })),
    h("p", { class: "r-words" }, h("span", null, `definitions ${format.tokens(data.total)}`),
      over > 0 && h("span", { class: "bad" }, `${format.tokens(over)} more than the window has`),
      usual && h("span", null, usual.text), usual && over <= 0 && data.total + usual.p50 > full && h("span", { class: "late" }, "together more than the window has"), h("span", { class: "r-full" }, `${full >= 1e6 ? `${full / 1e6}M` : `${full / 1000}k`}`)));
}

/**
 * What a server's definitions are made of: a piece for each where each can be seen, else one for those of a kind.
 * @param {Server} one
 * @param {number} most tokens of the dearest server
 */
function pieces(one, most) {
  const order = ["k-text", "k-use", "k-idle"];
  /** @type {Array<[string, number]>} */
  let parts = one.definitions.map((d) => [mark(d), d.tokens]);
  if (parts.some(([, n]) => n / most < 0.006)) parts = order.map((m) => [m, parts.reduce((sum, [of, n]) => sum + (of === m ? n : 0), 0)]);
  parts.sort((a, b) => order.indexOf(a[0]) - order.indexOf(b[0]));
  const sum = (/** @type {string} */ m) => one.definitions.reduce((all, d) => all + (mark(d) === m ? d.tokens : 0), 0);
  const svg = s("svg", { height: 12, role: "img", "aria-label": `${format.tokens(sum("k-use"))} called, ${format.tokens(sum("k-idle"))} never called` });
  let x = 0;
  for (const [kind, n] of parts) {
    if (n) svg.append(s("rect", { class: kind, x: percent(x / most), width: percent(n / most), y: kind === "k-use" ? 2 : 2.5, height: kind === "k-use" ? 8 : 7 }));
    x += n;
  }
  return svg;
}

/**
 * @param {Definition} d
 * @param {number} most
 */
function share(d, most) {
  const use = mark(d) === "k-use";
  return s("svg", { height: 12, "aria-hidden": "true" }, s("rect", { class: mark(d), width: percent(Math.max(d.tokens / most, 0.008)), y: use ? 2 : 2.5, height: use ? 8 : 7 }));
}

/**
 * How the cost has changed in a month. A small change of a large server is a small step.
 * @param {Server} one
 * @param {Date} now
 */
function steps(one, now) {
  const month = 30 * 864e5;
  const points = one.history.map((p) => ({ x: Math.min(97, Math.max(0, 100 - ((now.getTime() - Date.parse(p.at)) / month) * 100)), tokens: p.tokens }));
  if (!points.length) return null;
  const all = points.map((p) => p.tokens);
  const [least, largest] = [Math.min(...all), Math.max(...all)];
  const y = (/** @type {number} */ n) => (least === largest ? 6 : 10 - (8 * (n - least)) / Math.max(largest - least, 0.15 * largest)).toFixed(1);
  const d = points.map((p, i) => (i ? `H${p.x.toFixed(1)}V${y(p.tokens)}` : `M${p.x.toFixed(1)} ${y(p.tokens)}`)).join("") + "H100";
  const words = one.history.slice(-3).map((p) => `${format.tokens(p.tokens)} since ${format.moment(new Date(p.at), now)}`).join(", ");
  return s("svg", { class: "step", viewBox: "0 0 100 12", preserveAspectRatio: "none", height: 12, role: "img", "aria-label": words }, s("title", null, words), s("path", { d }));
}

/** @param {Context} data */
function cuts(data) {
  if (!data.cut.length) return null;
  return [h("h2", { class: "c-title" }, `What ${data.client} cuts`),
    h("ul", { class: "c-cut" }, data.cut.map((r) => h("li", { class: r.tone === "late" ? "late" : "soft" }, r.text)))];
}

/** @param {Context} data */
function empty(data) {
  return state("No definitions are known yet",
    h("p", { class: "soft" }, "A server’s definitions are known once a client has listed its tools through spanpipe. To see those of a server now:"),
    command("SPANPIPE_TELEMETRY=local spanpipe try -- your-server"),
    data.client && h("p", { class: "soft" }, "A longer time, or another client, may have some."));
}

/** @param {import("../../api").Definition} d */
function about(d) {
  const accept = d.commands.some((c) => c.endsWith("--accept"));
  return [
    ...heading(d.name, d.server, d.badge), verdict(d.headline, d.detail), facts(d.facts),
    d.parts.length > 0 && [section(d.parts.some((p) => p.changed) ? "What changed" : "Parts"),
      h("table", { class: "parts" }, h("thead", null, h("tr", null, h("th", null, "Part"), h("th", { class: "n" }, "Now"))),
        h("tbody", null, d.parts.map((p) => h("tr", null, h("th", { scope: "row" }, p.changed ? h("b", { class: "late" }, p.part) : p.part),
          h("td", { class: "n" }, p.changed ? h("b", { class: "late" }, p.state) : h("span", { class: "dim" }, p.state))))))],
    ...(d.notes ?? []).map((n) => h("p", { class: "soft" }, n)),
    section("The text"),
    d.text && h("pre", { tabindex: 0, "aria-label": "The text" }, d.text.split("\n").flatMap((line) => [line.startsWith("+") ? h("ins", null, line) : line.startsWith("-") ? h("del", null, line) : line, "\n"])),
    h("p", { class: "soft" }, d.text_note, d.setting && " To keep texts for a diff the next time, set this for the server:"),
    d.setting && setting(d.setting),
    section(accept ? "To look at it and accept it, in a terminal" : "In the terminal"),
    ...d.commands.map(command),
    accept && h("p", { class: "soft" }, "--accept takes all that the server offers now."),
    h("p", { class: "dim" }, "The page changes nothing: it can only read."),
  ];
}
