// One operation whole, at the side of the waterfall.

import { Failed } from "./api.js";
import { h, refill, renew } from "./dom.js";
import { duration } from "./format.js";
import { attributes, commands, content, facts, heading, section, verdict, way } from "./panel.js";
import { parseOp } from "./router.js";
import { failed } from "./states.js";

/** @typedef {import("../api").Operation} Operation */
/** @typedef {import("../page").Frame} Frame */

/** The side panel: it shows the operation that one has chosen. */
export class Panel {
  /** @param {Frame} frame @param {() => void} opened or closed */
  constructor(frame, opened) {
    this.frame = frame;
    this.opened = opened;
    this.asked = ""; // the operation that is shown, or on its way
  }

  leave() {
    delete this.frame.panel.dataset.operation;
  }

  /** @param {string} op "SESSION/NUMBER", or "" for none @param {boolean} [again] something of it has changed */
  async show(op, again = false) {
    if (op === this.asked && !again) return;
    this.asked = op;
    const { frame } = this;
    const before = frame.panel.childElementCount;
    if (op) {
      try {
        const [session, number] = parseOp(op);
        if (!session || !Number.isInteger(number) || number < 1) throw new Failed(404, `The address names no operation: op=${op}`, "Esc closes this.");
        const o = /** @type {Operation} */ (await frame.get(`sessions/${encodeURIComponent(session)}/operations/${number}`));
        if (this.asked !== op) return;
        showOperation(frame, o);
        if (!again) frame.say(`${o.name}: ${o.badge}. ${o.headline}`);
      } catch (e) {
        if (this.asked !== op) return;
        this.leave();
        refill(frame.panel, failed(e));
      }
    } else {
      this.leave();
      frame.panel.replaceChildren();
    }
    if (Boolean(before) !== Boolean(op)) this.opened();
  }
}

/**
 * Shows an operation in the panel.
 * @param {Frame} frame
 * @param {Operation} o
 */
function showOperation(frame, o) {
  const open = o.outcome.ending === "hung" || o.outcome.ending === "open";
  const related = (o.related ?? []).map((r) =>
    h("li", null, h("span", { class: "dim" }, `${r.relation} `),
      r.session && r.operation ? h("a", { class: "m", href: frame.href({ params: { op: `${r.session}/${r.operation}` } }) }, r.name) : h("span", { class: "m" }, r.name),
      " ", h("span", { class: r.outcome.tone }, r.outcome.text)));
  const moments = (o.moments ?? []).map((m) => h("li", null, h("span", { class: "n" }, `+${duration(m.after)}`), h("span", null, m.text)));
  const { panel } = frame;
  const name = `${o.session}/${o.operation}`;
  const same = panel.dataset.operation === name;
  const whole = same && !panel.querySelector(".attrs + p"); // all attributes are shown: there is no button for more
  const top = same ? panel.scrollTop : 0;
  panel.dataset.operation = name;
  const parts = [
    ...heading(o.name, `${o.server}, ${o.kind} ${o.operation}`, { text: o.badge, tone: o.outcome.tone, open: open && o.outcome.tone === "bad" }),
    verdict(o.headline, o.detail),
    way(o.stations),
    o.evidence.length > 0 && [section("Evidence"), facts(o.evidence)],
    (o.remarks ?? []).map((r) => h("p", { class: r.tone }, r.text)),
    o.hint && h("p", { class: "soft" }, o.hint),
    o.attributes.length > 0 && [section("Attributes"), ...attributes(o.attributes, whole)],
    moments.length > 0 && [section("In between"), h("ol", { class: "moments" }, ...moments)],
    related.length > 0 && [section("Related"), h("ul", { class: "related" }, ...related)],
    section("Content"),
    ...content(o.content, frame.now()),
    ...commands(o.commands),
  ];
  if (same) renew(panel, ...parts);
  else refill(panel, ...parts);
  panel.scrollTop = top;
}
