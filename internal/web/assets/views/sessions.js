/** @type {import("../../page").View["title"]} */
export const title = () => "Sessions";

/** @type {import("../../page").View["keys"]} */
export const keys = [];

/** @type {import("../../page").View["show"]} */
export function show(root) {
  root.textContent = "Sessions";
  return { update() {} };
}
