// The page's frame: it shows the view that the address names, and gives it data, events and keys.

import { Client, Failed, noAnswer, Stream } from "./api.js";
import { byId, h, put, refill } from "./dom.js";
import * as format from "./format.js";
import { hints, openKeys, typing } from "./keys.js";
import { dress, known, load } from "./load.js";
import { href, parse } from "./router.js";
import { keepScroll } from "./scroll.js";
import { command, copy, failed, state } from "./states.js";
import { forget, token } from "./token.js";

/** @typedef {import("../page").Address} Address */
/** @typedef {import("../page").Frame} Frame */
/** @typedef {import("../page").View} View */
/** @typedef {import("../api").Events} Events */
/** @typedef {import("../api").Store} Store */

const RANGES = [["15m", "Last 15 minutes"], ["1h", "Last hour"], ["24h", "Last 24 hours"], ["7d", "Last 7 days"], ["30d", "Last 30 days"], ["all", "All"]];

const filter = /** @type {HTMLInputElement} */ (byId("filter"));
const since = /** @type {HTMLSelectElement} */ (byId("since"));
const PLACEHOLDER = filter.placeholder;
const panel = byId("panel");

let address = parse(location);
let client = new Client("");
/** @type {Store} known once a view has got something */
let store;
/** The server's clock less ours, in ms. */
let skew = 0;

/**
 * What is shown, with what it took from the frame.
 * @type {{ view: string, module: View, shown: import("../page").Shown | null, ended: AbortController, on: Map<string, Set<(data: any) => void>>, seconds: Set<(now: Date) => void> } | null}
 */
let current = null;

const now = () => new Date(Date.now() + skew);

// ── places ──────────────────────────────────────────────────────────────

/** @type {Frame["go"]} */
function go(to, how = {}) {
  visit(href(address, to), how.replace);
}

/** @param {string} url @param {boolean} [replace] */
function visit(url, replace) {
  if (url === location.pathname + location.search) return;
  scroll.leave();
  if (replace) history.replaceState(history.state, "", url);
  else history.pushState({ key: String(Math.random()) }, "", url);
  arrive();
}

/** Shows what the address names. */
async function arrive() {
  address = parse(location);
  filter.value = filter.disabled ? "" : (address.params.get("q") ?? "");
  filter.removeAttribute("aria-invalid");
  showSince();
  links();
  const place = `${address.view}/${address.id}`;
  if (current?.view === place) {
    document.title = `${current.module.title(address)} – spanpipe`;
    current.shown?.update(address);
    scroll.arrive(false);
    return;
  }
  leave();
  if (!known(address.view)) {
    document.title = "No such page – spanpipe";
    refill(byId("view"), state("There is no such page", h("p", { class: "soft" }, h("a", { href: "/sessions" }, "Sessions"))));
    return;
  }
  const at = address;
  try {
    const module = await load(address.view).catch((e) => {
      throw e instanceof TypeError ? noAnswer() : e; // a file does not come
    });
    if (at !== address) return;
    dress(address.view);
    show(place, module);
  } catch (e) {
    if (at !== address) return;
    leave();
    document.title = "spanpipe";
    refill(byId("view"), failed(e));
  }
}

function leave() {
  if (!current) return;
  current.ended.abort();
  current.shown?.leave?.();
  current = null;
  tick();
  setCommand("");
  panel.replaceChildren();
  byId("view").replaceChildren();
}

/**
 * @param {string} place
 * @param {View} module
 */
function show(place, module) {
  leave();
  current = { view: place, module, shown: null, ended: new AbortController(), on: new Map(), seconds: new Set() };
  document.title = `${module.title(address)} – spanpipe`;
  hints(module.keys);
  filter.disabled = Boolean(module.unfiltered);
  filter.placeholder = module.unfiltered ? "This view has no filter" : PLACEHOLDER;
  filter.value = module.unfiltered ? "" : (address.params.get("q") ?? "");
  const root = h("div", { class: `view v-${address.view}`, id: "view" }); // its own, so that what comes late for another view is not seen
  byId("view").replaceWith(root);
  current.shown = module.show(root, frameOf(current));
  scroll.arrive(true);
  if (moved) byId("main").focus({ preventScroll: true });
  moved = true;
}

/** Whether the view has changed since the page was loaded: only then is the focus moved. */
let moved = false;

/**
 * @param {NonNullable<typeof current>} own
 * @returns {Frame}
 */
