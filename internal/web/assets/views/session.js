// A run: one start of a client with all its servers, operation by operation.

import { Failed } from "../api.js";
import { h, refill, renew } from "../dom.js";
import { parseFilter } from "../filter.js";
import { clock, spoken } from "../format.js";
import { press } from "../input.js";
import { stepOf } from "../move.js";
import { Overview } from "../overview.js";
import { parseOp } from "../router.js";
import { note, Rows } from "../rows.js";
import { button, groupsOf, heading, notes, operationsOf, recent, remarksOf } from "../runhead.js";
import { Panel } from "../runpanel.js";
import { failed, reading } from "../states.js";
import { Usage } from "../usage.js";
import { Waterfall } from "../waterfall.js";

/** @typedef {import("../../page").Frame} Frame */
/** @typedef {import("../../api").RunDetail} RunDetail */
/** @typedef {import("../../api").Operations} Operations */
/** @typedef {import("../../api").Resources} Resources */

const many = 150; // operations of which all are too much to look at at once

let name = "Session";

/** @type {import("../../page").View["title"]} */
export const title = () => name;

/** @type {import("../../page").View["keys"]} */
export const keys = [
  ["j k", "move"], ["Enter", "open"], ["n N", "next, previous not ok"], ["h l", "earlier, later"], ["+ -", "zoom in, out"], ["0", "all of the run"],
  ["f", "fold quiet time"], ["b", "by server"], ["g", "go to the end, and follow"],
];

/** @type {import("../../page").View["show"]} */
export function show(root, frame) {
  return new SessionView(root, frame);
}

class SessionView {
  // What is read.
  rounds = 0; // of reading everything
  later = 0; // until more is read again
  /** @type {RunDetail | null} */
  detail = null;
  /** @type {Operations[] | null} what events bring while all is read again */
  meanwhile = null;
  reading = true;
  expected = 0; // operations that are still to come
  leftOut = 0;

  // What is shown.
  rows = new Rows();
  servers = /** @type {Map<string, string>} */ (new Map()); // by session
  filter = /** @type {import("../filter.js").Filter} */ ({ matches: null, ignored: [] });
  allRemarks = false; // are shown, not the first alone
  since = 0; // rows that came while one did not follow
  /** @type {(() => void) | null} there is a clock while the run is live */
  stopClock = null;

  // Where one is.
  times = ""; // of the address, as they are shown
  auto = false; // the address names no time, and there is more than one can look at: it is chosen
  zoomedAt = -Infinity;
  settling = 0; // until a zoom is written to the address
  moving = 0; // until the row that one is at is
  revealing = -1; // the row that is to be brought into view
  early = /** @type {string[]} */ ([]); // keys that were pressed before there was a row

