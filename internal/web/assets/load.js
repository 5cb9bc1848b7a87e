// The code and the styles of views, loaded when they are first shown.

import { h } from "./dom.js";

const FILES = /** @type {Record<string, string>} */ ({ sessions: "sessions", runs: "session", tools: "tools", context: "context", live: "live" });

/** @param {string} view */
export const known = (view) => Object.hasOwn(FILES, view);

/** @type {Map<string, { link: HTMLLinkElement, loaded: Promise<unknown> }>} */
const styles = new Map();

/**
 * Loads the code of a view and its styles.
 * @param {string} view
 * @returns {Promise<import("../page").View>}
 */
export async function load(view) {
  const file = FILES[view];
  if (!styles.has(file)) {
    const link = h("link", { rel: "stylesheet", href: `/assets/${file}.css` });
    const loaded = new Promise((resolve) => {
      link.onerror = resolve;
      link.onload = () => {
        if (link.sheet) link.sheet.disabled = true;
        resolve(null);
      };
    });
    styles.set(file, { link, loaded });
    document.head.append(link);
  }
  await styles.get(file)?.loaded;
  return import(`./views/${file}.js`);
}

/** Has the styles of one view apply, and those of no other. @param {string} view */
export function dress(view) {
  for (const [file, { link }] of styles) if (link.sheet) link.sheet.disabled = file !== FILES[view];
}
