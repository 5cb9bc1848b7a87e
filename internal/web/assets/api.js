// Requests for data, and the stream of events.

/** @typedef {import("../api").Events} Events */

/** A request that was not answered as hoped. */
export class Failed extends Error {
  /**
   * @param {number} status 0 if there was no answer
   * @param {string} message
   * @param {string} [next] what to do
   * @param {{ term?: string | undefined, command?: string }} [more] the term of the filter that is wrong; a command that does what is next
   */
  constructor(status, message, next = "", { term = "", command = "" } = {}) {
    super(message);
    this.status = status;
    this.next = next;
    this.term = term;
    this.command = command;
  }
}

/** The server is not there. */
export const noAnswer = () => new Failed(0, "spanpipe ui does not answer", "Start it again:", { command: "spanpipe ui" });

export class Client {
  /** @param {string} token */
  constructor(token) {
    this.token = token;
    /** Is called when the token is no longer good. */
    this.refused = () => {};
  }

  /** @param {Record<string, string>} [more] */
  headers(more) {
    return { Authorization: `Bearer ${this.token}`, ...more };
  }

  /**
   * @param {string} path below /api/v1/
   * @param {Record<string, string | number | null | undefined>} [params]
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>}
   */
  async get(path, params = {}, signal) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(params)) if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
    /** @type {Response} */
    let reply;
    try {
      reply = await fetch(`/api/v1/${path}${query.size ? `?${query}` : ""}`, { headers: this.headers(), signal: signal ?? null });
      if (reply.ok) return await reply.json();
    } catch (e) {
      if (signal?.aborted) throw e;
      throw noAnswer();
    }
    if (reply.status === 401) this.refused();
    const body = await reply.json().catch(() => ({}));
    throw new Failed(reply.status, body.error ?? `${reply.status} ${reply.statusText}`, body.next, { term: body.term });
  }
}

/** How often connecting fails before the page says that the server has stopped. */
const PATIENCE = 3;

/** Events by fetch, since an EventSource cannot send a token. */
export class Stream {
  /**
   * @param {Client} client
   * @param {(event: Events) => void} take gets an event as the field of its name
   * @param {(state: "up" | "stopped") => void} changed
   */
  constructor(client, take, changed) {
    this.client = client;
    this.take = take;
    this.changed = changed;
    this.last = ""; // id of the last event that was taken
    this.failures = 0;
    this.ended = false;
    /** @type {AbortController | undefined} */
    this.connection = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.pause() : this.connect()));
  }

  /** Ends it for good. */
  end() {
    this.ended = true;
    this.pause();
  }

  /**
   * Ends the connection while no one looks: a browser has only six to a server for all its pages. The next one goes on behind the
   * last event.
   */
  pause() {
    clearTimeout(this.timer);
    this.connection?.abort();
    this.connection = undefined;
  }

  async connect() {
    clearTimeout(this.timer);
    if (this.connection || this.ended || document.hidden) return;
    const connection = new AbortController();
    this.connection = connection;
    try {
      const reply = await fetch("/api/v1/events", {
        headers: this.client.headers({ Accept: "text/event-stream", ...(this.last && { "Last-Event-ID": this.last }) }),
        signal: connection.signal,
        cache: "no-store",
      });
      if (reply.status === 401) {
        this.end();
        this.client.refused();
      }
      if (reply.ok && reply.body) {
        this.failures = 0;
        this.changed("up");
        await this.read(reply.body);
      }
    } catch {
      // What follows is the same however it ended.
    }
    if (this.connection !== connection) return; // it was ended from here
    this.connection = undefined;
    this.again();
  }

  /** Connects again after a while: the first time soon, later more rarely. */
  again() {
    this.failures++;
    if (this.failures >= PATIENCE) this.changed("stopped");
    const seconds = Math.min(30, 0.25 * 2 ** this.failures) * (0.75 + Math.random() / 2);
    this.timer = setTimeout(() => this.connect(), seconds * 1000);
  }

  /** @param {ReadableStream<Uint8Array<ArrayBuffer>>} body */
  async read(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    const parse = parser((id, name, data) => this.receive(id, name, data));
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      parse(value);
    }
  }

  /**
   * @param {string} id
   * @param {string} name
   * @param {string} text
   */
  receive(id, name, text) {
    if (id) this.last = id;
    if (name === "bye") this.failures = PATIENCE;
    this.take({ [name]: JSON.parse(text) });
  }
}

/**
 * Returns a function that takes pieces of a text/event-stream.
 * @param {(id: string, name: string, data: string) => void} found
 */
export function parser(found) {
  let rest = "";
  let id = "";
  let name = "";
  /** @type {string[]} */
  let data = [];
  return (/** @type {string} */ piece) => {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const whole of lines) {
      const line = whole.endsWith("\r") ? whole.slice(0, -1) : whole;
      if (!line) {
        if (data.length) found(id, name || "message", data.join("\n"));
        name = "";
        data = [];
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
      if (field === "id") id = value;
      else if (field === "event") name = value;
      else if (field === "data") data.push(value);
    }
  };
}