  /** @param {HTMLElement} root @param {Frame} frame */
  constructor(root, frame) {
    this.root = root;
    this.frame = frame;
    this.path = `runs/${encodeURIComponent(frame.address.id)}`;
    this.fall = new Waterfall(this.rows, this.servers, {
      moved: (i, open) => this.#moved(i, open),
      zoomed: (w, settled) => this.#zoomed(w, settled),
      drawn: () => this.#drawn(),
      say: (text) => frame.say(text),
    });
    this.map = new Overview((from, to, settled) => {
      this.fall.following = false;
      this.fall.zoom({ from: this.rows.time(from), to: this.rows.time(to) }, settled);
    });
    this.usage = new Usage();
    this.panel = new Panel(frame, () => this.#room());
    this.foldButton = button("Fold quiet time", "Fold time in which nothing starts or ends (f)", () => this.#toggle("fold"));
    this.groupButton = button("By server", "One block for each server (b)", () => this.#toggle("by"));
    this.length = h("span");
    this.about = h("div", { class: "about" });
    this.head = h("div", { class: "head" }, this.about, h("span", { class: "acts" }, this.foldButton, this.groupButton));
    this.remarks = h("ul", { class: "remarks" });
    this.note = h("div", { class: "fall-note" });
    this.trouble = h("div"); // why it could not be read again
    this.below = h("div", null, this.note, this.trouble);
    this.whole = h("div", { class: "run" }, this.head, this.remarks, this.map.element, this.fall.element, this.below, this.usage.element);
    reading(root, () => "Reading the run");
    this.resize = () => this.#room();
    addEventListener("resize", this.resize);
    this.#listen();
    this.#read();
  }

  #listen() {
    this.frame.on("operations", (page) => {
      if (page.run === this.detail?.run.id) this.#take(page, true);
    });
    this.frame.on("runs", (e) => {
      const run = e.runs.find((r) => r.id === this.detail?.run.id);
      if (!run || !this.detail) return;
      this.detail = { ...this.detail, run };
      this.#run();
      this.#more();
    });
    this.frame.on("hello", (e) => {
      if (e.reset && this.detail) this.#read();
    });
    this.frame.on("listing", async () => {
      if (!this.detail || this.detail.run.sessions.every((s) => s.strip || s.trouble)) return;
      this.detail = await this.frame.get(this.path);
      this.#run();
    });
    this.frame.on("gone", (e) => {
      if (this.detail?.run.sessions.some((s) => e.sessions.includes(s.name))) this.#read();
    });
  }

  leave() {
    removeEventListener("resize", this.resize);
    for (const t of [this.later, this.settling, this.moving]) clearTimeout(t);
    name = "Session";
    this.panel.leave();
    this.fall.leave();
    this.map.leave();
  }

  // ── data ────────────────────────────────────────────────────────────

  async #read() {
    const round = ++this.rounds;
    try {
      const detail = /** @type {RunDetail} */ (await this.frame.get(this.path)), first = !this.detail;
      if (round !== this.rounds) return;
      this.detail = detail;
      this.trouble.replaceChildren();
      if (first) {
        this.rows.base = Date.parse(detail.run.began);
        refill(this.root, this.whole);
      }
      this.#run();
      if (first) this.#begin();
      this.#more();
      /** @type {Operations[]} what is read again takes the place of what is shown once all of it is there */
      const all = [];
      this.meanwhile = first ? null : [];
      for await (const part of operationsOf(this.frame, this.path)) {
        if (round !== this.rounds) return;
        this.leftOut = part.left_out ?? 0;
        this.reading = first && Boolean(part.next);
        this.expected = this.reading ? Math.max(0, detail.run.calls - this.rows.count - part.number.length) : 0;
        if (first) this.#take(part, false);
        else all.push(part);
      }
      if (!first) this.fall.replace([...all, ...(this.meanwhile ?? [])]);
      this.meanwhile = null;
      this.#select(true);
      this.#session();
    } catch (e) {
      if (round !== this.rounds) return;
      this.meanwhile = null;
      if (this.detail && !(e instanceof Failed && e.status === 404)) return void refill(this.trouble, failed(e));
      this.detail = null; // it has been removed
      this.panel.show("");
      refill(this.root, failed(e));
    }
  }

  /** Goes to where a session begins that the address names. */
  #session() {
    const { params } = this.frame.address;
    const session = params.get("session");
    if (!session || params.has("op")) return;
    requestAnimationFrame(() => {
      const i = this.fall.order.find((k) => this.rows.sessionOf(k) === session);
      if (i !== undefined) this.fall.goTo(i, false);
    });
  }

