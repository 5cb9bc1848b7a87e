// Elements from data. Text is set as text only: names of peers are never markup.

import { utc } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string | number | null | undefined | false | ReadonlyArray<Node | string | number | null | undefined | false>} Child */
/**
 * Attributes; functions named on… are listeners, style is set through the CSSOM, class as usual. null and false leave one out.
 * @typedef {Record<string, any>} Attributes
 */

/**
 * @param {Element} element
 * @param {Attributes | null | undefined} attributes
 * @param {ReadonlyArray<Child>} children
 */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (name === "style") {
      for (const [property, v] of Object.entries(value)) /** @type {HTMLElement} */ (element).style.setProperty(property, String(v));
    } else element.setAttribute(name, value === true ? "" : String(value));
  }
  put(element, ...children);
}

/**
 * Appends what there is of children.
 * @param {Node} parent
 * @param {...Child} children
 */
export function put(parent, ...children) {
  for (const c of children) {
    if (c === null || c === undefined || c === false || c === "") continue;
    if (Array.isArray(c)) put(parent, ...c);
    else parent.appendChild(c instanceof Node ? c : document.createTextNode(String(c)));
  }
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes | null} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  fill(element, attributes, children);
  return element;
}

/**
 * The same for SVG.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes | null} [attributes]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function s(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  fill(element, attributes, children);
  return element;
}

/**
 * An element that is known to be in the page.
 * @param {string} id
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no element ${id}`);
  return element;
}

/**
 * Replaces what an element has.
 * @param {Element} element
 * @param {...Child} children
 */
export function refill(element, ...children) {
  element.replaceChildren();
  put(element, ...children);
}

/**
 * Makes what an element has something else, and returns whether it was. What is equal stays: with its focus, and with what one has
 * selected of it.
 * @param {Element} element
 * @param {...Child} children
 */
export function renew(element, ...children) {
  const other = document.createDocumentFragment();
  put(other, ...children);
  const news = [...other.childNodes];
  const known = [...element.childNodes];
  let changed = news.length !== known.length;
  news.forEach((node, i) => {
    if (known[i]?.isEqualNode(node)) return;
    changed = true;
    if (known[i]) known[i].replaceWith(node);
    else element.append(node);
  });
  for (const old of known.slice(news.length)) old.remove();
  return changed;
}

/** A figure, with its unit in a slot of its own. @param {import("./format.js").Amount} amount */
export const figure = ([number, unit]) => [number, h("i", null, unit)];

/** A moment, with its time in UTC as the title. @param {string} at @param {Child} [text] */
export const time = (at, text) => h("time", { datetime: at, title: utc(new Date(at)) }, text);
