// A case by keyboard, and the next one ready before it is needed.
//
// While a reviewer looks at one case, the next is claimed and its page built off screen, pictures included; nothing is
// written to the disk cache. After a decision it takes the place of the first, without a page load. Whatever fails on
// this path falls back to the plain forms, which work without any script.

import { listen } from "./keyboard.js";
import { Viewer } from "./viewer.js";

const RENEW_EVERY_MS = 120_000;

// The pages are this server's own; parsing one makes nodes that run no script.
const policy = globalThis.trustedTypes?.createPolicy("idqc", { createHTML: (text) => text }) ?? { createHTML: (t) => t };

let main;
let viewer;
let next = null;
let current = -1;

const form = () => main.querySelector("#decision");
const choice = (value) => main.querySelector(`button[value=${value}]`);

async function post(path, body = new URLSearchParams()) {
  body.set("csrf", main.dataset.csrf);
  return fetch(path, { method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin" });
}

function begin(element) {
  main = element;
  viewer = new Viewer(main);
  current = -1;
  form()?.addEventListener("submit", decide);
  for (const button of main.querySelectorAll("#decision button")) {
    button.addEventListener("blur", () => main.querySelector("#armed")?.classList.add("off"));
  }
  if (main.dataset.mine === "yes") prepareNext();
}

function arm(value) {
  const button = choice(value);
  if (!button) return;
  button.focus();
  main.querySelector("#armed").classList.remove("off");
}

function openReasons() {
  const first = main.querySelector("#decision input[name=reasons]");
  first?.closest("details")?.setAttribute("open", "");
  first?.focus();
}

function toggleReason(number) {
  const box = main.querySelector(`[data-reason="${number}"]`);
  if (!box) return false;
  box.checked = !box.checked;
  choice("reject")?.focus();
  main.querySelector("#armed").classList.remove("off");
  return true;
}

function step(by) {
  const told = [...main.querySelectorAll(".finding")].filter((line) => line.offsetParent !== null);
  if (!told.length) return;
  told[current]?.classList.remove("current");
  current = (current + by + told.length) % told.length;
  told[current].classList.add("current");
  told[current].scrollIntoView({ block: "nearest" });
  viewer.show(told[current].dataset.criterion);
}

async function prepareNext() {
  const state = main.querySelector("#next-state");
  next = null;
  try {
    if (state) state.textContent = state.dataset.loading;
    const claimed = await post("/console/ahead", new URLSearchParams({ after: main.dataset.case }));
    if (claimed.status !== 200) { if (state) state.textContent = ""; return; }
    const { case_id: id } = await claimed.json();
    const page = await fetch(`/console/cases/${id}?ahead=1`, { credentials: "same-origin" });
    if (!page.ok) return;
    const parsed = new DOMParser().parseFromString(policy.createHTML(await page.text()), "text/html");
    const element = document.adoptNode(parsed.querySelector("main"));
    await Promise.allSettled([...element.querySelectorAll("img[src]")].map((picture) => picture.decode()));
    next = { id, element, title: parsed.title };
    if (state) state.textContent = state.dataset.ready;
  } catch {
    if (state) state.textContent = "";
  }
}

async function decide(event) {
  if (!next) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form()));
  body.set("choice", event.submitter.value);
  for (const button of form().querySelectorAll("button")) button.disabled = true;
  const answer = await post(form().getAttribute("action"), body).catch(() => null);
  if (answer?.ok) { swap(); return; }
  for (const button of form().querySelectorAll("button")) button.disabled = false;
  const problem = await answer?.json().catch(() => null);
  tell(problem?.detail ?? "");
}

function tell(detail) {
  let line = main.querySelector(".decision .message.bad");
  if (!line) {
    line = document.createElement("p");
    line.className = "message bad";
    line.setAttribute("role", "alert");
    form().before(line);
  }
  line.textContent = detail || line.textContent || "!";
}

function swap() {
  const { id, element, title } = next;
  main.replaceWith(element);
  history.pushState(null, "", `/console/cases/${id}`);
  document.title = title;
  begin(element);
  scrollTo(0, 0);
  element.focus();
  // Ready for too long, and somebody else has it: the page as it is now says so.
  post(`/console/cases/${id}/shown`).then((answer) => { if (!answer.ok) location.reload(); }, () => {});
}

begin(document.querySelector("main"));
// A page of an earlier case is gone with its claim: going back loads what it is now.
addEventListener("popstate", () => location.reload());
setInterval(() => { if (main.dataset.mine === "yes") post(`/console/cases/${main.dataset.case}/claim`); }, RENEW_EVERY_MS);

const reasons = Object.fromEntries([..."123456789"].map((digit) => [digit, () => toggleReason(Number(digit))]));
listen({
  ...reasons,
  a: () => arm("approve"),
  s: () => arm("refer"),
  r: openReasons,
  m: () => main.querySelector("#note")?.focus(),
  o: () => viewer.act("outlines"),
  h: () => viewer.act("heatmaps"),
  "+": () => viewer.act("in"),
  "=": () => viewer.act("in"),
  "-": () => viewer.act("out"),
  0: () => viewer.act("fit"),
  "[": () => step(-1),
  "]": () => step(1),
  q: () => main.querySelector("[data-key=q]")?.click(),
});