function frameOf(own) {
  return {
    get address() {
      return address;
    },
    get store() {
      return store;
    },
    go,
    href: (to) => href(address, to),
    async get(path, params) {
      try {
        const [reply] = await Promise.all([client.get(path, params, own.ended.signal), store ?? readFirst()]);
        return reply;
      } catch (e) {
        if (own.ended.signal.aborted) return new Promise(() => {}); // the view is gone: no one waits
        if (e instanceof Failed) wrongFilter(e);
        throw e;
      }
    },
    on(name, take) {
      const all = own.on.get(name) ?? new Set();
      own.on.set(name, all.add(take));
    },
    eachSecond(take) {
      own.seconds.add(take);
      tick();
      return () => {
        own.seconds.delete(take);
        tick();
      };
    },
    now,
    panel,
    command: setCommand,
    say: (text) => {
      byId("say").textContent = text;
    },
  };
}

/** @type {ReturnType<typeof setInterval> | undefined} */
let clock;

/** Keeps a clock while something needs one and can be seen. */
function tick() {
  const needed = !document.hidden && current !== null && current.seconds.size > 0;
  if (needed && !clock) {
    clock = setInterval(() => {
      for (const take of current?.seconds ?? []) take(now());
    }, 1000);
  } else if (!needed) {
    clearInterval(clock);
    clock = undefined;
  }
}

// ── what stands around a view ───────────────────────────────────────────

function links() {
  for (const a of document.querySelectorAll(/** @type {"a"} */ (".tabs a"))) {
    const view = a.dataset.view ?? "";
    a.href = href({ ...address, view: "" }, { view });
    const here = view === address.view || (view === "sessions" && address.view === "runs");
    if (here) a.setAttribute("aria-current", address.view === view ? "page" : "true");
    else a.removeAttribute("aria-current");
  }
}

function showSince() {
  const value = address.params.get("since") ?? store?.since ?? "7d";
  const own = RANGES.some(([v]) => v === value) ? [] : [[value, /^\d{4}-/.test(value) ? `Since ${format.moment(new Date(value), now())}` : `Last ${value}`]];
  refill(since, [...RANGES, ...own].map(([v, text]) => h("option", { value: v }, text)));
  since.value = value;
}

/** @param {string} text */
function setCommand(text) {
  byId("command").textContent = text;
  byId("command").title = text; // there may be no room for all of it
  byId("same").hidden = !text;
}

/** Marks the filter if one of its terms cannot be read. @param {Failed} e */
function wrongFilter(e) {
  if (e.term) filter.setAttribute("aria-invalid", "true"); // an empty value is "false"
  else filter.removeAttribute("aria-invalid");
}

function showStore() {
  const { sessions, size, limit, hung, content, sends, problem } = store;
  showHung(hung);
  const stored = sessions
    ? `${format.count(sessions)} ${sessions === 1 ? "session" : "sessions"}, ${limit ? format.ofSize(size, limit) : format.size(size)}; content: ${content || "not captured"}.`
    : "Nothing stored.";
  refill(byId("stored"), stored, ` ${sends}`, problem && h("span", { class: "bad" }, ` ${problem}`));
  if (!problem) banner("trouble");
}

async function readStore() {
  const known = Boolean(store);
  store = await client.get("store");
  skew = Date.parse(store.now) - Date.now();
  showStore();
  if (!known) showSince();
}

/** @type {Promise<void> | null} */
let first = null;

/** Reads the store for those who need it first, and tries again if that failed. */
function readFirst() {
  first ??= readStore().finally(() => {
    first = null;
  });
  return first;
}

/** @param {number} n */
function showHung(n) {
  const badge = byId("hung");
  badge.hidden = !n;
  badge.textContent = `${n} hung`;
  badge.title = n === 1 ? "1 call hangs now" : `${n} calls hang now`;
}

// ── the server ──────────────────────────────────────────────────────────

/** Whether the page was connected before it read what it shows. Else what the first hello follows may have been missed. */
let connectedFirst = true;

/** @param {Events} event the field of its name, alone */
function take(event) {
  for (const { now } of Object.values(event)) skew = Date.parse(now) - Date.now();
  if (event.hello && !connectedFirst) {
    event = { hello: { ...event.hello, reset: true } };
    connectedFirst = true;
  }
  if (event.attention) showHung(event.attention.hung);
  if (event.bye) stopped();
  if (event.gone || event.listing || event.hello?.reset) readStore().catch(() => {});
  if (event.trouble) banner("trouble", h("p", null, event.trouble.text));
  for (const [name, data] of Object.entries(event)) for (const each of current?.on.get(name) ?? []) each(data);
}

/**
 * A line on top of what is shown: that stays readable. There is one of a kind.
 * @param {"stopped" | "refused" | "trouble" | "defect"} kind
 * @param {...import("./dom.js").Child} children none: there is no reason for it any more
 */
