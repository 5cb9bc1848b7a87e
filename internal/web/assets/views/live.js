// What happens now: what is open and for how long, what the servers do, and what ends.

import { figure, h, refill, time } from "../dom.js";
import * as format from "../format.js";
import { focus, next, stepOf } from "../move.js";
import { place } from "../router.js";
import { command, failed, noMatch, reading, state } from "../states.js";
import { strip } from "../strip.js";
import { stations } from "../stations.js";
import { ageAxis } from "./live-axis.js";

/** @typedef {import("../../api").Live} Live */
/** @typedef {import("../../api").Open} Open */
/** @typedef {import("../../api").LiveSession} LiveSession */
/** @typedef {import("../../api").Ended} Ended */
/** @typedef {import("../../page").Frame} Frame */

/**
 * The element of an item, which changes in place.
 * @template T
 * @typedef {{ element: HTMLElement, update(item: T): void, tick?(now: Date): void }} Row
 */

/** How many operations that have ended are kept. */
const MOST_ENDED = 200;

/** What the sessions' strips show, in seconds. */
const RECENT = 300;

/** @type {import("../../page").View["title"]} */
export const title = () => "Live";

/** @type {import("../../page").View["keys"]} */
export const keys = [["j k", "move"], ["Enter", "open"], ["Space", "pause"], ["n N", "next, previous that is not ok"]];

/**
 * Keeps rows in the order of their items. An item that stays keeps its element: nothing that one looks at or points to moves
 * because of something else.
 * @template {{ readonly id?: string, readonly name: string }} T
 * @param {HTMLElement} parent
 * @param {(item: T) => Row<T>} make
 */
