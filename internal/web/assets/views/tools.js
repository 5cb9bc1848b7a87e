// What was called, how often, how well and how fast; what led to what; and one row whole.

import { figure, h, refill } from "../dom.js";
import { flows, sequences } from "../flow.js";
import * as format from "../format.js";
import { decades, latency } from "../latency.js";
import { next, stepOf } from "../move.js";
import { unused, unusedList } from "../never.js";
import { failed, noMatch, reading, state } from "../states.js";
import { details, nameOf, share } from "../tool.js";

/** @typedef {import("../../api").Tools} Tools */
/** @typedef {import("../../api").Tool} Tool */
/** @typedef {import("../../api").ToolRow} ToolRow */
/** @typedef {import("../../page").Frame} Frame */
/** @typedef {{ name: string, title: string, of: (r: ToolRow) => string | number, label?: string, wide?: boolean, hint?: string }} Column */

/** @type {import("../../page").View["title"]} */
export const title = () => "Tools";

/** @type {import("../../page").View["keys"]} */
export const keys = [
  ["j k", "move"], ["Enter", "open"], ["n N", "next, previous with failures"],
  ["s", "sort by the next column"], ["S", "turn the order around"], ["v", "by tool, server, client"], ["u", "never called"],
];

/** What rows can be of. */
const KINDS = /** @type {Record<string, string>} */ ({ tool: "Tool", server: "Server", client: "Client" });
const FIRST = 20;
/** A row whose share of failures is at least so high is red. */
const MUCH = 0.05;
/** At most so often what is shown is read again while something happens. */
const EVERY = 4000;

const fullName = (/** @type {ToolRow} */ r) => r.client ?? [r.server, r.tool].filter(Boolean).join(" ");

/** @type {ReadonlyArray<Column>} */
const COLUMNS = [
  { name: "name", title: "Tool", of: fullName },
  { name: "calls", title: "Calls", of: (r) => r.calls },
  { name: "failed", title: "Failed", of: (r) => r.failure_rate ?? -1, label: "failed" },
  { name: "p50", title: "p50", of: (r) => r.p50 ?? -1, label: "p50" },
  { name: "p95", title: "p95", of: (r) => r.p95 ?? -1, label: "p95" },
  { name: "p99", title: "p99", of: (r) => r.p99 ?? -1, label: "p99", wide: true },
  { name: "result", title: "Result", of: (r) => r.result_p95 ?? -1, label: "result", wide: true, hint: "Tokens of a result, estimated, 95th percentile" },
];

/** @type {import("../../page").View["show"]} */
export function show(root, frame) {
  return new View(root, frame);
}

class View {
  /** @type {Tools | null} */ data = null;
  /** @type {Tool | null} */ tool = null;
  /** @type {string[]} the keys of rows, as they stand */ order = [];
  all = false;
  never = false;
  asked = 0;
  dirty = false;
  read = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ wait;
  /** What the data are of. */
  place = "";
  selected = "";
  missing = false;

  /** @param {HTMLElement} root @param {Frame} frame */
  constructor(root, frame) {
    this.root = root;
    this.frame = frame;
    for (const event of /** @type {const} */ (["operations", "listing", "gone", "runs"])) frame.on(event, () => this.changed());
    frame.on("hello", (e) => e.reset && this.changed());
    document.addEventListener("visibilitychange", this.seen);
    this.update();
  }

  leave() {
    document.removeEventListener("visibilitychange", this.seen);
    clearTimeout(this.timer);
    clearTimeout(this.wait);
  }

  get params() {
    return this.frame.address.params;
  }

  get by() {
    const by = this.params.get("by") ?? "tool";
    return Object.hasOwn(KINDS, by) ? by : "tool";
  }

  /** The column that rows are sorted by, and whether the order is turned around. */
  get sort() {
    const text = this.params.get("sort") ?? "calls";
    const column = COLUMNS.find((c) => c.name === text.replace("-", "")) ?? COLUMNS[1];
    return { column, turned: text.startsWith("-") };
  }

  get query() {
    return { since: this.params.get("since"), filter: this.params.get("q") };
  }

