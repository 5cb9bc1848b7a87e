// What happens now: what is open and for how long, what the servers do, and what ends.

import { h, put, refill, s } from "../dom.js";
import * as format from "../format.js";
import { failed, noMatch, reading, state, command } from "../states.js";
import { strip } from "../strip.js";
import { stations } from "../stations.js";
import { ageAxis } from "./live-axis.js";

/** @typedef {import("../../api").Live} Live */
/** @typedef {import("../../api").Open} Open */
/** @typedef {import("../../api").LiveSession} LiveSession */
/** @typedef {import("../../api").Ended} Ended */
/** @typedef {import("../../page").Frame} Frame */

/** How many operations that have ended are kept. */
const MOST_ENDED = 200;

/** What the sessions' strips show, in seconds. */
const RECENT = 300;

/** @type {import("../../page").View["title"]} */
export const title = () => "Live";

/** @type {import("../../page").View["keys"]} */
export const keys = [["j k", "move"], ["Enter", "open"], ["Space", "pause"], ["n N", "next, previous not ok"]];

/** @param {string} time */
const at = (time) => new Date(time);

/** A time of day with tenths. @param {Date} t */
const tenths = (t) => `${format.clock(t, true)}.${Math.floor(t.getMilliseconds() / 100)}`;

/** @param {Date} t @param {string} text */
const timeOf = (t, text) => h("time", { datetime: t.toISOString(), title: format.utc(t) }, text);

/** A figure with its unit in a slot of its own. @param {import("../format.js").Amount} amount */
const figure = ([number, unit]) => [number, h("i", null, unit)];

/**
 * Elements in the order of their items. An item that stays keeps its element, which is changed in place: nothing that one looks
 * at or points to moves because of something else.
 * @template {{ readonly id?: string, readonly name: string }} T
 */
class Keyed {
  /**
   * @param {HTMLElement} parent
   * @param {(item: T) => { element: HTMLElement, update(item: T): void }} make
   */
  constructor(parent, make) {
    this.parent = parent;
    this.make = make;
    /** @type {Map<string, { element: HTMLElement, item: T, update(item: T): void }>} */
    this.entries = new Map();
  }

  /** @param {ReadonlyArray<T>} items */
  set(items) {
    const old = this.entries;
    this.entries = new Map();
    for (const item of items) {
      const key = item.id ?? item.name;
      const known = old.get(key);
      old.delete(key);
      if (known && known.item !== item) known.update(item);
      this.entries.set(key, known ? Object.assign(known, { item }) : { ...this.make(item), item });
    }
    for (const { element } of old.values()) element.remove();
    let next = this.parent.firstElementChild;
    for (const { element } of this.entries.values()) {
      if (element === next) next = element.nextElementSibling;
      else this.parent.insertBefore(element, next);
    }
  }
}

/** @type {import("../../page").View["show"]} */
export function show(root, frame) {
  const view = new LiveView(root, frame);
  view.read();
  return view;
}

class LiveView {
  /**
   * @param {HTMLElement} root
   * @param {Frame} frame
   */
  constructor(root, frame) {
    this.root = root;
    this.frame = frame;
    /** @type {Live | null} */
    this.live = null;
    /** What is shown once one follows again. @type {Live | null} */
    this.held = null;
    this.came = 0;
    /** Why changes are held. @type {"" | "key" | "scroll"} */
    this.paused = "";
    this.filter = frame.address.params.get("q") ?? "";
    this.asked = 0;
    /** @type {Set<string>} */
    this.hanging = new Set();

    this.summary = h("span", { class: "soft" });
    this.status = h("span", { class: "live" });
    this.button = h("button", { class: "btn", type: "button", title: "Space", onclick: () => this.pause(this.paused ? "" : "key") });
    this.head = h("div", { class: "head" }, h("h1", null, "Live"), this.summary, h("span", { class: "acts" }, this.status, this.button));
    this.axis = ageAxis();
    this.parts();
    reading(root, "Reading what happens now");

    frame.on("live", (data) => this.take(data));
    frame.on("hello", (data) => data.reset && this.read());
    frame.eachSecond((now) => this.age(now));
    this.onscroll = () => this.scrolled();
    addEventListener("scroll", this.onscroll, { passive: true });
    root.addEventListener("focusin", (e) => this.focused(e.target));
  }

  leave() {
    removeEventListener("scroll", this.onscroll);
  }

