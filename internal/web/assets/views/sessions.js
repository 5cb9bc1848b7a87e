// Sessions: what needs a look in sentences, then all sessions by day and run.

import { h, refill } from "../dom.js";
import * as format from "../format.js";
import { focus, next, stepOf } from "../move.js";
import { failed, noMatch, reading, state } from "../states.js";
import { ages, attention, facets } from "./sessions-head.js";
import { patch, runRows, tableHead } from "./sessions-rows.js";
import { empty } from "./sessions-empty.js";

/** @typedef {import("../../api").Run} Run */
/** @typedef {import("../../api").Sessions} Sessions */
/** @typedef {import("../../page").Frame} Frame */

/** Runs that are read at first: what a screen shows, so that it is shown soon. */
const FIRST = 8;

/** Runs that are read at a time after that. */
const PAGE = 20;

/** The most that the server gives at once. */
const MOST = 500;

/** How much was read when the view was left, so that going back finds the same place. */
let left = { query: "", runs: 0, row: "" };

/** @type {import("../../page").View["title"]} */
export const title = () => "Sessions";

/** @type {import("../../page").View["keys"]} */
export const keys = [["j k", "move"], ["Enter", "open"], ["n N", "next, previous not ok"], ["o", "open the whole run"]];

/** @type {import("../../page").View["show"]} */
export function show(root, frame) {
  const view = new SessionsView(root, frame);
  view.read();
  return {
    update: () => view.read(),
    key: (key) => view.key(key),
    leave: () => view.leave(),
  };
}

class SessionsView {
  /**
   * @param {HTMLElement} root
   * @param {Frame} frame
   */
  constructor(root, frame) {
    this.root = root;
    this.frame = frame;
    this.look = h("ul", { class: "look", "aria-label": "Needs a look", hidden: true });
    this.facets = h("div", { class: "facets" });
    this.unsearched = h("p", { class: "soft" });
    /** @type {ReadonlyArray<import("../../api").Alert>} */
    this.alerts = [];
    this.news = h("button", { class: "news", type: "button", hidden: true });
    this.list = h("div");
    this.end = h("div", { class: "list-end" });
    /** @type {Map<string, { run: Run, body: HTMLTableSectionElement, day: string }>} */
    this.runs = new Map();
    /** @type {Map<string, Run>} runs that came while one reads further down */
    this.unseen = new Map();
    this.table = h("table", { class: "sessions", role: "table" });
    this.next = "";
    this.query = "";
    /** The row that is chosen: the last that had the focus. */
    this.row = left.row;
    this.loading = false;
    /** What the reading of a list was begun for: replies to an older one are dropped. */
    this.turn = 0;
    /** @type {(() => void) | null} */
    this.stopClock = null;
    this.watcher = new IntersectionObserver((seen) => seen.some((e) => e.isIntersecting) && this.more(), { rootMargin: "1200px" });
    this.news.addEventListener("click", () => this.showUnseen());
    frame.on("runs", (e) => this.changed(e.runs));
    frame.on("attention", (e) => this.attend(e.alerts));
    frame.on("gone", (e) => this.gone(new Set(e.sessions)));
    frame.on("listing", () => this.again());
    frame.on("hello", (e) => e.reset && this.again());
  }

  leave() {
    left = { query: this.query, runs: this.runs.size, row: this.row };
    this.watcher.disconnect();
  }

  params() {
    const p = this.frame.address.params;
    return { since: p.get("since"), filter: p.get("q") };
  }

  /** Reads the list of another address, or the first. */
  async read() {
    const query = JSON.stringify(this.params());
    if (query === this.query) return;
    this.query = query;
    if (!this.table.isConnected) reading(this.root, () => (this.frame.store ? `Reading ${format.plural(this.frame.store.sessions, "session")}` : "Reading the sessions"));
    await this.load(left.query === query ? left.runs : 0);
  }

  /** Reads again what is shown. */
  async again() {
    await this.load(this.runs.size);
  }

  /** @param {number} runs at least so many */
  async load(runs) {
    const turn = ++this.turn;
    this.loading = true;
    try {
      /** @type {Sessions} */
      const reply = await this.frame.get("sessions", { ...this.params(), limit: Math.min(MOST, Math.max(FIRST, runs)) });
      if (turn === this.turn) this.fill(reply);
    } catch (e) {
      if (turn !== this.turn) return;
      refill(this.root, failed(e));
    }
    if (turn === this.turn) this.loading = false;
  }

