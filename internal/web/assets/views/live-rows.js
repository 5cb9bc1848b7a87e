// The rows of what happens now, which change in place.

import { figure, h, refill, time } from "../dom.js";
import * as format from "../format.js";
import { place } from "../router.js";
import { stations } from "../stations.js";
import { strip } from "../strip.js";
import { ageAxis } from "./live-axis.js";

/** @typedef {import("../../api").Open} Open */
/** @typedef {import("../../api").LiveSession} LiveSession */
/** @typedef {import("../../api").Ended} Ended */
/** @typedef {import("../../page").Frame} Frame */

/**
 * The element of an item, which changes in place.
 * @template T
 * @typedef {{ element: HTMLElement, update(item: T): void, tick?(now: Date): void }} Row
 */

/** What the sessions' strips show, in seconds. */
export const RECENT = 300;

/**
 * Keeps rows in the order of their items. An item that stays keeps its element: nothing that one looks at or points to moves
 * because of something else.
 * @template {{ readonly id?: string, readonly name: string }} T
 * @param {HTMLElement} parent
 * @param {(item: T) => Row<T>} make
 */
export function keyed(parent, make) {
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

/** How long an operation has been open, in seconds. @param {Open} o @param {Date} now */
export const age = (o, now) => Math.max(0, (now.getTime() - Date.parse(o.start)) / 1000);

/** @param {Frame} frame */
export function makeRows(frame) {
  const axis = ageAxis();

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

  return { axis, open, lane, ended };
}