  /** @param {import("../../page").Address} address */
  update(address) {
    const filter = address.params.get("q") ?? "";
    if (filter === this.filter) return;
    this.filter = filter;
    this.read();
  }

  /** Makes the tables, which stay. */
  parts() {
    const columns = (/** @type {string[]} */ ...classes) => h("colgroup", null, classes.map((c) => h("col", { class: c })));
    const heads = (/** @type {Array<[string, string]>} */ ...all) => all.map(([text, name]) => h("th", { scope: "col", class: name || null }, text));
    this.openTable = h("table", { class: "open" }, columns("o-client", "o-call", "o-age", "", "o-side"),
      h("thead", null, h("tr", null, heads(["Client", "who"], ["Call", ""], ["Age", "n"]),
        h("th", { scope: "col", class: "t" }, h("span", { class: "vh" }, "Age on an axis"), this.axis.head), heads(["Whose side", ""]))));
    this.openNone = h("p", { class: "dim" }, "Nothing is open.");
    this.open = new Keyed(this.openTable, (/** @type {Open} */ o) => this.openRow(o));

    this.from = h("span");
    const lanes = h("tbody");
    this.lanesTable = h("table", { class: "lanes" }, columns("l-who", "", "l-n", "l-n", "l-n"),
      h("thead", null, h("tr", null, heads(["Session", ""]),
        h("th", { scope: "col" }, h("span", { class: "dimline" }, this.from, h("i"), h("span", null, "now"))),
        heads(["Calls/min", "n"], ["CPU", "n"], ["Memory", "n"]))), lanes);
    this.lanes = new Keyed(lanes, (/** @type {LiveSession} */ l) => this.lane(l));

    const feed = h("tbody");
    this.feedTable = h("table", { class: "feed" }, columns("f-at", "f-server", "", "f-n", "f-n", "f-out"),
      h("thead", null, h("tr", null, heads(["Ended", ""], ["Server", "srv"], ["Operation", ""], ["Took", "n"], ["Answer", "n"], ["Outcome", ""]))), feed);
    this.feed = new Keyed(feed, (/** @type {Ended} */ e) => this.feedRow(e));
    this.stood = h("ul", { class: "stood" });
    this.openPart = h("section", null, h("h2", null, "Open now"), this.openTable, this.openNone);
    this.lanesPart = h("section", null, h("h2", null, "Sessions, the last five minutes"), this.lanesTable);
    this.feedPart = h("section", null, h("h2", null, "As they end"), this.feedTable);
    this.stoodPart = h("section", null, h("h2", null, "What stood out, the last hour"), this.stood);
    this.nothing = h("div");
    this.body = h("div", null, this.openPart, h("div", { class: "livecols" }, h("div", null, this.lanesPart, this.stoodPart), this.feedPart));
  }

  /** Reads everything. */
  async read() {
    const asked = ++this.asked;
    try {
      const live = await this.frame.get("live", { filter: this.filter });
      if (asked === this.asked) this.arrived(/** @type {Live} */ (live));
    } catch (e) {
      if (asked === this.asked) refill(this.root, failed(e));
    }
  }

  /** @param {Live} data what has changed */
  take(data) {
    if (this.filter || !this.live) { // events are of everything
      this.read();
      return;
    }
    const last = this.held ?? this.live;
    const fresh = new Set(data.ended.map((e) => e.id));
    this.arrived({ ...data, ended: [...data.ended, ...last.ended.filter((e) => !fresh.has(e.id))].slice(0, MOST_ENDED) });
  }

  /** @param {Live} live */
  arrived(live) {
    if (this.paused && this.live) {
      const known = new Set((this.held ?? this.live).ended.map((e) => e.id));
      this.came += live.ended.filter((e) => !known.has(e.id)).length;
      this.held = live;
      this.following();
      return;
    }
    this.live = live;
    this.draw(live);
  }

