// The operations of a run in typed arrays, and in which order they are shown.

/** @typedef {import("../api").Operations} Operations */
/** @typedef {import("../api").Outcome} Outcome */

export const call = 1, toClient = 2, note = 4; // flags, see FlagCall and the others in package api

const columns = /** @type {const} */ (["start", "end", "first", "took", "number", "parent", "session", "name", "outcome", "flags"]);

/** A table of values that rows have numbers of. @template T */
class Table {
  /** @param {(value: T) => string} key */
  constructor(key) {
    this.key = key;
    /** @type {T[]} */
    this.values = [];
    /** @type {Map<string, number>} */
    this.places = new Map();
  }

  /** @param {T} value */
  place(value) {
    const key = this.key(value);
    let at = this.places.get(key);
    if (at === undefined) this.places.set(key, (at = this.values.push(value) - 1));
    return at;
  }
}

export class Rows {
  constructor() {
    this.count = 0;
    this.base = NaN; // what times count from, in ms since 1970
    this.sessions = new Table((/** @type {string} */ s) => s);
    this.names = new Table((/** @type {string} */ n) => n);
    this.outcomes = new Table((/** @type {Outcome} */ o) => JSON.stringify(o));
    this.open = 0;
    this.start = this.end = this.first = this.took = this.number = this.parent = new Float64Array();
    this.session = this.name = this.outcome = this.flags = new Int32Array();
    /** @type {Map<number, readonly number[]>} */
    this.persons = new Map();
    /** @type {Map<number, readonly number[]>} */
    this.events = new Map();
    /** @type {Map<number, number>} */
    this.answer = new Map();
    /** @type {Map<number, number>} the row of a session's operation */
    this.rows = new Map();
    /** @type {Map<string, number[]>} the rows of notifications that are alike */
    this.notes = new Map();
    this.#grow(256);
  }

  /** Forgets all rows, but not what times count from. */
  clear() {
    this.count = this.open = 0;
    for (const m of [this.persons, this.events, this.answer, this.rows, this.notes]) m.clear();
  }

  /** A time as rows have it; null of what is no time. @param {number} ms since 1970 */
  time(ms) {
    return Number.isFinite(ms) ? (ms - this.base) / 1000 : null;
  }

  /** A time of rows in ms since 1970. @param {number} t */
  ms(t) {
    return this.base + t * 1000;
  }

