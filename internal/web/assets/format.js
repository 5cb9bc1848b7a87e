// Figures and times as the terminal writes them: package view has the same rules, and testdata/format.json is checked against both.

/** @typedef {[number: string, unit: string]} Amount */

/**
 * Writes a number that is not negative with so many digits. Halves go to the even digit, as in Go; toFixed takes the larger one.
 * @param {number} n
 * @param {number} digits
 */
function fixed(n, digits) {
  const text = n.toFixed(digits);
  const exact = n.toFixed(digits + 30);
  const isHalf = /^50*$/.test(exact.slice(-30));
  return isHalf && Number(text.at(-1)) % 2 ? (Number(text) - 10 ** -digits).toFixed(digits) : text;
}

/**
 * A duration with three digits, or down to seconds or minutes: 812 µs, 3.2 ms, 47 ms, 1.25 s, 12.4 s, 3m04s, 1h16m.
 * @param {number} seconds
 * @returns {Amount}
 */
export function durationParts(seconds) {
  // Rounded before the unit is chosen, so that nothing shows as a thousand of the unit below.
  const ns = Math.round(seconds * 1e9);
  const over = (/** @type {number} */ unit, /** @type {number} */ n) => Math.round(ns / unit) >= n;
  if (!over(1e3, 1000)) return [String(Math.round(ns / 1e3)), "µs"];
  if (!over(1e5, 100)) return [fixed(ns / 1e6, 1), "ms"];
  if (!over(1e6, 1000)) return [String(Math.round(ns / 1e6)), "ms"];
  if (!over(1e7, 1000)) return [fixed(ns / 1e9, 2), "s"];
  if (!over(1e8, 1000)) return [fixed(ns / 1e9, 1), "s"];
  const s = Math.round(ns / 1e9);
  if (s < 3600) return [`${Math.floor(s / 60)}m${pad(s % 60)}s`, ""];
  const m = Math.round(ns / 6e10);
  return [`${Math.floor(m / 60)}h${pad(m % 60)}m`, ""];
}

/** @param {number} n */
const pad = (n) => String(n).padStart(2, "0");

/** @param {number} seconds */
export const duration = (seconds) => durationParts(seconds).join("");

/**
 * Bytes in powers of a thousand, with two or three digits: 999 B, 1.4 kB, 67 MB.
 * @param {number} bytes
 * @returns {Amount}
 */
export function sizeParts(bytes) {
  if (bytes < 1000) return [String(bytes), "B"];
  let n = bytes / 1000;
  let unit = "kB";
  for (const next of ["MB", "GB"]) {
    if (n >= 999.5) {
      n /= 1000;
      unit = next;
    }
  }
  return [fixed(n, n < 9.95 ? 1 : 0), unit];
}

/** @param {number} bytes */
export const size = (bytes) => sizeParts(bytes).join(" ");

/**
 * "84 of 200 MB", or "900 kB of 200 MB".
 * @param {number} bytes
 * @param {number} limit
 */
export function ofSize(bytes, limit) {
  const [n, unit] = sizeParts(bytes);
  const [m, other] = sizeParts(limit);
  return unit === other ? `${n} of ${m} ${unit}` : `${n} ${unit} of ${m} ${other}`;
}

/**
 * An estimate of tokens: ≈240, ≈2.8 k, ≈1.2 M.
 * @param {number} n
 * @returns {Amount}
 */
export function tokensParts(n) {
  if (n < 1000) return [`≈${n}`, ""];
  return n < 999_950 ? [`≈${fixed(n / 1e3, 1)}`, "k"] : [`≈${fixed(n / 1e6, 1)}`, "M"];
}

/** @param {number} n */
export const tokens = (n) => tokensParts(n).join("");

/** 1,204 @param {number} n */
export const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

/**
 * "1 call", "1,912 calls"
 * @param {number} n
 * @param {string} name
 */
export const plural = (n, name) => `${count(n)} ${name}${n === 1 ? "" : "s"}`;

/** A duration in a sentence: "4 min 1 s". @param {number} seconds */
export function spoken(seconds) {
  const s = Math.round(seconds);
  if (seconds < 60) return durationParts(seconds).join(" ");
  if (s < 3600) return `${Math.floor(s / 60)} min${s % 60 ? ` ${s % 60} s` : ""}`;
  const m = Math.round(seconds / 60);
  return `${Math.floor(m / 60)} h${m % 60 ? ` ${m % 60} min` : ""}`;
}

/** A part of a whole as a length in CSS and SVG: 12.50%. @param {number} part */
export const percent = (part) => `${(Math.min(Math.max(part, 0), 1) * 100).toFixed(2)}%`;

/** What is used of a processor: 37 %. @param {number} share */
export const processor = (share) => `${Math.round(share * 100)} %`;

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/** @param {Date} t */
const midnight = (t) => new Date(t.getFullYear(), t.getMonth(), t.getDate()).getTime();

/** How many days ago. @param {Date} t @param {Date} now */
const daysAgo = (t, now) => Math.round((midnight(now) - midnight(t)) / 864e5);

/**
 * The local time of day: 14:02, or 14:02:11.
 * @param {Date} t
 * @param {boolean} [seconds]
 */
export const clock = (t, seconds = false) => `${pad(t.getHours())}:${pad(t.getMinutes())}${seconds ? `:${pad(t.getSeconds())}` : ""}`;

/**
 * A day in a heading: "Today, Thursday 26 November".
 * @param {Date} t
 * @param {Date} now
 */
export function day(t, now) {
  const ago = daysAgo(t, now);
  const year = t.getFullYear() === now.getFullYear() ? "" : ` ${t.getFullYear()}`;
  return `${ago === 0 ? "Today, " : ago === 1 ? "Yesterday, " : ""}${DAYS[t.getDay()]} ${t.getDate()} ${MONTHS[t.getMonth()]}${year}`;
}

/**
 * A moment in few letters: 14:32, Tue 09:10, 3 Nov 09:10.
 * @param {Date} t
 * @param {Date} now
 */
export function moment(t, now) {
  const ago = daysAgo(t, now);
  if (ago === 0) return clock(t);
  if (ago > 0 && ago < 7) return `${DAYS[t.getDay()].slice(0, 3)} ${clock(t)}`;
  return `${t.getDate()} ${MONTHS[t.getMonth()].slice(0, 3)} ${clock(t)}`;
}

/** The same in UTC, for a title. @param {Date} t */
export const utc = (t) => `${t.toISOString().slice(0, 19).replace("T", " ")} UTC`;
