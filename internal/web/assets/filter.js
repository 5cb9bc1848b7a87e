// The filter of the list of sessions, for operations. Package watch has the same words; what rows do not know is passed over.

import { call, note } from "./rows.js";

/** @typedef {import("./rows.js").Rows} Rows */
/** @typedef {(i: number) => boolean} Match */
/** @typedef {{matches: Match | null, ignored: string[]}} Filter matches is null if all do; ignored are terms that rows know nothing of */

const statusWords = ["ok", "failed", "hung", "late", "timed-out", "cancelled", "bad-request", "unanswered", "waited", "open"];
const named = ["tools/call", "prompts/get"]; // methods of calls that are shown by the name of what they call

/**
 * Reads a filter for the operations of a run.
 * @param {string} text
 * @param {Rows} rows
 * @param {ReadonlyMap<string, string>} servers by session
 * @param {string} client
 * @param {() => number} now s since base
 * @returns {Filter}
 */
export function parseFilter(text, rows, servers, client, now) {
  /** @type {Match[]} */
  const all = [];
  const ignored = [];
  for (const term of text.split(/\s+/).filter(Boolean)) {
    const not = term.length > 1 && term.startsWith("-");
    const match = parseTerm((not ? term.slice(1) : term).toLowerCase(), rows, servers, client, now);
    if (match) all.push(not ? (i) => !match(i) : match);
    else ignored.push(term);
  }
  return { matches: all.length ? (i) => all.every((match) => match(i)) : null, ignored };
}

/**
 * @param {string} word
 * @param {Rows} rows
 * @param {ReadonlyMap<string, string>} servers
 * @param {string} client
 * @param {() => number} now
 * @returns {Match | null}
 */
function parseTerm(word, rows, servers, client, now) {
  const limit = /^([<>])=?(.+)$/.exec(word);
  if (limit) {
    const least = seconds(limit[2]);
    if (least === null) return null; // a size
    const over = limit[1] === ">" ? 1 : -1;
    return (i) => !(rows.flags[i] & note) && (rows.tookOf(i, now()) - least) * over > 0;
  }
  const name = (/** @type {number} */ i) => rows.names.values[rows.name[i]];
  const server = (/** @type {number} */ i) => servers.get(rows.sessionOf(i)) ?? "";
  const isNamed = (/** @type {number} */ i) => (rows.flags[i] & call) !== 0 && !name(i).startsWith("resources/read ");
  const at = word.indexOf(":");
  const value = word.slice(at + 1);
  if (value === "") return null;
  switch (at < 0 ? "" : word.slice(0, at)) {
    case "server": return (i) => like(server(i), value);
    case "client": return () => like(client, value);
    case "tool": return (i) => (rows.flags[i] & call) !== 0 && like(name(i).replace(/^resources\/read /, ""), value);
    case "method": return (i) => (isNamed(i) ? named.some((m) => like(m, value)) : like(name(i).split(" ")[0], value));
    case "status": return statusWords.includes(value) ? (i) => statusOf(rows, i).includes(value) : null;
    case "":
      if (statusWords.includes(word)) return (i) => statusOf(rows, i).includes(word);
      return (i) => like(name(i), word) || like(server(i), word) || like(client, word);
  }
  return null;
}

/** The words that a row is. @param {Rows} rows @param {number} i */
function statusOf(rows, i) {
  if (rows.flags[i] & note) return [];
  const { ending, failed, trouble } = rows.outcomeOf(i);
  const words = [ending.replaceAll("_", "-")];
  if (failed) words.push("failed");
  if (ending === "hung") words.push("open");
  if (trouble && (ending === "ok" || ending === "answered")) words.push("hung"); // it has, and was answered
  if (rows.answer.has(i)) words.push("late");
  if (rows.persons.has(i) || ending === "answered") words.push("waited");
  return words;
}

/** Whether a name contains a word or, if that has a *, matches it whole. @param {string} name @param {string} word */
function like(name, word) {
  const text = name.toLowerCase();
  if (!word.includes("*")) return text.includes(word);
  const [first, ...rest] = word.split("*");
  const last = /** @type {string} */ (rest.pop());
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const next = text.indexOf(part, at);
    if (next < 0) return false;
    at = next + part.length;
  }
  return text.length - at >= last.length && text.endsWith(last);
}

const units = /** @type {Record<string, number>} */ ({ ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 });

/** The length of a duration such as 1m30s in s, or null if it is none. @param {string} text */
function seconds(text) {
  if (!/^([\d.]+(ns|us|µs|ms|s|m|h))+$/.test(text)) return null;
  let sum = 0;
  for (const [, n, unit] of text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) sum += Number(n) * units[unit];
  return Number.isNaN(sum) ? null : sum;
}
