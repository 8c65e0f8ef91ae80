// Letter shortcuts. They keep quiet while somebody types, while a dialog is open, and once they are turned off
// (WCAG 2.1.4 asks for that). The help dialog belongs to them.

const OFF = "idqc.shortcuts.off";

function remembered() {
  try { return localStorage.getItem(OFF) === "yes"; } catch { return false; }
}

function remember(off) {
  try { localStorage.setItem(OFF, off ? "yes" : "no"); } catch { /* a browser without storage forgets */ }
}

function isTyping(target) {
  return target.matches("textarea, select, input:not([type=checkbox])") || target.isContentEditable;
}

/** Calls `actions[key]` for a key pressed alone. An action that returns false leaves the key to the browser. */
export function listen(actions) {
  const help = document.getElementById("shortcuts");
  const enabled = document.getElementById("shortcuts-on");
  enabled.checked = !remembered();
  enabled.addEventListener("change", () => remember(!enabled.checked));
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-key='?']")) help.showModal();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || help.open) return;
    if (event.key === "Escape" && isTyping(event.target)) { event.target.blur(); return; }
    if (isTyping(event.target)) return;
    // With a Korean keyboard layout the letter is in `code`, not in `key`.
    const letter = /^Key([A-Z])$/.exec(event.code);
    const key = event.key === "?" || !letter ? event.key : letter[1].toLowerCase();
    if (key === "?") { event.preventDefault(); help.showModal(); return; }
    if (!enabled.checked) return;
    const action = actions[key];
    if (action && action(event) !== false) event.preventDefault();
  });
  // The hints of the keys show from here on: nobody is invited to press one that would be lost.
  document.documentElement.classList.add("keys");
}
