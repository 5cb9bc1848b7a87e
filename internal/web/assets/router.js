// Places of the page and their addresses.

/** @typedef {import("../page").Address} Address */

/** Parameters that belong to the frame and go along from view to view. */
const KEPT = ["since", "q"];

/**
 * The place that an address stands for. An unknown view is kept, for a page that says so.
 * @param {URL | Location} url
 * @returns {Address}
 */
export function parse(url) {
  const [view = "", ...rest] = url.pathname.split("/").slice(1);
  return { view: view || "sessions", id: rest.map(decode).join("/"), params: new URLSearchParams(url.search) };
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The address of a place, seen from another one. The view's own parameters stay while one stays at the same place.
 * @param {Address} from
 * @param {{ view?: string, id?: string, params?: Record<string, string | null> }} to
 */
export function href(from, to) {
  const stays = to.view === undefined && to.id === undefined;
  const view = to.view ?? from.view;
  const id = to.id ?? (stays ? from.id : "");
  const params = new URLSearchParams();
  for (const [name, value] of from.params) if (stays || KEPT.includes(name)) params.append(name, value);
  for (const [name, value] of Object.entries(to.params ?? {})) {
    if (value === null) params.delete(name);
    else params.set(name, value);
  }
  const q = params.get("q");
  if (view === "live" && q) params.set("q", q.split(/\s+/).filter((term) => !/^-?content:/.test(term)).join(" ")); // what is open has no content yet
  if (!params.get("q")) params.delete("q");
  const query = params.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
  return `/${view}${id ? `/${encodeURIComponent(id)}` : ""}${query ? `?${query}` : ""}`;
}

/**
 * Where something is to be looked at: a run, which one of its sessions names, too, and what is selected there. null if it is
 * about neither.
 * @param {import("../api").Place} at
 * @returns {{ view: string, id: string, params: Record<string, string | null> } | null}
 */
export function place(at) {
  const id = at.run || at.session;
  if (!id) return null;
  return { view: "runs", id, params: at.operation ? { op: `${at.session}/${at.operation}` } : { session: at.session || null } };
}

/** The session and the number of an operation that an address names. @param {string} op "SESSION/NUMBER" @returns {[string, number]} */
export function parseOp(op) {
  const at = op.lastIndexOf("/");
  return [op.slice(0, at), Number(op.slice(at + 1))];
}