function keyed(parent, make) {
  /** @type {Map<string, Row<T>>} */
  let rows = new Map();
  return {
    /** @param {ReadonlyArray<T>} items */
    set(items) {
      const old = rows;
      rows = new Map();
      for (const item of items) {
        const key = item.id ?? item.name;
        const row = old.get(key) ?? make(item);
        row.update(item);
        rows.set(key, row);
        old.delete(key);
      }
      for (const { element } of old.values()) element.remove();
      let next = [...rows.values()].find(({ element }) => element.parentNode)?.element ?? null;
      for (const { element } of rows.values()) {
        if (element === next) next = /** @type {HTMLElement | null} */ (element.nextElementSibling);
        else parent.insertBefore(element, next);
      }
    },
    /** @param {Date} now */
    tick(now) {
      for (const row of rows.values()) row.tick?.(now);
    },
  };
}

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
  /** @type {Live | null} */
  let live = null;
  /** What is shown once one follows again. @type {Live | null} */
  let held = null;
  let came = 0;
  /** Why changes are held. @type {"" | "asked" | "scrolled"} */
  let paused = "";
  let filter = frame.address.params.get("q") ?? "";
  let asked = 0;
  let hanging = new Set();
  /** Stops the clock. There is one while something is open. @type {(() => void) | null} */
  let still = null;

  const rows = makeRows(frame);
  const summary = h("span", { class: "soft" });
  const status = h("span");
  const button = h("button", { class: "btn", type: "button", title: "Space", onclick: () => pause(paused ? "" : "asked") });
  const head = h("div", { class: "head" }, h("h1", null, "Live"), summary, h("span", { class: "acts" }, status, button));

  const none = h("p", { class: "dim" }, "Nothing is open.");
  const openTable = table("open", [["Client", "who", "o-client"], ["Call", "", "o-call"], ["Age", "n", "o-age"], ["", "t", ""], ["Whose side", "", "o-side"]],
    null, null, null, rows.axis.head);
  const open = keyed(openTable, rows.open);
  const from = h("span");
  const laneBody = h("tbody");
  const lanesTable = table("lanes", [["Session", "", "l-who"], ["", "", ""], ["Calls/min", "n", "l-n"], ["CPU", "n", "l-n"], ["Memory", "n", "l-n"]],
    null, h("span", { class: "dimline" }, from, h("i"), h("span", null, "now")));
  lanesTable.append(laneBody);
  const lanes = keyed(laneBody, rows.lane);
  const feedBody = h("tbody");
  const feedTable = table("feed", [["Ended", "", "f-at"], ["Server", "srv", "f-server"], ["Operation", "", ""], ["Took", "n", "f-n"], ["Answer", "n", "f-n"], ["Outcome", "", "f-out"]]);
  feedTable.append(feedBody);
  const feed = keyed(feedBody, rows.ended);
  const stood = h("ul", { class: "stood" });

  const nothing = h("div");
  const openPart = h("section", null, h("h2", null, "Open now"), openTable, none);
  const lanesPart = h("section", null, h("h2", null, "Sessions, the last five minutes"), lanesTable);
  const stoodPart = h("section", null, h("h2", null, "What stood out, the last hour"), stood);
  const feedPart = h("section", null, h("h2", null, "As they end"), feedTable);
  const body = h("div", null, openPart, h("div", { class: "livecols" }, h("div", null, lanesPart, stoodPart), feedPart));

  async function read() {
    const mine = ++asked;
    try {
      const got = /** @type {Live} */ (await frame.get("live", { filter }));
      if (mine === asked) arrive(got);
    } catch (e) {
      if (mine === asked) refill(root, failed(e));
    }
  }

  /** @param {Live} change */
  function take(change) {
    if (filter || !live) return void read(); // events are of everything
    const fresh = new Set(change.ended.map((e) => e.id));
    arrive({ ...change, ended: [...change.ended, ...(held ?? live).ended.filter((e) => !fresh.has(e.id))].slice(0, MOST_ENDED) });
  }

  /** @param {Live} next */
  function arrive(next) {
    if (paused && live) {
      const known = new Set((held ?? live).ended.map((e) => e.id));
      came += next.ended.filter((e) => !known.has(e.id)).length;
      held = next;
    } else {
      live = next;
      draw(next);
    }
    showStatus();
  }

  /** @param {Live} now */
  function draw(now) {
    if (head.parentNode !== root) refill(root, head, nothing, body);
    summary.textContent = now.summary;
    frame.command(now.command);
    const busy = now.sessions.length > 0 || now.open.length > 0;
    refill(nothing, !busy && empty());
    openPart.hidden = lanesPart.hidden = !busy;
    openTable.hidden = !now.open.length;
    none.hidden = now.open.length > 0;
    stoodPart.hidden = !now.stood_out.length;
    feedPart.hidden = !now.ended.length && !busy;
    from.textContent = format.clock(new Date(Date.parse(now.now) - RECENT * 1000));
    open.set(now.open);
    tick(frame.now());
    if (now.open.length) still ??= frame.eachSecond(tick);
    else {
      still?.();
      still = null;
    }
    lanes.set(now.sessions);
    feed.set(now.ended);
    refill(stood, now.stood_out.map((a) => h("li", null, time(a.at, format.clock(new Date(a.at))),
      h("span", null, h("span", { class: "m" }, a.subject), ` ${a.text}`))));
    announce(now.open.filter((o) => o.outcome.ending === "hung"));
  }

  function empty() {
    if (filter) return noMatch(frame, "live sessions", undefined);
    return state("Nothing is live",
      h("p", { class: "soft" }, "A session appears here as soon as a client starts a server through spanpipe. This page waits for it; you need not reload. To see one now, run a made-up session:"),
      command("SPANPIPE_TELEMETRY=local spanpipe demo"),
      frame.store.sessions > 0 && h("p", { class: "soft" }, "What has ended is under ", h("a", { href: frame.href({ view: "sessions" }) }, "Sessions"), "."));
  }

  /** Says to screen readers what has begun to hang. @param {Open[]} all */
  function announce(all) {
    const fresh = all.filter((o) => !hanging.has(o.id));
    if (fresh.length) frame.say(fresh.map((o) => `${o.server} ${o.name} hangs. ${o.headline ?? ""}`).join(" "));
    hanging = new Set(all.map((o) => o.id));
  }

  /** Ages grow by themselves. @param {Date} now */
  function tick(now) {
    if (!live || paused) return;
    rows.axis.fit(Math.max(0, ...live.open.map((o) => rows.age(o, now))), live.usual);
    open.tick(now);
  }

  /** @param {typeof paused} why */
  function pause(why) {
    paused = why;
    const next = held ?? live;
    if (!why) {
      came = 0;
      held = null;
      if (next) arrive(next);
    }
    showStatus();
  }

  function showStatus() {
    status.className = paused ? "soft" : "live";
    status.textContent = paused ? `paused, ${format.count(came)} came since` : "following";
    button.textContent = paused ? "Follow" : "Pause";
  }

  /** Changes are held while one reads further down. */
  function scrolled() {
    const deep = scrollY > 0 && feedTable.getBoundingClientRect().top < head.getBoundingClientRect().bottom;
    if (deep && !paused) pause("scrolled");
    else if (!deep && paused === "scrolled") pause("");
  }

  /** Moves the focus to another row, which holds changes, too. @param {import("../move.js").Step} step */
  function move(step) {
    const all = [...root.querySelectorAll("tr.row")].filter((r) => r.checkVisibility());
    const at = all.findIndex((r) => r.contains(document.activeElement));
    focus(next(all, at, step, (r) => r.classList.contains("trouble"))?.querySelector("a"));
  }

  reading(root, "Reading what happens now");
  frame.on("live", take);
  frame.on("hello", (e) => e.reset && read());
  const onfocus = (/** @type {FocusEvent} */ e) => {
    if (!paused && e.target instanceof Element && e.target.closest("tr.row")) pause("asked");
  };
  addEventListener("scroll", scrolled, { passive: true });
  root.addEventListener("focusin", onfocus);
  read();

  return {
    update(address) {
      const wanted = address.params.get("q") ?? "";
      if (wanted === filter) return;
      filter = wanted;
      pause("");
      read();
    },
    key(key) {
      const active = document.activeElement;
      const step = stepOf(key);
      if (step) move(step);
      else if (key === " ") pause(paused ? "" : "asked");
      else if (key === "Escape" && active instanceof HTMLElement && active.closest("tr.row")) {
        active.blur();
        pause("");
      } else return false;
      return true;
    },
    leave() {
      removeEventListener("scroll", scrolled);
      root.removeEventListener("focusin", onfocus);
    },
  };
}

