// The token that requests carry. It comes once, in exchange for the code in the address, and is kept for this tab alone.

const KEY = "spanpipe-token";
const channel = new BroadcastChannel("spanpipe");

channel.addEventListener("message", (e) => {
  const token = sessionStorage.getItem(KEY);
  if (e.data === "token?" && token) channel.postMessage({ token });
});

/**
 * The token, or an empty text if there is none.
 * @returns {Promise<string>}
 */
export async function token() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code) {
    // Out of the address at once, so that no bookmark has it. Browsers note it in their history; there it is used up.
    history.replaceState(history.state, "", location.pathname + location.search);
    const got = await exchange(code);
    if (got) return keep(got);
  }
  return sessionStorage.getItem(KEY) ?? keep(await ask());
}

/** @param {string} value */
function keep(value) {
  if (value) sessionStorage.setItem(KEY, value);
  return value;
}

export function forget() {
  sessionStorage.removeItem(KEY);
}

/** @param {string} code */
async function exchange(code) {
  try {
    const reply = await fetch("/api/v1/token", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code }),
    });
    return reply.ok ? String((await reply.json()).token) : "";
  } catch {
    return "";
  }
}

/**
 * Asks the other tabs of this page: one that was opened from a link has no token of its own yet.
 * @returns {Promise<string>}
 */
function ask() {
  return new Promise((resolve) => {
    const end = (/** @type {string} */ value) => {
      clearTimeout(timer);
      channel.removeEventListener("message", hear);
      resolve(value);
    };
    const hear = (/** @type {MessageEvent} */ e) => {
      if (typeof e.data?.token === "string") end(e.data.token);
    };
    const timer = setTimeout(() => end(""), 300);
    channel.addEventListener("message", hear);
    channel.postMessage("token?");
  });
}
