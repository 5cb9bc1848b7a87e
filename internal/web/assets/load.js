// The code and the styles of views, loaded when they are first shown. Sessions, which most see first, comes with the page: loaded by
// itself, it would be shown a frame later.

import { h } from "./dom.js";
import * as sessions from "./views/sessions.js";

const FILES = /** @type {Record<string, string>} */ ({ sessions: "sessions", runs: "session", tools: "tools", context: "context", live: "live" });

/** @param {string} view */
export const known = (view) => Object.hasOwn(FILES, view);

/** @type {Map<string, HTMLLinkElement>} */
const styles = new Map();

/** @type {Map<string, Promise<import("../page").View>>} */
const views = new Map();

/**
 * Loads the code of a view and its styles. What did not come is asked for again the next time.
 * @param {string} view
 */
export function load(view) {
  const file = FILES[view];
  const begun = views.get(file);
  if (begun) return begun;
  const code = view === "sessions" ? sessions : import(`./views/${file}.js`);
  const loading = Promise.all([code, dressFor(file)]).then(([module]) => module);
  views.set(file, loading);
  loading.catch(() => views.delete(file));
  return loading;
}

/** Loads styles, which do not apply yet. A view without them can be read. @param {string} file */
function dressFor(file) {
  return new Promise((resolve) => {
    styles.get(file)?.remove();
    const link = h("link", { rel: "stylesheet", href: `/assets/${file}.css` });
    link.onerror = resolve;
    link.onload = () => {
      if (link.sheet) link.sheet.disabled = true;
      resolve(null);
    };
    styles.set(file, link);
    document.head.append(link);
  });
}

/** Has the styles of one view apply, and those of no other. @param {string} view */
export function dress(view) {
  for (const [file, link] of styles) if (link.sheet) link.sheet.disabled = file !== FILES[view];
}
