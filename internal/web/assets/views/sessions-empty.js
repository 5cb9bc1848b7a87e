// What stands where no session is stored yet: how to have one.

import { h, s } from "../dom.js";
import { command } from "../states.js";
import { setting } from "../panel.js";

/** Calls of a client to three servers, as they would be drawn: lane, from, length. */
const CALLS = [[1, 118, 30], [2, 160, 22], [1, 196, 8], [3, 214, 70], [1, 300, 62], [2, 372, 9], [2, 402, 120], [1, 520, 4], [3, 560, 44]];

const CLIENT = `"command": "spanpipe",
"args": ["--", "npx", "-y", "the-server"],
"env": { "SPANPIPE_TELEMETRY": "local" }`;

function ghost() {
  const y = (/** @type {number} */ lane) => 14 + lane * 20;
  return s("svg", { class: "ghost", viewBox: "0 0 736 92", "aria-hidden": "true" },
    ...["your client", "a server", "another", "one more"].flatMap((name, lane) => [
      s("path", { class: "s-rail", d: `M96 ${y(lane)}H728` }), s("text", { x: 84, y: y(lane) + 4, "text-anchor": "end" }, name)]),
    ...CALLS.flatMap(([lane, x, width]) => [
      s("path", { class: "g-call", d: `M${x} 14V${y(lane) - 4}` }), s("circle", { class: "g-at", cx: x, cy: 14, r: 2 }),
      s("rect", { class: "g-bar", x, y: y(lane) - 4, width, height: 8 })]));
}

/** @param {import("../../api").Store} store */
export function empty(store) {
  const code = (/** @type {string} */ text) => h("code", null, text);
  const config = setting(CLIENT);
  config.classList.add("block");
  return h("div", { class: "empty" },
    h("h1", null, "No sessions yet"),
    h("p", null, "A session appears here as soon as a client starts a server through spanpipe. This page waits for it; you need not reload."),
    ghost(),
    h("ol", { class: "steps" },
      h("li", null, h("p", null, "Put spanpipe in front of your clients’ servers:"), command("spanpipe install"),
        h("p", { class: "soft" }, "It shows what it will write, and asks. By hand it is this:"), config),
      h("li", null, h("p", null, "Restart your client and use it as usual.")),
      h("li", { class: "or" }, h("p", null, "Look at a session of the built-in server first:"), command("SPANPIPE_TELEMETRY=local spanpipe demo"))),
    h("div", { class: "why" },
      h("h2", null, "Already done?"),
      h("ul", null,
        h("li", null, "The client has not been restarted, or asks for your approval of the changed server."),
        h("li", null, "Sessions are stored only with ", code("SPANPIPE_TELEMETRY=local"), " in the server’s ", code("env"), "."),
        h("li", null, "This page looks in ", code(store.dir), ". If you set ", code("SPANPIPE_DIR"), ", set it for both."),
        h("li", null, code("spanpipe consent"), " says what is recorded in an environment, and where it goes.")),
      h("p", { class: "dim" }, `What is stored: names, sizes, times and codes, on this machine only. Content now: ${store.content}.`)));
}
