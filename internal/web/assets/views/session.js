/** @type {import("../../page").View["title"]} */
export const title = () => "Session";

/** @type {import("../../page").View["keys"]} */
export const keys = [];

/** @type {import("../../page").View["show"]} */
export function show(root) {
  root.textContent = "Session";
  return { update() {} };
}
