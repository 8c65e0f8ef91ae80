// The queue by keyboard: J and K move, Enter opens (a link does that by itself), N takes the next case.

import { listen } from "./keyboard.js";

function move(by) {
  const links = [...document.querySelectorAll(".queue th a")];
  if (!links.length) return;
  const at = links.indexOf(document.activeElement);
  links[Math.min(Math.max(at + by, 0), links.length - 1)].focus();
}

listen({
  j: () => move(1),
  k: () => move(-1),
  n: () => document.querySelector("[data-key=n]")?.click(),
});
