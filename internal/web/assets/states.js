// What stands where there is nothing to show, or while it is read.

import { h } from "./dom.js";
import { Failed } from "./api.js";

/**
 * A command with a button that copies it.
 * @param {string} text
 */
export function command(text) {
  return h("div", { class: "cmd" }, h("code", null, text), copyButton(text));
}

/** @param {string} text */
export function copyButton(text) {
  const button = h("button", { class: "copy", type: "button" }, "Copy");
  button.addEventListener("click", () => copy(text, button));
  return button;
}

/**
 * Copies a text, and says so on the button for a moment.
 * @param {string} text
 * @param {HTMLElement} button
 */
export async function copy(text, button) {
  const done = await (navigator.clipboard?.writeText(text) ?? Promise.reject()).then(() => true, () => copySelected(text));
  button.textContent = done ? "Copied" : "Not allowed here";
  setTimeout(() => (button.textContent = "Copy"), 1500);
}

/**
 * Copies a text as a key does. A page of another machine, without TLS, has no other way.
 * @param {string} text
 */
function copySelected(text) {
  const focused = document.activeElement;
  const field = h("textarea", { class: "vh" }, text);
  (focused?.closest("dialog") ?? document.body).append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return done;
}

/**
 * @param {string} title
 * @param {...import("./dom.js").Child} children
 */
export function state(title, ...children) {
  return h("section", { class: "state" }, h("h1", null, title), ...children);
}

/**
 * Shows that something is being read, if it takes longer than one notices. It gives way to whatever replaces it in root.
 * @param {HTMLElement} root
 * @param {() => string} text "Reading 412 sessions"; called when it is shown
 */
export function reading(root, text) {
  root.replaceChildren();
  setTimeout(() => {
    if (root.childNodes.length) return;
    root.append(state(text(), h("div", { class: "skel", "aria-hidden": "true" }, h("i"), h("i"), h("i"))));
  }, 300);
}

/**
 * What went wrong, and what to do.
 * @param {unknown} error
 */
export function failed(error) {
  const known = error instanceof Failed;
  return state(
    !known ? "The page has a defect" : error.term ? "The filter cannot be read" : "This cannot be shown",
    h("p", { class: "soft" }, error instanceof Error ? error.message : String(error)),
    known && error.next && h("p", { class: "soft" }, error.next),
    known && error.command && command(error.command),
  );
}

/**
 * Nothing matches the filter. The term that excludes most is named, with a link that leaves it out.
 * @param {import("../page").Frame} frame
 * @param {string} what "session"
 * @param {import("../api").Excluding | undefined} excluding
 */
export function noMatch(frame, what, excluding) {
  const filter = frame.address.params.get("q") ?? "";
  return state(
    `No ${what} matches`,
    h("p", { class: "soft" }, h("code", null, filter), " matches nothing in the time shown.",
      excluding && [" Without ", h("code", null, excluding.term), ` there would be ${excluding.matches}.`]),
    h("p", { class: "ways" },
      excluding && h("a", { href: frame.href({ params: { q: excluding.without || null } }) }, `Remove ${excluding.term}`),
      h("a", { href: frame.href({ params: { q: null } }) }, "Clear the filter"), h("kbd", null, "Esc")),
  );
}