/** @param {Frame} frame */
function makeRows(frame) {
  const axis = ageAxis();
  const age = (/** @type {Open} */ o, /** @type {Date} */ now) => Math.max(0, (now.getTime() - Date.parse(o.start)) / 1000);

  /** @param {Open} o @returns {Row<Open>} */
  function open(o) {
    const link = h("a", { class: "m" });
    const server = h("span", { class: "dim" });
    const aged = h("td");
    const bar = axis.bar();
    const side = h("td", { class: "o-side" });
    const client = h("td", { class: "who dim" });
    const row = h("tr", null, client, h("th", { scope: "row" }, server, " ", link), aged, h("td", { class: "t" }, bar.svg), side);
    const element = h("tbody");
    return {
      element,
      update(next) {
        o = next;
        const hung = o.outcome.ending === "hung";
        row.className = `row ${o.outcome.trouble ? "trouble" : ""}`;
        client.textContent = o.client;
        server.textContent = o.server;
        link.textContent = o.name;
        link.href = frame.href(place(o) ?? {});
        aged.className = `n age ${o.waiting ? "person" : ""}`;
        refill(side, h(hung ? "b" : "span", { class: hung ? "bad" : o.waiting ? "person" : "soft" }, o.side));
        if (row.parentNode !== element) element.append(row);
        for (const old of [...element.children]) if (old !== row) old.remove();
        if (!o.headline) return;
        element.append(h("tr", { class: "say" }, h("td", { colspan: 5 }, h("div", null,
          h("p", { class: "verdict" }, h("b", null, o.headline), o.detail && h("span", { class: "soft" }, ` ${o.detail}`)), o.stations && stations(o.stations)))));
      },
      tick(now) {
        const hung = o.outcome.ending === "hung";
        const text = format.duration(age(o, now));
        bar.draw(age(o, now), hung ? "hung" : o.waiting ? "person" : "open");
        refill(aged, hung ? h("span", { class: "hung" }, text) : text);
      },
    };
  }

  /** @returns {Row<LiveSession>} */
  function lane() {
    const cell = (/** @type {string} */ label) => h("td", { class: "n", "data-l": label });
    const name = h("a", { class: "m" });
    const client = h("span", { class: "dim" });
    const [line, rate, cpu, memory] = [h("td"), cell("calls/min"), cell("CPU"), cell("memory")];
    return {
      element: h("tr", { class: "row" }, h("th", { scope: "row" }, name, " ", client), line, rate, cpu, memory),
      update(l) {
        name.textContent = l.server;
        name.href = frame.href({ view: "runs", id: l.run });
        client.textContent = l.client;
        refill(line, strip({ strip: l.recent, from: 0, to: RECENT }, RECENT, `${l.server}: the last five minutes`));
        rate.textContent = String(l.rate);
        cpu.textContent = l.cpu === undefined ? "–" : format.processor(l.cpu);
        memory.textContent = l.memory === undefined ? "–" : format.size(l.memory);
      },
    };
  }

  /** @returns {Row<Ended>} */
  function ended() {
    const element = h("tr");
    /** @type {Ended} */
    let drawn;
    return {
      element,
      update(e) {
        if (e === drawn) return;
        drawn = e;
        const at = new Date(e.at);
        element.className = `row ${e.outcome.trouble ? "trouble" : ""}`;
        refill(element,
          h("td", { class: "dim" }, time(e.at, `${format.clock(at, true)}.${Math.floor(at.getMilliseconds() / 100)}`)),
          h("td", { class: "srv dim", title: e.server }, e.server),
          h("th", { scope: "row", class: "op" }, h("span", { class: "dim" }, e.asked ? "← " : "→ "), h("a", { href: frame.href(place(e) ?? {}) }, e.name)),
          h("td", { class: "n" }, figure(format.durationParts(e.took))),
          h("td", { class: "n" }, figure(e.size === undefined ? ["–", ""] : format.sizeParts(e.size))),
          h("td", { class: e.outcome.tone, title: e.outcome.text }, e.outcome.text));
      },
    };
  }

  return { axis, age, open, lane, ended };
}
