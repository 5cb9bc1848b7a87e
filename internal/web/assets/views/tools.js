/** @type {import("../../page").View["title"]} */
export const title = () => "Tools";

/** @type {import("../../page").View["keys"]} */
export const keys = [];

/** @type {import("../../page").View["show"]} */
export function show(root) {
  root.textContent = "Tools";
  return { update() {} };
}
