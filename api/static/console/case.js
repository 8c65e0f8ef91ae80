// A case by keyboard, and the next one ready before it is needed.
//
// While a reviewer looks at one case, the next is claimed and its page built off screen, pictures included; nothing is
// written to the disk cache. After a decision it takes the place of the first, without a page load; when there is none,
// or it takes too long, the queue does. Without any script the plain forms work.

import { listen } from "./keyboard.js";
import { Viewer } from "./viewer.js";

const RENEW_EVERY_MS = 120_000;
const PATIENCE_MS = 3000; // how long a decided case waits for the next one to be ready

// The pages are this server's own; parsing one makes nodes that run no script.
const policy = globalThis.trustedTypes?.createPolicy("idqc", { createHTML: (text) => text }) ?? { createHTML: (t) => t };

let main;
let viewer;
let next = null;
let preparing = null;
let deciding = false;
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
  deciding = false;
  next = null;
  form()?.addEventListener("submit", decide);
  for (const button of main.querySelectorAll("#decision button")) {
    button.addEventListener("blur", () => main.querySelector("#armed")?.classList.add("off"));
  }
  preparing = main.dataset.mine === "yes" ? prepareNext() : null;
}

function arm(value) {
  const button = choice(value);
  if (!button || deciding) return;
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
  arm("reject");
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
  const say = (text) => { if (state) state.textContent = text; };
  say(state?.dataset.loading);
  next = await fetchNext().catch(() => null);
  say(next ? state?.dataset.ready : "");
}

/** The case after this one, its pictures decoded; null when there is none or it cannot be had. */
async function fetchNext() {
  const claimed = await post("/console/ahead", new URLSearchParams({ after: main.dataset.case }));
  if (claimed.status !== 200) return null;
  const { case_id: id } = await claimed.json();
  const page = await fetch(`/console/cases/${id}?ahead=1`, { credentials: "same-origin" });
  if (!page.ok) return null;
  const parsed = new DOMParser().parseFromString(policy.createHTML(await page.text()), "text/html");
  const element = document.adoptNode(parsed.querySelector("main"));
  await Promise.allSettled([...element.querySelectorAll("img[src]")].map((picture) => picture.decode()));
  return { id, element, title: parsed.title };
}

async function decide(event) {
  event.preventDefault();
  if (deciding) return;
  const { submitter } = event;
  // Enter in a reason's box presses the form's first button, which decides nothing: what it asks for is a rejection.
  if (!submitter?.value) { arm("reject"); return; }
  const body = new URLSearchParams(new FormData(form()));
  body.set("choice", submitter.value);
  enable(false);
  const answer = await post(form().getAttribute("action"), body).catch(() => null);
  if (answer?.ok) {
    await Promise.race([preparing, new Promise((done) => setTimeout(done, PATIENCE_MS))]);
    if (next) swap();
    else location.assign("/console?done=decided");
    return;
  }
  const problem = await answer?.json().catch(() => null);
  enable(true);
  const { failed, lost } = form().dataset;
  tell(answer?.status === 409 ? lost : problem?.detail ?? failed);
  arm(submitter.value);
}

function enable(on) {
  deciding = !on;
  for (const button of form().querySelectorAll("button")) button.disabled = !on;
}

function tell(detail) {
  let line = main.querySelector(".decision .message.bad");
  if (!line) {
    line = document.createElement("p");
    line.className = "message bad";
    line.setAttribute("role", "alert");
    form().before(line);
  }
  line.textContent = detail;
}

function swap() {
  const { id, element, title } = next;
  main.replaceWith(element);
  history.pushState(null, "", `/console/cases/${id}`);
  document.title = title;
  begin(element);
  scrollTo(0, 0);
  element.focus();
  // Ready for too long, and somebody else has it: the page as it is now says so. But an answer that comes after a quick
  // decision speaks of a case that is no longer here, and a reload would lose what is done to the one that is.
  post(`/console/cases/${id}/shown`).then(({ status }) => {
    if (status >= 400 && status < 500 && main === element && !deciding) location.reload();
  }, () => {});
}

begin(document.querySelector("main"));
// A page of an earlier case is gone with its claim: going back loads what it is now.
addEventListener("popstate", () => location.reload());
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
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