  /** @param {number} capacity */
  #grow(capacity) {
    for (const c of columns) {
      const old = this[c];
      const grown = old instanceof Float64Array ? new Float64Array(capacity) : new Int32Array(capacity);
      grown.set(old);
      Object.assign(this, { [c]: grown });
    }
  }

  /** @param {number} session @param {number} number @param {number} flags */
  #key(session, number, flags) {
    return (session * 2 + (flags & note ? 1 : 0)) * 2 ** 38 + number;
  }

  /**
   * The rows of the notifications of a name at a time: what was read at once has one time. A notification's number is its place
   * in the session, which only a page of the whole run knows; one that an event brings has none, and is known as the nth of these.
   * @param {number} session
   * @param {number} name
   * @param {number} at
   */
  #alike(session, name, at) {
    const key = `${session} ${name} ${Math.round(at * 1e6)}`;
    let all = this.notes.get(key);
    if (!all) this.notes.set(key, (all = []));
    return all;
  }

  /** The row of an operation, or -1. @param {string} session @param {number} number */
  find(session, number) {
    const s = this.sessions.places.get(session);
    return s === undefined ? -1 : (this.rows.get(this.#key(s, number, 0)) ?? -1);
  }

  /** The name of a row's session. @param {number} i */
  sessionOf(i) {
    return this.sessions.values[this.session[i]];
  }

  /** @param {number} i */
  outcomeOf(i) {
    return this.outcomes.values[this.outcome[i]];
  }

  /** How long a row took. @param {number} i @param {number} now s since base */
  tookOf(i, now) {
    return this.end[i] < 0 ? Math.max(0, now + this.took[i]) : this.took[i];
  }

  /** When a row ends. @param {number} i @param {number} now s since base */
  until(i, now) {
    return this.end[i] < 0 ? Math.max(now, this.start[i]) : this.end[i];
  }

  /**
   * Takes rows that are new or have changed.
   * @param {Operations} page
   */
  take(page) {
    const base = Date.parse(page.base);
    if (Number.isNaN(this.base)) this.base = base;
    const shift = (base - this.base) / 1000;
    const now = (Date.parse(page.now) - this.base) / 1000;
    const sessions = page.sessions.map((s) => this.sessions.place(s));
    const names = page.names.map((n) => this.names.place(n));
    const outcomes = page.outcomes.map((o) => this.outcomes.place(o));
    /** @type {Map<number[], number>} */
    const nth = new Map();
    for (let r = 0; r < page.number.length; r++) {
      const session = sessions[page.session[r]], number = page.number[r];
      const key = this.#key(session, number, page.flags[r]);
      const alike = page.flags[r] & note ? this.#alike(session, names[page.name[r]], page.start[r] + shift) : null;
      let i = number ? this.rows.get(key) : undefined;
      if (alike && number) i ??= alike.find((k) => !this.number[k]);
      else if (alike) {
        const n = nth.get(alike) ?? 0;
        nth.set(alike, n + 1);
        i = alike[n];
      }
      if (i === undefined) {
        i = this.count++;
        if (i === this.start.length) this.#grow(2 * i);
        this.number[i] = 0;
        alike?.push(i);
      } else if (this.end[i] < 0) {
        this.open--;
      }
      if (number) this.rows.set(key, i);
      this.number[i] ||= number;
      this.session[i] = session;
      this.name[i] = names[page.name[r]];
      this.flags[i] = page.flags[r];
      this.parent[i] = page.parent[r];
      this.start[i] = page.start[r] + shift;
      this.end[i] = page.flags[r] & note ? this.start[i] : page.end[r] < 0 ? -1 : page.end[r] + shift;
      this.first[i] = page.first[r] < 0 ? -1 : page.first[r] + shift;
      this.took[i] = this.end[i] < 0 ? page.took[r] - now : page.took[r]; // of one that is open: what it took, less now
      this.outcome[i] = outcomes[page.outcome[r]] ?? 0;
      if (this.end[i] < 0) this.open++;
      const moved = (/** @type {readonly number[]} */ times) => times.map((t) => t + shift);
      few(this.persons, i, page.persons?.[r], moved);
      few(this.events, i, page.events?.[r], moved);
      few(this.answer, i, page.answer?.[r], (t) => t + shift);
    }
  }

  /** When intervals start and end, sorted: for the axis. */
  edges() {
    const ends = new Float64Array(this.count - this.open);
    for (let i = 0, n = 0; i < this.count; i++) if (this.end[i] >= 0) ends[n++] = this.end[i];
    return { starts: this.start.slice(0, this.count).sort(), ends: ends.sort() };
  }

  /**
   * Rows in the order in which they are shown: by time, each below what caused it; with groups, session by session.
   * @param {ReadonlyMap<string, number> | null} groups the place of each session's group
   * @returns {{order: Int32Array<ArrayBuffer>, depth: Uint8Array<ArrayBuffer>}} depth is by row
   */
  arrange(groups) {
    const n = this.count;
    const depth = new Uint8Array(n);
    const order = Int32Array.from({ length: n }, (_, i) => i);
    const place = this.sessions.values.map((s) => groups?.get(s) ?? 0);
    const before = (/** @type {number} */ a, /** @type {number} */ b) =>
      place[this.session[a]] - place[this.session[b]] || this.start[a] - this.start[b] || (this.flags[b] & note) - (this.flags[a] & note) || a - b;
    if (!sorted(order, before)) order.sort(before);
    /** @type {Map<number, number[]>} */
    const children = new Map();
    for (const i of order) {
      if (!this.parent[i]) continue;
      const parent = this.rows.get(this.#key(this.session[i], this.parent[i], 0));
      if (parent === undefined || parent === i || this.start[parent] > this.start[i]) continue;
      depth[i] = 1; // for now: it has a parent
      const siblings = children.get(parent);
      if (siblings) siblings.push(i);
      else children.set(parent, [i]);
    }
    if (!children.size) return { order, depth };
    const out = new Int32Array(n);
    let at = 0;
    const done = new Uint8Array(n);
    /** @type {number[]} rows to come, each with its depth before it */
    const stack = [];
    const add = (/** @type {number} */ root) => {
      stack.push(0, root);
      while (stack.length) {
        const i = /** @type {number} */ (stack.pop()), below = /** @type {number} */ (stack.pop());
        if (done[i]) continue;
        done[i] = 1;
        depth[i] = Math.min(below, 255);
        out[at++] = i;
        const c = children.get(i);
        for (let k = c ? c.length - 1 : -1; c && k >= 0; k--) stack.push(below + 1, c[k]);
      }
    };
    for (const i of order) if (!depth[i]) add(i);
    for (const i of order) add(i); // what a damaged line made a circle of
    return { order: out, depth };
  }
}

/**
 * @param {Int32Array} order
 * @param {(a: number, b: number) => number} before
 */
function sorted(order, before) {
  for (let i = 1; i < order.length; i++) if (before(order[i - 1], order[i]) > 0) return false;
  return true;
}

/**
 * Sets what few rows have.
 * @template T
 * @param {Map<number, T>} map
 * @param {number} i
 * @param {T | undefined} value
 * @param {(value: T) => T} moved
 */
function few(map, i, value, moved) {
  if (value !== undefined) map.set(i, moved(value));
  else map.delete(i);
}
