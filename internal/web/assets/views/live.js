/** @type {import("../../page").View["title"]} */
export const title = () => "Live";

/** @type {import("../../page").View["keys"]} */
export const keys = [];

/** @type {import("../../page").View["show"]} */
export function show(root) {
  root.textContent = "Live";
  return { update() {} };
}