  /** @param {Operations} part @param {boolean} event */
  #take(part, event) {
    const { fall, rows } = this;
    const before = rows.count;
    rows.take(part);
    if (event) this.meanwhile?.push(part);
    fall.now = this.#now();
    if (event && !fall.following) for (let i = before; i < rows.count; i++) if (fall.matches?.(i) ?? true) this.since++;
    fall.changed();
    this.#select(!event);
    const shown = this.frame.address.params.get("op");
    if (event && shown && part.number.some((n, r) => `${part.sessions[part.session[r]]}/${n}` === shown)) this.panel.show(shown, true);
  }

  /** What no event brings is read with the run, and later when something of it has changed, but rarely: remarks and resources. */
  async #more() {
    if (this.later) return;
    this.later = setTimeout(() => (this.later = 0), 15_000);
    try {
      this.detail = /** @type {RunDetail} */ (await this.frame.get(this.path));
      this.usage.set(/** @type {Resources} */ (await this.frame.get(`${this.path}/resources`)), this.servers, this.rows.base);
    } catch {
      return; // the operations say what is wrong
    }
    this.#run();
    this.#room();
    this.usage.draw(this.fall);
  }

  /** s since base */
  #now() {
    const run = this.detail?.run;
    return this.rows.time(run && !run.live ? Date.parse(run.until) : this.frame.now().getTime()) ?? 0;
  }

  // ── what is shown ───────────────────────────────────────────────────

  /** Shows what is said of the run. */
  #run() {
    if (!this.detail) return;
    const { run, remarks, commands } = this.detail;
    this.servers.clear();
    for (const s of run.sessions) this.servers.set(s.name, s.server);
    this.fall.live = run.live;
    if (!run.live) this.stopClock?.();
    this.stopClock = run.live ? (this.stopClock ?? this.frame.eachSecond(() => this.#second())) : null;
    renew(this.about, ...heading(this.frame, run, this.length));
    name = `${run.client} ${clock(new Date(run.began))}`;
    document.title = `${name} – spanpipe`;
    if (this.fall.groups) this.fall.groups = groupsOf(this.servers);
    renew(this.remarks, ...remarksOf(remarks, this.allRemarks, () => this.#remarks()));
    this.frame.command(commands[0] ?? "");
    this.map.draw(run, this.frame.now().getTime());
    this.#second();
  }

  /** Shows the remarks that were left out. */
  #remarks() {
    this.allRemarks = true;
    this.#run();
    this.#room();
    this.fall.element.focus({ preventScroll: true }); // the button is gone
  }

  /** What the address says when the run is shown at first. */
  #begin() {
    this.fall.following = this.fall.live && !this.frame.address.params.has("op");
    this.#options();
    this.#room();
  }

  /** Shows what the address names: fold, by, from and to. */
  #options() {
    const { params } = this.frame.address;
    const { fall } = this;
    const grouped = params.get("by") === "server";
    fall.fold = params.get("fold") !== "no";
    fall.groups = grouped ? groupsOf(this.servers) : null;
    this.filter = parseFilter(params.get("q") ?? "", this.rows, this.servers, this.detail?.run.client ?? "", () => fall.now);
    fall.matches = this.filter.matches;
    this.foldButton.setAttribute("aria-pressed", String(fall.fold));
    this.groupButton.setAttribute("aria-pressed", String(grouped));
    const times = `${params.get("from")} ${params.get("to")}`;
    if (times !== this.times) {
      this.times = times;
      const time = (/** @type {string} */ name) => this.rows.time(Date.parse(params.get(name) ?? ""));
      fall.window = { from: time("from"), to: time("to") };
      this.auto = !params.has("from") && !params.has("to") && (this.detail?.run.calls ?? 0) > many;
      if (this.auto && fall.live && this.detail) fall.window.from = recent(this.detail.run);
      this.revealing = this.auto ? fall.selected : -1;
    }
    fall.following &&= fall.window.to === null && !grouped;
    fall.changed();
  }

  /** The waterfall gets what the window has left, and no more than it needs. */
  #room() {
    const { element, size } = this.fall;
    const status = document.querySelector(".status")?.getBoundingClientRect().height ?? 0;
    const others = element.getBoundingClientRect().top + scrollY + this.usage.element.offsetHeight + this.below.offsetHeight + status + 12;
    this.fall.layout(Math.max(size.head + 8 * size.row, innerHeight - others));
  }

  #second() {
    const run = this.detail?.run;
    if (!run) return;
    const now = this.frame.now().getTime();
    this.length.textContent = spoken(((run.live ? now : Date.parse(run.until)) - Date.parse(run.began)) / 1000);
    this.fall.tick(this.#now());
  }

  #drawn() {
    const { fall, rows } = this;
    const { from, to } = fall.window;
    this.map.show(from === null ? -Infinity : rows.ms(from), to === null ? Infinity : rows.ms(to));
    this.usage.draw(fall);
    if (fall.following) this.since = 0;
    if (fall.count) for (const key of this.early.splice(0)) press(fall, key);
    const before = this.note.offsetHeight;
    if (renew(this.note, ...notes(fall, this, () => this.frame.go({ params: { q: null } }))) && this.note.offsetHeight !== before) this.#room();
  }

  // ── address ─────────────────────────────────────────────────────────

  update() {
    if (!this.detail) return;
    this.#options();
    this.#select(true);
  }

  /** @param {import("../waterfall.js").Window} w @param {boolean} settled */
  #zoomed(w, settled) {
    clearTimeout(this.settling);
    const write = (/** @type {boolean} */ replace) => {
      const time = (/** @type {number | null} */ t) => (t === null ? null : new Date(this.rows.ms(t)).toISOString());
      const all = w.from === null && w.to === null && (this.detail?.run.calls ?? 0) > many;
      const params = { from: all ? "all" : time(w.from), to: time(w.to) };
      this.times = `${params.from} ${params.to}`;
      this.auto = false;
      this.frame.go({ params }, { replace });
    };
    if (settled) {
      write(performance.now() - this.zoomedAt < 1000); // one step back for several forth
      this.zoomedAt = performance.now();
    } else this.settling = setTimeout(() => write(true), 300);
  }

  /** @param {"fold" | "by"} name */
  #toggle(name) {
    const value = { fold: "no", by: "server" }[name];
    this.frame.go({ params: { [name]: this.frame.address.params.get(name) === value ? null : value } });
  }

  /** @param {number} i @param {boolean} open */
  #moved(i, open) {
    const { rows } = this;
    if (rows.flags[i] & note) return; // a notification has nothing more to show
    const showing = this.frame.address.params.has("op");
    if (!open && !showing) return;
    clearTimeout(this.moving);
    const go = () => this.frame.go({ params: { op: `${rows.sessionOf(i)}/${rows.number[i]}` } }, { replace: showing });
    this.fall.select(i);
    if (open) go();
    else this.moving = setTimeout(go, 120);
  }

  /** Selects what the address names. @param {boolean} reveal */
  #select(reveal) {
    const op = this.frame.address.params.get("op") ?? "";
    const [session, number] = parseOp(op);
    const i = op ? this.rows.find(session, number) : -1;
    if (i !== this.fall.selected) {
      this.fall.select(i);
      if (i >= 0 && reveal) this.revealing = i;
    }
    if (this.revealing >= 0 && reveal) {
      const at = this.revealing;
      this.revealing = -1;
      requestAnimationFrame(() => {
        if (this.auto) this.fall.around(at);
        this.auto = false;
        this.fall.reveal(at);
      });
    }
    this.panel.show(op);
  }

  // ── keys ────────────────────────────────────────────────────────────

  /** @param {string} key @param {KeyboardEvent} event */
  key(key, event) {
    if (!this.detail) return false;
    const inPanel = event.target instanceof Node && this.frame.panel.contains(event.target);
    if (inPanel && /^(Arrow|Page|Home|End)/.test(key)) return false;
    switch (key) {
      case "f": this.#toggle("fold"); return true;
      case "b": this.#toggle("by"); return true;
      case "g": this.fall.follow(); return true;
      case "Escape":
        if (!this.frame.address.params.has("op")) return false;
        this.frame.go({ params: { op: null } });
        if (inPanel) this.fall.element.focus({ preventScroll: true });
        return true;
    }
    if (!this.fall.count && this.reading && (stepOf(key) || /^(Page|Home$|End$)/.test(key))) {
      this.early.push(key);
      return true;
    }
    return press(this.fall, key);
  }
}
