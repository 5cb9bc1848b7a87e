// What happens now: what is open and for how long, what the servers do, and what ends.

import { h, refill, time } from "../dom.js";
import * as format from "../format.js";
import { focus, next, stepOf } from "../move.js";
import { command, failed, noMatch, reading, state } from "../states.js";
import { age, keyed, makeRows, RECENT } from "./live-rows.js";

/** @typedef {import("../../api").Live} Live */
/** @typedef {import("../../page").Frame} Frame */

/** How many operations that have ended are kept. */
const MOST_ENDED = 200;

/** @type {import("../../page").View["title"]} */
export const title = () => "Live";

/** @type {import("../../page").View["keys"]} */
export const keys = [["j k", "move"], ["Enter", "open"], ["Space", "pause"], ["n N", "next, previous that is not ok"]];

/**
 * @param {string} name
 * @param {Array<[text: string, cell: string, column: string]>} columns
 * @param {...(HTMLElement | null)} contents of the heads that have one
 */
function table(name, columns, ...contents) {
  return h("table", { class: name }, h("colgroup", null, columns.map(([, , c]) => h("col", { class: c }))),
    h("thead", null, h("tr", null, columns.map(([text, cell], i) => h("th", { scope: "col", class: cell }, text, contents[i])))));
}

/** @type {import("../../page").View["show"]} */
export function show(root, frame) {
  return new LiveView(root, frame);
}

class LiveView {
  /** @type {Live | null} */
  live = null;
  /** What is shown once one follows again. @type {Live | null} */
  held = null;
  /** How many have ended since changes are held. */
  came = 0;
  /** Why changes are held. @type {"" | "asked" | "scrolled"} */
  paused = "";
  /** Counts requests: the reply to an older one is dropped. */
  asked = 0;
  /** Whether there is one whose reply has not come. */
  reading = false;
  /** The ids of what hangs. @type {ReadonlySet<string>} */
  hanging = new Set();
  /** Stops the clock. There is one while something is open. @type {(() => void) | null} */
  stopClock = null;