  /** @param {Sessions} reply */
  fill(reply) {
    const filtered = Boolean(this.params().filter);
    const at = this.focused();
    this.frame.command(reply.command);
    this.watcher.disconnect();
    this.runs.clear();
    this.unseen.clear();
    this.showNews();
    this.next = reply.next ?? "";
    if (!reply.in_time && !reply.runs.length && !this.frame.store.sessions) {
      refill(this.root, empty(this.frame.store));
      return;
    }
    this.attend(reply.attention);
    this.unsearched.textContent = reply.unsearched ? `content: looked at the newest sessions only; ${format.plural(reply.unsearched, "older session")} not.` : "";
    facets(this.facets, this.frame, reply);
    this.table = h("table", { class: "sessions", role: "table" }, tableHead());
    this.table.addEventListener("focusin", (e) => this.choose(/** @type {Element} */ (e.target).closest("tr")));
    for (const run of reply.runs) this.append(run);
    if (reply.runs.length) refill(this.list, this.table);
    else if (filtered && reply.reading) reading(this.list, () => "Looking for sessions"); // an event says when all are known
    else if (filtered) refill(this.list, noMatch(this.frame, "session", reply.excluding));
    else refill(this.list, this.older());
    refill(this.root, h("h1", { class: "vh" }, "Sessions"), this.look, this.facets, this.unsearched, this.news, this.list, this.end);
    this.watcher.observe(this.end);
    this.choose(this.find(this.row));
    this.find(at)?.querySelector("a")?.focus({ preventScroll: true });
    this.clock();
  }

  /** @param {ReadonlyArray<import("../../api").Alert>} alerts */
  attend(alerts) {
    this.alerts = alerts;
    attention(this.look, this.frame, alerts);
    this.clock();
  }

  /** Nothing in the time shown, but before it. */
  older() {
    const { sessions } = this.frame.store;
    return state(
      "No session in the time shown",
      h("p", { class: "soft" }, `${format.plural(sessions, "session")} from before ${sessions === 1 ? "is" : "are"} stored.`),
      h("p", { class: "ways" }, h("a", { href: this.frame.href({ params: { since: "all" } }) }, "Show all")),
    );
  }

  /** Reads what follows. */
  async more() {
    if (!this.next || this.loading) return;
    const turn = this.turn;
    this.loading = true;
    try {
      /** @type {Sessions} */
      const reply = await this.frame.get("sessions", { ...this.params(), after: this.next, limit: PAGE });
      if (turn !== this.turn) return;
      this.next = reply.next ?? "";
      for (const run of reply.runs) if (!this.runs.has(run.id)) this.append(run);
      this.end.replaceChildren();
      // Seen again only if it has left: what came may be less than a screen.
      this.watcher.unobserve(this.end);
      this.watcher.observe(this.end);
    } catch (e) {
      if (turn === this.turn) refill(this.end, failed(e));
    } finally {
      if (turn === this.turn) this.loading = false;
    }
  }

  /** @param {Run} run */
  day(run) {
    const now = this.frame.now();
    return format.day(run.live ? now : new Date(run.began), now);
  }

  /** Adds a run at the end. @param {Run} run */
  append(run) {
    const day = this.day(run);
    const last = [...this.runs.values()].at(-1);
    const body = runRows(this.frame, run, day === last?.day ? "" : day);
    this.runs.set(run.id, { run, body, day });
    this.table.append(body);
  }

  /** Runs that are new or changed. @param {ReadonlyArray<Run>} runs */
  changed(runs) {
    if (!this.table.isConnected) {
      this.again(); // there was nothing to show
      return;
    }
    /** @type {Run[]} */
    const fresh = [];
    for (const run of runs) {
      if (this.runs.has(run.id)) this.redraw(run);
      else if (run.live) fresh.push(run);
    }
    if (fresh.length) this.arrived(fresh);
    this.clock();
  }