  /** @param {Live} live */
  draw(live) {
    if (this.head.parentNode !== this.root) refill(this.root, this.head, this.nothing, this.body);
    this.following();
    this.summary.textContent = live.summary;
    this.frame.command(live.command);
    const busy = live.sessions.length > 0 || live.open.length > 0;
    refill(this.nothing, !busy && this.empty());
    this.openPart.hidden = this.lanesPart.hidden = !busy;
    this.openTable.hidden = !live.open.length;
    this.openNone.hidden = live.open.length > 0;
    this.stoodPart.hidden = !live.stood_out.length;
    this.feedPart.hidden = !live.ended.length && !busy;

    this.age(this.frame.now());
    this.open.set(live.open);
    this.from.textContent = format.clock(new Date(at(live.now).getTime() - RECENT * 1000));
    this.lanes.set(live.sessions);
    this.feed.set(live.ended);
    this.age(this.frame.now());
    refill(this.stood, live.stood_out.map((a) => h("li", null, timeOf(at(a.at), format.clock(at(a.at))),
      h("span", null, h("span", { class: "m" }, a.subject), ` ${a.text}`))));
    this.announce(live);
  }

  empty() {
    if (this.filter) return noMatch(this.frame, "live sessions", undefined);
    return state("Nothing is live",
      h("p", { class: "soft" }, "A session appears here as soon as a client starts a server through spanpipe. This page waits for it; you need not reload. To see one now, run a made-up session:"),
      command("SPANPIPE_TELEMETRY=local spanpipe demo"),
      this.frame.store.sessions > 0 && h("p", { class: "soft" }, "What has ended is under ", h("a", { href: this.frame.href({ view: "sessions" }) }, "Sessions"), "."));
  }

  /** Tells screen readers what has begun to hang. @param {Live} live */
  announce(live) {
    const hanging = live.open.filter((o) => o.outcome.ending === "hung");
    const fresh = hanging.filter((o) => !this.hanging.has(o.id));
    if (fresh.length) this.frame.say(fresh.map((o) => `${o.server} ${o.name} hangs. ${o.headline ?? ""}`).join(" "));
    this.hanging = new Set(hanging.map((o) => o.id));
  }

  /** Draws ages, which grow by themselves. @param {Date} now */
  age(now) {
    if (!this.live || this.paused) return;
    const ages = this.live.open.map((o) => (now.getTime() - at(o.start).getTime()) / 1000);
    this.axis.fit(Math.max(0, ...ages), this.live.usual);
    for (const { element } of this.open.entries.values()) element.dispatchEvent(new CustomEvent("age", { detail: now }));
  }

  // ── rows ──────────────────────────────────────────────────────────────

  /** @param {Open} first */
  openRow(first) {
    let o = first;
    const link = h("a", { class: "m" });
    const server = h("span", { class: "dim" });
    const age = h("td", { class: "n age" });
    const bar = this.axis.bar();
    const side = h("td", { class: "o-side" });
    const client = h("td", { class: "who dim" });
    const row = h("tr", { class: "row" }, client, h("th", { scope: "row" }, server, " ", link), age, h("td", { class: "t" }, bar.svg), side);
    const element = h("tbody", null, row);
    /** @type {HTMLElement | undefined} */
    let say;
    const draw = (/** @type {Date} */ now) => {
      const seconds = Math.max(0, (now.getTime() - at(o.start).getTime()) / 1000);
      const hung = o.outcome.ending === "hung";
      bar.draw(seconds, o.waiting ? "person" : hung ? "hung" : "open");
      age.className = `n age${o.waiting ? " person" : ""}`;
      refill(age, hung ? h("span", { class: "hung" }, format.duration(seconds)) : format.duration(seconds));
    };
    element.addEventListener("age", (e) => draw(/** @type {CustomEvent<Date>} */ (e).detail));
    const update = (/** @type {Open} */ next) => {
      o = next;
      const tone = o.outcome.ending === "hung" ? "bad" : o.waiting ? "person" : "soft";
      element.dataset.trouble = o.outcome.trouble ? "yes" : "";
      client.textContent = o.client;
      server.textContent = o.server;
      link.textContent = o.name;
      link.href = this.place(o);
      refill(side, h(tone === "bad" ? "b" : "span", { class: tone }, o.side));
      say?.remove();
      say = o.headline ? h("tr", { class: "say" }, h("td", { colspan: 5 }, h("div", null,
        h("p", { class: "verdict" }, h("b", null, o.headline), o.detail && " ", o.detail && h("span", { class: "soft" }, o.detail)),
        o.stations && stations(o.stations)))) : undefined;
      put(element, say);
      draw(this.frame.now());
    };
    update(o);
    return { element, update };
  }