  /** @param {HTMLElement} root @param {Frame} frame */
  constructor(root, frame) {
    this.root = root;
    this.frame = frame;
    this.filter = frame.address.params.get("q") ?? "";

    this.summary = h("span", { class: "soft" });
    this.status = h("span");
    this.button = h("button", { class: "btn", type: "button", title: "Space", onclick: () => this.#toggle() });
    this.head = h("div", { class: "head" }, h("h1", null, "Live"), this.summary, h("span", { class: "acts" }, this.status, this.button));
    const { axis, open, lane, ended } = makeRows(this.frame);
    this.axis = axis;

    this.none = h("p", { class: "dim" }, "Nothing is open.");
    this.openTable = table("open", [["Client", "who", "o-client"], ["Call", "", "o-call"], ["Age", "n", "o-age"], ["", "t", ""], ["Whose side", "", "o-side"]],
      null, null, null, axis.head);
    this.open = keyed(this.openTable, open);

    this.from = h("span");
    const lanes = table("lanes", [["Session", "", "l-who"], ["", "", ""], ["Calls/min", "n", "l-n"], ["CPU", "n", "l-n"], ["Memory", "n", "l-n"]],
      null, h("span", { class: "dimline" }, this.from, h("i"), h("span", null, "now")));
    this.lanes = keyed(lanes.createTBody(), lane);

    this.feedTable = table("feed", [["Ended", "", "f-at"], ["Server", "srv", "f-server"], ["Operation", "", ""], ["Took", "n", "f-n"], ["Answer", "n", "f-n"], ["Outcome", "", "f-out"]]);
    this.feed = keyed(this.feedTable.createTBody(), ended);

    this.stood = h("ul", { class: "stood" });
    this.nothing = h("div");
    this.openPart = h("section", null, h("h2", null, "Open now"), this.openTable, this.none);
    this.lanesPart = h("section", null, h("h2", null, "Sessions, the last five minutes"), lanes);
    this.stoodPart = h("section", null, h("h2", null, "What stood out, the last hour"), this.stood);
    this.feedPart = h("section", null, h("h2", null, "As they end"), this.feedTable);
    this.body = h("div", null, this.openPart, h("div", { class: "livecols" }, h("div", null, this.lanesPart, this.stoodPart), this.feedPart));

    this.#listen();
    reading(root, () => "Reading what happens now");
    this.#read();
  }

  #listen() {
    this.frame.on("live", (change) => this.#take(change));
    this.frame.on("hello", (e) => e.reset && this.#read());
    addEventListener("scroll", this.#scrolled, { passive: true });
    this.root.addEventListener("focusin", this.#focused);
  }

  leave() {
    removeEventListener("scroll", this.#scrolled);
    this.root.removeEventListener("focusin", this.#focused);
  }

  // ── data ────────────────────────────────────────────────────────────

  /** @param {import("../../page").Address} address */
  update(address) {
    const wanted = address.params.get("q") ?? "";
    if (wanted === this.filter) return;
    this.filter = wanted;
    this.#pause("");
    this.#read();
  }

  async #read() {
    const mine = ++this.asked;
    this.reading = true;
    try {
      const got = /** @type {Live} */ (await this.frame.get("live", { filter: this.filter }));
      if (mine === this.asked) this.#arrive(got);
    } catch (e) {
      if (mine === this.asked) refill(this.root, failed(e));
    }
    if (mine === this.asked) this.reading = false;
  }

  /** Takes an event. It has what has ended since the one before. @param {Live} change */
  #take(change) {
    const last = this.held ?? this.live;
    if (this.filter || !last || this.reading) return void this.#read(); // events are of everything, and newer than the reply to come
    const fresh = new Set(change.ended.map((e) => e.id));
    this.#arrive({ ...change, ended: [...change.ended, ...last.ended.filter((e) => !fresh.has(e.id))].slice(0, MOST_ENDED) });
  }

  /** @param {Live} now */
  #arrive(now) {
    if (this.paused && this.live) {
      const known = new Set((this.held ?? this.live).ended.map((e) => e.id));
      this.came += now.ended.filter((e) => !known.has(e.id)).length;
      this.held = now;
    } else {
      this.live = now;
      this.#draw(now);
    }
    this.#showStatus();
  }

  // ── what is shown ───────────────────────────────────────────────────

  /** @param {Live} now */
  #draw(now) {
    if (this.head.parentNode !== this.root) refill(this.root, this.head, this.nothing, this.body);
    this.summary.textContent = now.summary;
    this.frame.command(now.command);
    this.#hide(now);
    this.from.textContent = format.clock(new Date(Date.parse(now.now) - RECENT * 1000));
    this.open.set(now.open);
    this.#tick(this.frame.now());
    this.#clock();
    this.lanes.set(now.sessions);
    this.feed.set(now.ended);
    refill(this.stood, now.stood_out.map((a) => h("li", null, time(a.at, format.clock(new Date(a.at))),
      h("span", null, h("span", { class: "m" }, a.subject), ` ${a.text}`))));
    this.#announce(now.open.filter((o) => o.outcome.ending === "hung"));
  }

  /** Hides the parts that have nothing to show. @param {Live} now */
  #hide(now) {
    const busy = now.sessions.length > 0 || now.open.length > 0;
    refill(this.nothing, !busy && this.#empty());
    this.openPart.hidden = this.lanesPart.hidden = !busy;
    this.openTable.hidden = !now.open.length;
    this.none.hidden = now.open.length > 0;
    this.stoodPart.hidden = !now.stood_out.length;
    this.feedPart.hidden = !now.ended.length && !busy;
  }

  #empty() {
    const { frame } = this;
    if (this.filter) return noMatch(frame, "live session", undefined);
    return state("Nothing is live",
      h("p", { class: "soft" }, "A session appears here as soon as a client starts a server through spanpipe. This page waits for it; you need not reload. To see one now, run a made-up session:"),
      command("SPANPIPE_TELEMETRY=local spanpipe demo"),
      frame.store.sessions > 0 && h("p", { class: "soft" }, "What has ended is under ", h("a", { href: frame.href({ view: "sessions" }) }, "Sessions"), "."));
  }

  /** Says to screen readers what has begun to hang. @param {ReadonlyArray<import("../../api").Open>} all */
  #announce(all) {
    const fresh = all.filter((o) => !this.hanging.has(o.id));
    if (fresh.length) this.frame.say(fresh.map((o) => `${o.server} ${o.name} hangs. ${o.headline ?? ""}`).join(" "));
    this.hanging = new Set(all.map((o) => o.id));
  }

  #clock() {
    if (this.live?.open.length) this.stopClock ??= this.frame.eachSecond((now) => this.#tick(now));
    else {
      this.stopClock?.();
      this.stopClock = null;
    }
  }

  /** Ages grow by themselves. @param {Date} now */
  #tick(now) {
    if (!this.live || this.paused) return;
    this.axis.fit(Math.max(0, ...this.live.open.map((o) => age(o, now))), this.live.hang_after);
    this.open.tick(now);
  }

  // ── pause ───────────────────────────────────────────────────────────

  #toggle() {
    this.#pause(this.paused ? "" : "asked");
  }

  /** @param {LiveView["paused"]} why */
  #pause(why) {
    this.paused = why;
    const last = this.held ?? this.live;
    if (!why) {
      this.came = 0;
      this.held = null;
      if (last) this.#arrive(last);
    }
    this.#showStatus();
  }

  #showStatus() {
    const { paused, status } = this;
    status.className = paused ? "soft" : "live";
    status.textContent = paused ? `paused, ${format.count(this.came)} came since` : "following";
    this.button.textContent = paused ? "Follow" : "Pause";
  }

  /** Changes are held while one reads further down. */
  #scrolled = () => {
    const deep = scrollY > 0 && this.feedTable.getBoundingClientRect().top < this.head.getBoundingClientRect().bottom;
    if (deep && !this.paused) this.#pause("scrolled");
    else if (!deep && this.paused === "scrolled") this.#pause("");
  };

  /** Changes are held while a row has the focus. @param {FocusEvent} e */
  #focused = (e) => {
    if (!this.paused && e.target instanceof Element && e.target.closest("tr.row")) this.#pause("asked");
  };

  // ── keys ────────────────────────────────────────────────────────────

  /** @param {string} key */
  key(key) {
    const active = document.activeElement;
    const step = stepOf(key);
    if (step) this.#move(step);
    else if (key === " ") this.#toggle();
    else if (key === "Escape" && active instanceof HTMLElement && active.closest("tr.row")) {
      active.blur();
      this.#pause("");
    } else return false;
    return true;
  }

  /** Moves the focus to another row. @param {import("../move.js").Step} step */
  #move(step) {
    const all = [...this.root.querySelectorAll("tr.row")].filter((r) => r.checkVisibility());
    const at = all.findIndex((r) => r.contains(document.activeElement));
    focus(next(all, at, step, (r) => r.classList.contains("trouble"))?.querySelector("a"));
  }
}