  /** @param {Run} run */
  redraw(run) {
    const known = this.runs.get(run.id);
    if (!known) return;
    if (this.params().filter) {
      // What the filter has left out stays out, and the sums are those of what is shown.
      const shown = new Set(known.run.sessions.map((s) => s.name));
      const sessions = run.sessions.filter((s) => shown.has(s.name));
      run = { ...(sessions.length === run.sessions.length ? run : { ...known.run, live: run.live, until: run.until, end: run.end }), sessions };
    }
    const first = known.body.querySelector(".day")?.textContent ?? "";
    patch(known.body, runRows(this.frame, run, first));
    known.run = run;
  }

  /** New runs stand on top at once, unless one reads further down. @param {Run[]} fresh */
  arrived(fresh) {
    for (const run of fresh) this.unseen.set(run.id, run);
    if (scrollY < 80 && !this.params().filter && !this.focused()) this.showUnseen();
    else this.showNews();
  }

  showNews() {
    this.news.hidden = !this.unseen.size;
    this.news.textContent = format.plural(this.unseen.size, "new run");
    if (this.unseen.size) this.frame.say(this.news.textContent);
  }

  showUnseen() {
    if (this.unseen.size) scrollTo(0, 0);
    if (this.params().filter) {
      this.again(); // the server knows which of them match
      return;
    }
    const before = [...this.runs.values()];
    const [first] = before;
    this.runs.clear();
    for (const run of [...this.unseen.values()].sort((a, b) => Date.parse(b.began) - Date.parse(a.began))) {
      const day = this.day(run);
      const body = runRows(this.frame, run, this.runs.size ? "" : day);
      this.runs.set(run.id, { run, body, day });
      if (first) first.body.before(body);
      else this.table.append(body);
    }
    if (first && first.day === [...this.runs.values()][0].day) first.body.querySelector(".day")?.remove();
    for (const known of before) this.runs.set(known.run.id, known);
    this.unseen.clear();
    this.showNews();
  }

  /** Sessions that are not in the store any more. @param {Set<string>} names */
  gone(names) {
    for (const { run, body } of this.runs.values()) {
      const sessions = run.sessions.filter((s) => !names.has(s.name));
      if (sessions.length === run.sessions.length) continue;
      for (const s of run.sessions) if (names.has(s.name)) body.querySelector(`[data-session="${CSS.escape(s.name)}"]`)?.remove();
      if (sessions.length) continue;
      body.remove();
      this.runs.delete(run.id);
    }
  }

  /** Keeps the age of open calls up to date while there are any. */
  clock() {
    const open = this.alerts.some((a) => a.hung) || [...this.runs.values()].some(({ run }) => run.live && (run.open || run.hung_now));
    if (open && !this.stopClock) {
      this.stopClock = this.frame.eachSecond(() => {
        ages(this.look, this.frame, this.alerts);
        for (const { run } of this.runs.values()) if (run.live && (run.open || run.hung_now)) this.redraw(run);
      });
    } else if (!open && this.stopClock) {
      this.stopClock();
      this.stopClock = null;
    }
  }

  // ── keys ──────────────────────────────────────────────────────────────

  /** The row with the focus, as what names it after it was drawn again. */
  focused() {
    const row = document.activeElement?.closest("tr");
    return row && this.table.contains(row) ? row.dataset.key ?? "" : "";
  }

  /** @param {string} key */
  find(key) {
    return key ? this.table.querySelector(/** @type {"tr"} */ (`tr[data-key="${CSS.escape(key)}"]`)) : null;
  }

  /** @param {HTMLTableRowElement | null} row */
  choose(row) {
    if (!row?.dataset.key) return;
    this.table.querySelector("tr.on")?.classList.remove("on");
    row.classList.add("on");
    this.row = row.dataset.key;
  }

  /** @param {string} key */
  key(key) {
    const step = stepOf(key);
    if (step) return this.move(step);
    const row = this.find(this.row);
    const link = key === "Enter" ? row : key === "o" ? row?.closest("tbody")?.querySelector("tr.run") : null;
    link?.querySelector("a")?.click();
    return Boolean(link);
  }

  /** @param {import("../move.js").Step} step */
  move(step) {
    const rows = [...this.table.querySelectorAll(/** @type {"tr"} */ ("tr.row"))];
    const at = rows.indexOf(/** @type {HTMLTableRowElement} */ (this.find(this.row)));
    focus(next(rows, at, step, (r) => r.classList.contains("not-ok"))?.querySelector("a"));
    return true;
  }
}
