// What servers put into a model's context: definitions before the first word, and results of calls.

import { h, refill, s } from "../dom.js";
import * as format from "../format.js";
import { focus, next, stepOf } from "../move.js";
import { failed, reading } from "../states.js";
import { about, amount, cell, columns, counted, cuts, empty, heads, mark, pieces, rect, remark, ruler, steps } from "./context-parts.js";

/** @typedef {import("../../api").Context} Context */
/** @typedef {import("../../api").ContextServer} Server */
/** @typedef {import("../../api").ContextDefinition} Definition */
/** @typedef {import("../../page").Frame} Frame */

const WINDOWS = [128_000, 200_000, 1_000_000];
const FIRST = 6; // definitions of a server that are shown at first
const ROWS = 12; // likewise of results

/** @type {import("../../page").View["title"]} */
export const title = () => "Context";

export const unfiltered = true;

/** @type {import("../../page").View["keys"]} */
export const keys = [
  ["j k", "move"], ["Enter", "open"], ["n N", "changed or cut"], ["→ ←", "show, hide a server’s definitions"],
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

  /** @param {HTMLElement} root @param {Frame} frame */
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
    frame.on("hello", (e) => e.reset && this.read());
  }

  params() {
    const p = this.frame.address.params;
    return { since: p.get("since"), client: p.get("client"), window: p.get("window") };
  }

  update() {
    if (this.asked !== JSON.stringify(this.params())) this.read();
    else this.draw();
  }

  async read() {
    const params = this.params();
    const asked = (this.asked = JSON.stringify(params));
    if (!this.data) reading(this.root, () => "Reading what servers have defined");
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
    return h("div", { class: "head" }, h("h1", null, "Context"), h("span", { class: "soft" }, data.summary, data.servers.length > 0 && ` ${data.note}`),
      h("span", { class: "acts" }, this.stale,
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
        heads("Server", "≈Tokens", "Made of", `.Called, ${span}`, ".Over 2 kB", "30 days", "Change"),
        data.servers.map((one) => h("tbody", null, this.server(one, most, one.server === open, data), ...(one.server === open ? this.rows(one, most, new Date(data.now)) : [])))),
    ];
  }

  /** @param {Server} one @param {number} most @param {boolean} open @param {Context} data */
  server(one, most, open, data) {
    return h("tr", { class: "row srv" },
      h("th", { scope: "row" },
        h("button", { class: "more m", type: "button", "aria-expanded": String(open), "data-at": `s ${one.server}`, "data-open": one.server,
          "data-late": one.definitions.some((d) => d.changed), onclick: () => this.toggle(one.server, !open) }, one.server),
        " ", h("span", { class: "ver" }, one.release)),
      amount(one.tokens), cell("d", pieces(one, most)), cell("n", `${one.called} of ${format.count(one.listed)}`, "called"),
      counted(one.large, "over 2 kB"), cell("hist", steps(one.history, new Date(data.now))), cell("chg", one.change && remark(one.change)));
  }

  /** @param {Server} one @param {number} most @param {Date} now */
  rows(one, most, now) {
    const def = this.frame.address.params.get("def");
    const less = this.whole.has(one.server) ? [] : one.definitions.filter((d, i) => i >= FIRST && d.key !== def && !d.changed);
    const rest = less.length > 1 ? less : []; // one takes no more room than the line that says so
    const shown = one.definitions.filter((d) => !rest.includes(d));
    const unlisted = one.tokens - one.definitions.reduce((sum, d) => sum + d.tokens, 0);
    const more = rest.length > 0;
    const never = rest.filter((d) => d.kind === "tool" && !d.calls).length;
    return [
      shown.map((d, i) => h("tr", { class: d.key === def ? "row on" : "row", "aria-current": d.key === def ? "true" : null },
        h("th", { scope: "row", class: more || i < shown.length - 1 ? "tool branch mid" : "tool branch" },
          h("a", { href: this.frame.href({ params: { def: d.key, open: one.server } }), "data-at": `d ${d.key}`, title: d.name, "data-open": one.server, "data-late": d.changed || d.cut }, d.name)),
        amount(d.tokens, d.size), cell("d", s("svg", { height: 12, "aria-hidden": "true" }, rect(mark(d), 0, Math.max(d.tokens / most, 0.008)))),
        cell(d.calls ? "n" : "n z", d.kind !== "tool" ? "–" : d.calls ? `${format.count(d.calls)}×` : "never"), cell("n over", d.over && remark(d.over), "over 2 kB"),
        cell("hist", steps(d.history, now)), cell("chg", d.change && remark(d.change)))),
      more && h("tr", { class: "row" }, h("th", { scope: "row", class: "branch" },
        h("button", { class: "more", type: "button", "data-at": `m ${one.server}`, "data-open": one.server, onclick: () => this.all(one.server, rest[0]) }, `${format.count(rest.length)} more`)),
        amount(rest.reduce((sum, d) => sum + d.tokens, 0)), cell("d", null),
        cell("n z", never > 0 && `${format.count(never)} never`), h("td", { class: "gap", colspan: 3 })),
      one.listed > one.definitions.length && unlisted > 0 && h("tr", null, h("td", { class: "dim", colspan: 7 },
        `${format.tokens(unlisted)} more of tools that are not kept one by one.`)),
    ];
  }

  /** @param {string} server @param {Definition} first of those that were hidden */
  all(server, first) {
    this.whole.add(server);
    this.draw();
    this.controls().find((e) => e.dataset.at === `d ${first.key}`)?.focus();
  }

  /** @param {string} server @param {boolean} open */
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
        heads("Tool", ".Results", "≈p50", "≈p95", "≈max", ".Over 25k", `All together, ${span}`, "≈Tokens"),
        h("tbody", null, shown.map((r) => h("tr", { class: "row" },
          h("th", { scope: "row", class: "tool" }, h("span", { class: "dim" }, r.server), " ",
            h("a", { href: this.frame.href({ view: "tools", params: { tool: r.key } }), "data-at": `r ${r.key}`, title: `${r.server} ${r.tool}`, "data-late": r.large > 0 }, r.tool)),
          counted(r.results, "results"), amount(r.p50, 0, "p50"), amount(r.p95, 0, "p95"), amount(r.max, 0, "max"),
          counted(r.large, "over 25k", r.large > 0 ? h("span", { class: "late" }, format.count(r.large)) : "0"),
          cell("d", s("svg", { height: 12, "aria-hidden": "true" }, rect("k-use", 0, r.total / most))),
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
      if (this.frame.panel.offsetTop > innerHeight) this.frame.panel.scrollIntoView(); // in a narrow window it is below the lists
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
    const step = stepOf(key);
    if (step) {
      focus(next(all, from, step, (e) => e.dataset.late !== undefined));
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