function banner(kind, ...children) {
  const all = byId("banner");
  const old = all.querySelector(`[data-kind="${kind}"]`);
  if (!children.length) old?.remove();
  else if (!old) put(all, h("div", { "data-kind": kind }, ...children));
  else if (kind === "trouble") refill(old, ...children);
}

function stopped() {
  banner("stopped", h("p", null, h("b", null, "spanpipe ui has stopped. "),
    `This page shows ${format.clock(now(), true)} and no longer updates. To go on, start it again:`), command("spanpipe ui"));
}

/** The token is not, or no longer, good. */
function refused() {
  forget();
  const title = "This page’s link is used up";
  const text = "Press Enter in the terminal where spanpipe ui runs: it opens a new one. If it has ended, start it again:";
  banner("stopped");
  if (current) {
    banner("refused", h("p", null, h("b", null, `${title}. `), text), command("spanpipe ui"));
    return;
  }
  document.title = "Link used up – spanpipe";
  byId("find").hidden = true; // there is nothing to look for
  refill(byId("view"), state(title, h("p", { class: "soft" }, "Only the page that spanpipe ui opens may read your sessions. ", text), command("spanpipe ui")));
}

/** @param {unknown} error */
function defect(error) {
  banner("defect", h("p", null, h("b", null, "The page has a defect. "), `Loading it again may help. ${error instanceof Error ? error.message : String(error)}`));
}

// ── input ───────────────────────────────────────────────────────────────

const scroll = keepScroll(byId("main"));

function applyFilter() {
  go({ params: { q: filter.value.trim() || null } });
}

const TABS = /** @type {Record<string, string>} */ ({ 1: "sessions", 2: "tools", 3: "context", 4: "live" });

/** @param {KeyboardEvent} e */
function key(e) {
  if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (typing(e.target)) {
    if (e.key === "Escape" && e.target === filter) {
      filter.value = "";
      applyFilter();
      filter.blur();
    }
    return;
  }
  if (e.key === "Enter" && e.target instanceof HTMLElement && e.target.closest("a, button")) return;
  if (TABS[e.key]) go({ view: TABS[e.key] });
  else if (e.key === "/") filter.focus();
  else if (e.key === "?") keysOpen();
  else if (current?.shown?.key?.(e.key, e)) {
    // The view has acted on it.
  } else if (e.key === "y" && byId("command").textContent) copy(byId("command").textContent ?? "", byId("command-copy"));
  else if (e.key === "Escape") {
    if (address.params.get("q")) go({ params: { q: null } });
    else if (address.view === "runs") go({ view: "sessions" });
    else return;
  } else return;
  e.preventDefault();
}

const keysOpen = () => openKeys(current?.module.title(address) ?? "", current?.module.keys ?? []);

function listen() {
  history.scrollRestoration = "manual";
  addEventListener("popstate", () => arrive());
  addEventListener("keydown", key);
  addEventListener("error", (e) => defect(e.error ?? e.message));
  addEventListener("unhandledrejection", (e) => defect(e.reason));
  document.addEventListener("visibilitychange", tick);
  filter.addEventListener("change", applyFilter);
  filter.addEventListener("search", applyFilter);
  byId("find").addEventListener("submit", (e) => {
    e.preventDefault();
    applyFilter();
  });
  since.addEventListener("change", () => go({ params: { since: since.value === store?.since ? null : since.value } }));
  byId("keys-open").addEventListener("click", keysOpen);
  byId("command-copy").addEventListener("click", () => copy(byId("command").textContent ?? "", byId("command-copy")));
  document.addEventListener("click", (e) => {
    const a = e.target instanceof Element ? e.target.closest("a") : null;
    if (!a || e.defaultPrevented || e.button || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey || a.target || a.origin !== location.origin) return;
    e.preventDefault();
    if (a.hash) byId(a.hash.slice(1)).focus();
    else visit(a.pathname + a.search);
  });
}

async function start() {
  if (known(address.view)) load(address.view).catch(() => {}); // on its way while the rest is prepared
  const value = await token();
  client = new Client(value);
  client.refused = refused;
  if (!value) return refused();
  listen();
  readFirst().catch(() => {}); // the view will say so
  // A view is read once the page is connected, so that nothing is missed in between.
  const connected = await new Promise((resolve) => {
    const stream = new Stream(client, take, (now) => {
      resolve(now);
      if (now === "up") banner("stopped");
      else stopped();
    });
    stream.connect();
    if (document.hidden) resolve("later");
  });
  connectedFirst = connected === "up";
  await arrive();
}

start();