  /** @param {LiveSession} first */
  lane(first) {
    const cells = [0, 1, 2, 3].map((n) => h("td", { class: n ? "n" : null }));
    const name = h("a", { class: "m" });
    const client = h("span", { class: "dim" });
    const element = h("tr", { class: "row" }, h("th", { scope: "row" }, name, " ", client), cells);
    ["", "calls/min", "CPU", "memory"].forEach((label, n) => label && cells[n].setAttribute("data-l", label));
    const update = (/** @type {LiveSession} */ l) => {
      name.textContent = l.server;
      name.href = this.frame.href({ view: "runs", id: l.run });
      client.textContent = l.client;
      refill(cells[0], strip(l.recent, { length: RECENT, label: `${l.server}: the last five minutes`, end: l.end.mark }));
      cells[1].textContent = String(l.rate);
      cells[2].textContent = l.cpu === undefined ? "–" : `${Math.round(l.cpu * 100)} %`;
      cells[3].textContent = l.memory === undefined ? "–" : format.size(l.memory);
    };
    update(first);
    return { element, update };
  }

  /** @param {Ended} first */
  feedRow(first) {
    const element = h("tr", { class: "row" });
    const update = (/** @type {Ended} */ e) => {
      element.dataset.trouble = e.outcome.trouble ? "yes" : "";
      refill(element,
        h("td", { class: "dim" }, timeOf(at(e.at), tenths(at(e.at)))),
        h("td", { class: "srv dim" }, e.server),
        h("th", { scope: "row", class: "op" }, h("span", { class: "dim", title: e.asked ? "the server asked" : null }, e.asked ? "← " : "→ "), h("a", { href: this.place(e) }, e.name)),
        h("td", { class: "n" }, figure(format.durationParts(e.took))),
        h("td", { class: "n" }, e.size === undefined ? figure(["–", ""]) : figure(format.sizeParts(e.size))),
        h("td", { class: e.outcome.tone }, e.outcome.text));
    };
    update(first);
    return { element, update };
  }

  /** The address of an operation. @param {import("../../api").Place} p */
  place(p) {
    return this.frame.href({ view: "runs", id: p.run, params: { op: p.session && p.operation ? `${p.session}/${p.operation}` : null } });
  }

  // ── following ─────────────────────────────────────────────────────────

  /** @param {"" | "key" | "scroll"} why */
  pause(why) {
    this.paused = why;
    if (!why) {
      this.came = 0;
      const live = this.held ?? this.live;
      this.held = null;
      if (live) this.arrived(live);
    }
    this.following();
  }

  /** Shows whether changes are shown. */
  following() {
    const { paused, came } = this;
    this.status.className = paused ? "soft" : "live";
    this.status.textContent = paused ? `paused, ${format.count(came)} came since` : "following";
    this.button.textContent = paused ? "Follow" : "Pause";
  }

  /** Changes are held while one reads further down, or has selected a row. */
  scrolled() {
    const deep = this.feedTable.getBoundingClientRect().top < this.head.getBoundingClientRect().bottom && scrollY > 0;
    if (deep && !this.paused) this.pause("scroll");
    else if (!deep && this.paused === "scroll") this.pause("");
  }

  /** @param {EventTarget | null} target */
  focused(target) {
    if (target instanceof Element && target.closest("tr.row") && !this.paused) this.pause("key");
  }

  /** @param {string} key */
  key(key) {
    if (key === " ") this.pause(this.paused ? "" : "key");
    else if (key === "j" || key === "ArrowDown") this.move(1, false);
    else if (key === "k" || key === "ArrowUp") this.move(-1, false);
    else if (key === "n") this.move(1, true);
    else if (key === "N") this.move(-1, true);
    else if (key === "Escape" && this.root.contains(document.activeElement) && document.activeElement instanceof HTMLElement) {
      document.activeElement.blur();
      this.pause("");
    } else return false;
    return true;
  }

  /**
   * Moves the focus to another row.
   * @param {1 | -1} by
   * @param {boolean} trouble only to one that is not ok
   */
  move(by, trouble) {
    const rows = [...this.root.querySelectorAll("tr.row")].filter((r) => r.checkVisibility());
    const from = rows.findIndex((r) => r.contains(document.activeElement));
    const wanted = (/** @type {Element} */ r) => !trouble || /** @type {HTMLElement | null} */ (r.closest("[data-trouble]"))?.dataset.trouble === "yes";
    for (let i = from < 0 && by < 0 ? rows.length - 1 : from + by; i >= 0 && i < rows.length; i += by) {
      if (!wanted(rows[i])) continue;
      rows[i].querySelector("a")?.focus();
      return;
    }
  }
}