  /** The address has changed. */
  update() {
    const place = JSON.stringify([this.query, this.by]);
    if (place !== this.place) {
      this.place = place;
      this.data = this.tool = null;
      reading(this.root, () => "Adding up calls");
      this.frame.panel.replaceChildren();
      this.load();
      return;
    }
    if (!this.data) return;
    this.settle();
    this.select();
    this.draw();
  }

  async load() {
    const asked = ++this.asked;
    this.dirty = false;
    try {
      /** @type {Tools} */
      const data = await this.frame.get("tools", { ...this.query, by: this.by });
      if (asked !== this.asked) return;
      const first = !this.data;
      if (this.data && same(this.data, data)) return;
      this.data = data;
      this.frame.command(data.command);
      if (first) this.settle();
      this.merge();
      this.select(!first);
      this.draw();
      if (first) this.frame.say(data.summary);
    } catch (e) {
      if (asked === this.asked && !this.data) refill(this.root, failed(e));
    } finally {
      this.read = Date.now();
      if (this.dirty) this.changed();
    }
  }

  /** Something has happened: what is shown is read again, soon, while it can be seen. */
  changed() {
    this.dirty = true;
    if (this.timer || document.hidden || !this.data) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (!document.hidden) this.load();
    }, Math.max(500, this.read + EVERY - Date.now()));
  }

  seen = () => {
    if (this.dirty && !document.hidden) this.changed();
  };

  /** Takes the row that the address names, and reads it whole. @param {boolean} [again] */
  select(again) {
    const key = this.params.get("tool") ?? "";
    if (key === this.selected && (this.tool || !key) && !again) return;
    if (key !== this.selected) {
      this.tool = null;
      this.missing = false;
    }
    this.selected = key;
    if (!key || !this.data) {
      this.frame.panel.replaceChildren();
      return;
    }
    clearTimeout(this.wait);
    this.wait = setTimeout(() => this.readTool(key), again ? 0 : 60); // keys that are held down ask once
  }

  /** @param {string} key */
  async readTool(key) {
    const place = this.place;
    try {
      /** @type {Tool} */
      const tool = await this.frame.get(`tools/${encodeURIComponent(key)}`, this.query);
      if (key !== this.selected || place !== this.place) return;
      const { panel } = this.frame;
      const again = this.tool && (same(this.tool, tool) || panel.contains(document.activeElement)); // one reads it
      this.tool = tool;
      if (!again) refill(panel, details(tool, this.frame));
    } catch (e) {
      if (key !== this.selected || place !== this.place) return;
      this.missing = true;
      refill(this.frame.panel, failed(e));
    }
    this.below();
  }

  /** Sorts the rows. It happens when something is pressed, never by itself. */
  settle() {
    const { column, turned } = this.sort;
    const sign = (column.name === "name" ? 1 : -1) * (turned ? -1 : 1);
    const rows = [...(this.data?.rows ?? [])].sort((a, b) => {
      const [x, y] = [column.of(a), column.of(b)];
      return (x < y ? -sign : x > y ? sign : 0) || (fullName(a) < fullName(b) ? -1 : 1);
    });
    this.order = rows.map((r) => r.key);
  }

  /** Puts rows that are new behind the others. */
  merge() {
    const now = new Set(this.data?.rows.map((r) => r.key));
    const known = new Set(this.order);
    this.order = [...this.order.filter((k) => now.has(k)), ...[...now].filter((k) => !known.has(k))];
  }

  draw() {
    const data = this.data;
    if (!data) return;
    const focus = document.activeElement instanceof HTMLElement && this.root.contains(document.activeElement) ? document.activeElement.dataset.key : "";
    const rows = new Map(data.rows.map((r) => [r.key, r]));
    const at = this.order.indexOf(this.selected);
    const shown = this.all || at >= FIRST || this.order.length <= FIRST + 1 ? this.order : this.order.slice(0, FIRST);
    const parts = shown.map((k) => this.row(/** @type {ToolRow} */ (rows.get(k))));
    this.flow = h("div", { class: "below" });
    refill(
      this.root,
      h("div", { class: "head" }, h("h1", null, "Tools"), h("span", { class: "soft" }, data.summary), this.kinds()),
      parts.length
        ? h("table", { class: this.by === "tool" ? "tools" : "tools bare", "aria-label": "Calls" }, h("thead", null, this.heads()), h("tbody", null, parts))
        : this.nothing(data),
      h("p", { class: "rest dim" }, this.more(shown.length, rows), unused(data.never, this.never, () => this.toggle())),
      this.never && unusedList(data.never),
      this.flow,
    );
    this.below();
    if (focus) this.link(focus)?.focus({ preventScroll: true });
  }

  /** What is pressed for a row, a column or a kind of rows. @param {string} key @returns {HTMLElement | null} */
  link(key) {
    return this.root.querySelector(`[data-key="${CSS.escape(key)}"]`);
  }

  kinds() {
    return h("span", { class: "acts", role: "group", "aria-label": "Rows" }, Object.entries(KINDS).map(([k, text]) =>
      h("button", { class: "btn", type: "button", "data-key": k, "aria-pressed": String(k === this.by), onclick: () => this.switch(k) }, text)));
  }

  heads() {
    const { column, turned } = this.sort;
    const head = (/** @type {Column} */ c, /** @type {string} */ text = c.title) => {
      const on = c === column;
      const up = (c.name === "name") !== turned;
      return h("th", { class: `c-${c.name}${c.name === "name" ? "" : " n"}${c.wide ? " w-hide" : ""}`, scope: "col", title: c.hint, "aria-sort": on && (up ? "ascending" : "descending") },
        h("button", { type: "button", "data-key": `sort ${c.name}`, onclick: () => this.sortBy(c, on && !turned) }, text, on && (up ? " ↑" : " ↓")), c.label && h("i"));
    };
    const [first, ...rest] = COLUMNS;
    const last = /** @type {Column} */ (rest.pop());
    return h("tr", null, head(first, KINDS[this.by]), rest.map((c) => head(c)),
      h("th", { class: "d", scope: "col" }, decades()), head(last), h("th", { class: "note", scope: "col" }, "Remark"));
  }

  /** @param {ToolRow} r */
  row(r) {
    const cell = (/** @type {string} */ label, /** @type {import("../format.js").Amount} */ amount, /** @type {string} */ more = "") =>
      h("td", { class: `n ${more}`, "data-l": label }, figure(amount));
    const time = (/** @type {number | undefined} */ s) => (s === undefined ? /** @type {[string, string]} */ (["–", ""]) : format.durationParts(s));
    const on = r.key === this.selected;
    return h("tr", { class: on ? "row on" : "row", onclick: (/** @type {MouseEvent} */ e) => e.target instanceof Element && !e.target.closest("a") && this.pick(r.key) },
      h("th", { scope: "row", class: "tool" }, h("div", null, this.by === "tool" && [h("span", null, r.server), " "], r.kind !== this.by && r.kind !== "tool" && [h("span", null, r.kind), " "],
        h("a", { href: this.frame.href({ params: { tool: r.key } }), "data-key": r.key, title: fullName(r), "aria-current": on && "true" }, nameOf(r)))),
      h("td", { class: "n calls" }, format.count(r.calls)),
      cell("failed", share(r.failed, r.calls), r.failed === 0 ? "z" : (r.failure_rate ?? 0) >= MUCH ? "bad" : ""),
      cell("p50", time(r.p50)), cell("p95", time(r.p95)), cell("p99", time(r.p99), "w-hide"),
      h("td", { class: "d" }, latency(r)),
      cell("result", r.result_p95 === undefined ? ["–", ""] : format.tokensParts(r.result_p95), "w-hide"),
      h("td", { class: `note ${r.remark?.tone ?? ""}`, title: r.remark?.text }, r.remark?.text));
  }

  /** @param {Tools} data */
  nothing(data) {
    if (this.params.get("q")) return noMatch(this.frame, "call", data.excluding);
    const { frame } = this;
    const stored = frame.store.sessions > 0;
    return state("No calls in the time shown",
      h("p", { class: "soft" }, stored ? "Calls count for the time when they started." : "Nothing is stored yet: Sessions has the next step."),
      h("p", { class: "ways" }, stored && h("a", { href: frame.href({ params: { since: "180d" } }) }, "The last 180 days"), h("a", { href: frame.href({ view: "sessions" }) }, "Sessions")));
  }

  /** @param {number} shown @param {Map<string, ToolRow>} rows */
  more(shown, rows) {
    const rest = this.order.slice(shown);
    if (!rest.length) return null;
    const calls = rest.reduce((n, k) => n + (rows.get(k)?.calls ?? 0), 0);
    return [h("button", { class: "more", type: "button", onclick: () => this.showAll() }, `${format.count(rest.length)} more ${this.by}${rest.length === 1 ? "" : "s"}`), `, ${format.plural(calls, "call")}. `];
  }

  /** What was called before and after the row, and usual sequences. */
  below() {
    const data = this.data;
    if (!this.flow || !data?.rows.length) return;
    const heading = this.tool && this.by === "tool" ? `Before and after ${nameOf(this.tool.row)}` : "Before and after";
    refill(this.flow,
      this.by === "tool" && h("section", null, h("h2", null, heading),
        this.tool ? flows(this.tool, nameOf(this.tool.row)) : h("p", { class: "dim" }, this.selected && !this.missing ? "" : "Select a tool to see what is called before and after it.")),
      sequences(data));
  }

  /** @param {string} by */
  switch(by) {
    this.frame.go({ params: { by: by === "tool" ? null : by, tool: null } });
  }

  /** @param {Column} c @param {boolean} turned */
  sortBy(c, turned) {
    const text = `${turned ? "-" : ""}${c.name}`;
    if (text === (this.params.get("sort") ?? "calls")) this.update();
    else this.frame.go({ params: { sort: text === "calls" ? null : text } }, { replace: true });
  }

  showAll() {
    this.all = true;
    this.settle();
    this.draw();
    /** @type {HTMLElement | null} */ (this.root.querySelectorAll("tbody a").item(FIRST))?.focus();
  }

  toggle() {
    this.never = !this.never;
    this.draw();
  }

  /** @param {string | null} key */
  pick(key) {
    this.frame.go({ params: { tool: key } }, { replace: Boolean(this.selected) });
  }

  /** @param {import("../move.js").Step} step */
  move(step) {
    this.settle();
    const rows = new Map(this.data?.rows.map((r) => [r.key, r]));
    const all = this.order.map((k) => /** @type {ToolRow} */ (rows.get(k)));
    const r = next(all, this.order.indexOf(this.selected), step, (r) => r.failed + r.hung > 0);
    if (!r) return this.draw();
    this.pick(r.key);
    this.root.querySelector("tr.on")?.scrollIntoView({ block: "nearest" });
    this.frame.say(`${fullName(r)}, ${format.plural(r.calls, "call")}, ${share(r.failed, r.calls).join(" ")} failed`);
  }

  /** @param {string} key */
  key(key) {
    if (!this.data) return false;
    const { column, turned } = this.sort;
    const kinds = Object.keys(KINDS);
    const { panel } = this.frame;
    const { selected } = this;
    const step = stepOf(key);
    if (step) {
      this.move(step);
      return true;
    }
    switch (key) {
      case "s": this.sortBy(COLUMNS[(COLUMNS.indexOf(column) + 1) % COLUMNS.length], false); break;
      case "S": this.sortBy(column, !turned); break;
      case "v": this.switch(kinds[(kinds.indexOf(this.by) + 1) % kinds.length]); break;
      case "u": this.toggle(); break;
      case "Enter":
        if (selected) panel.focus();
        else this.move({ by: 1, trouble: false });
        break;
      case "Escape": {
        if (!selected) return false;
        const inside = panel.contains(document.activeElement);
        this.pick(null);
        if (inside) this.link(selected)?.focus();
        break;
      }
      default: return false;
    }
    return true;
  }
}

/** Reports whether two replies say the same. @param {object} a @param {object} b */
const same = (a, b) => JSON.stringify({ ...a, now: "" }) === JSON.stringify({ ...b, now: "" });
