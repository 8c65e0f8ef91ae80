// The capture screen: start -> camera -> shot (checking, take again, good, sending) -> done. One photo in memory at a time.

import { Calm, CHECKING_MS, atLeast } from "/capture/calm.js";
import { Camera } from "/capture/camera.js";
import { Problem, Service, persist } from "/capture/service.js";
import { fitting, follow, outline } from "/capture/shot.js";
import { preferredLanguage, word } from "/capture/words.js";

const SLOW_MS = 8000; // a check usually takes below two seconds; after this the page offers to go on without it
const MAX_BYTES = 12_000_000;
const MAX_SIDE_PX = 6000;

const find = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.hash.slice(1));
const service = new Service(asked.get("session") ?? "", asked.get("token") ?? "");
const camera = new Camera(find("video"), document.querySelector(".stage"), find("frame"));
const calm = new Calm((hint) => say(find("hint"), `hint.${hint}`));

let language = preferredLanguage(asked.get("lang"), navigator.languages);
let session = null;
let photo = null; // the Blob that is shown, until it is submitted or taken again
let finding = null; // what the service said about it
let fromFile = false; // where the photo came from, and the next one will
let working = null; // AbortController of the call that runs
const said = new Map(); // element -> key, so that a change of language rewrites what is shown

function say(element, key) {
  said.set(element, key);
  element.textContent = key ? word(language, key) : "";
}

/** Fills every sentence in the language; a finding brings its own. */
function translate() {
  document.documentElement.lang = language;
  document.title = word(language, "title");
  for (const element of document.querySelectorAll("[data-words]")) element.textContent = word(language, element.dataset.words);
  for (const [element, key] of said) element.textContent = key ? word(language, key) : "";
  const toggle = find("language");
  toggle.textContent = word(language, "language");
  toggle.lang = language === "ko" ? "en" : "ko";
  if (finding?.message) find("shot-text").textContent = finding.message[language];
  find("photo").alt = word(language, finding?.regions?.length ? "shot.alt.outlined" : "shot.alt");
}

function view(name, heading) {
  for (const section of document.querySelectorAll("section")) section.hidden = section.id !== `view-${name}`;
  if (name !== "camera") camera.close();
  (heading ?? document.querySelector(`#view-${name} h2`)).focus();
}

function only(...names) {
  for (const name of ["send", "again", "unjudged", "stuck", "progress"]) find(name).hidden = !names.includes(name);
}

function over(key, canRetry = false) {
  say(find("over-heading"), `over.${key}`);
  say(find("over-text"), `over.${key}.text`);
  find("reload").hidden = !canRetry;
  photo = null;
  view("over");
}

/** What ends the session ends the page's work too; says whether it did. */
function ended(problem) {
  if (!(problem instanceof Problem)) return false;
  if (problem.code === "capture.session_over") over("session");
  else if (problem.code === "capture.too_many_photos") over("many");
  else if ([401, 403, 404].includes(problem.status)) over("link");
  else return false;
  return true;
}

async function openCamera() {
  find("camera-problem").hidden = true;
  try {
    await camera.open();
  } catch {
    say(find("camera-problem"), session.upload_allowed ? "camera.refused" : "camera.refused.only");
    view("start");
    find("camera-problem").hidden = false;
    return;
  }
  calm.reset();
  say(find("hint"), "hint.fit");
  view("camera");
  camera.watch((hint) => calm.offer(hint, performance.now()));
  find("shutter").disabled = false;
}

async function shoot() {
  find("shutter").disabled = true;
  fromFile = false;
  await take(await camera.shoot());
}

async function upload(file) {
  if (!file) return;
  fromFile = true;
  try {
    await take(await fitting(file, MAX_BYTES, MAX_SIDE_PX));
  } catch {
    refuse("photo.broken");
  }
}

/** A file that is no photo: told where it was chosen. */
function refuse(key) {
  say(find("camera-problem"), key);
  photo = null;
  view("start");
  find("camera-problem").hidden = false;
}

async function take(blob) {
  photo = blob;
  finding = null;
  URL.revokeObjectURL(find("photo").src);
  find("photo").src = URL.createObjectURL(blob);
  find("photo").alt = word(language, "shot.alt");
  outline(find("photo"), find("outlines"), null, []);
  heading("shot.checking", "");
  say(find("shot-text"), "");
  say(find("progress"), navigator.onLine ? "shot.wait" : "shot.offline");
  only("progress");
  view("shot");
  await check();
}

function heading(key, kind) {
  const element = find("shot-heading");
  say(element, key);
  element.className = kind;
}

async function check() {
  working = new AbortController();
  const { signal } = working;
  const slow = setTimeout(() => waiting(), SLOW_MS);
  const waiting = () => {
    say(find("progress"), navigator.onLine ? "shot.slow" : "shot.offline");
    only("progress", "unjudged", "again");
  };
  let answer;
  try {
    answer = await atLeast(CHECKING_MS, persist((stop) => service.judge(photo, stop), { signal, waiting }));
  } catch (problem) {
    if (signal.aborted || ended(problem)) return;
    const kind = { "photo.too_few_pixels": "small", "photo.too_many_bytes": "large", "photo.too_many_pixels": "large" };
    refuse(`photo.${kind[problem.code] ?? "broken"}`);
    return;
  } finally {
    clearTimeout(slow);
  }
  finding = answer;
  if (answer.advice === "accept") {
    heading("shot.good", "good");
    say(find("shot-text"), "shot.good.text");
    only("send", "again");
  } else {
    heading("shot.retake", "bad");
    said.delete(find("shot-text"));
    outline(find("photo"), find("outlines"), answer.image, answer.regions);
    only("again", ...(answer.bypass_offered ? ["stuck"] : []));
  }
  translate();
  find("again").className = answer.advice === "accept" ? "second" : "main";
  find("shot-heading").focus();
}

/** Sends the photo, again and again until it has arrived; `first` runs before, for the way through. */
async function send(first) {
  working?.abort();
  working = new AbortController();
  const { signal } = working;
  heading("shot.sending", "");
  said.set(find("shot-text"), "");
  say(find("shot-text"), "");
  say(find("progress"), "shot.wait");
  only("progress");
  find("shot-heading").focus();
  const waiting = () => say(find("progress"), navigator.onLine ? "shot.sending.again" : "shot.offline");
  try {
    if (first) await persist(first, { signal, waiting });
    await persist((stop) => service.submit(photo, stop), { signal, waiting });
  } catch (problem) {
    if (signal.aborted || ended(problem)) return;
    if (problem.code === "capture.retake_needed" || problem.code === "capture.not_offered") {
      await take(photo); // the check had answered and only its answer was lost
      return;
    }
    over("down", true);
    return;
  }
  finished();
}

function finished() {
  photo = null;
  URL.revokeObjectURL(find("photo").src);
  find("photo").removeAttribute("src");
  if (session.return_url) {
    find("back").href = session.return_url;
    find("back").hidden = false;
  }
  view("done");
}

const START_MS = 1200; // the first answer usually comes sooner; after this the page starts without it

/** What the session allows; while the service is away the page starts without it and asks on. */
function settle(found) {
  session = found;
  if (session.state === "submitted") {
    finished();
    return;
  }
  for (const one of document.querySelectorAll("[data-upload]")) one.hidden = !session.upload_allowed;
  find("frame").classList.toggle("page", session.document_type === "passport");
}

async function start() {
  session = { upload_allowed: true, document_type: null, return_url: null, state: "open" };
  translate();
  follow(find("photo"), find("outlines"));
  if (!asked.get("session") || !asked.get("token")) {
    over("link");
    return;
  }
  const begun = () => [...document.querySelectorAll("section")].some((section) => !section.hidden);
  const patience = setTimeout(() => { if (!begun()) view("start"); }, START_MS);
  try {
    settle(await persist((stop) => service.look(stop)));
  } catch (problem) {
    if (!ended(problem)) over("down", true);
    return;
  } finally {
    clearTimeout(patience);
  }
  if (!begun()) view("start");
}

find("language").addEventListener("click", () => {
  language = language === "ko" ? "en" : "ko";
  translate();
});
find("start-camera").addEventListener("click", openCamera);
find("shutter").addEventListener("click", shoot);
for (const input of document.querySelectorAll("input[type=file]")) {
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = "";
    upload(file);
  });
}
find("again").addEventListener("click", () => {
  working?.abort();
  photo = null;
  if (fromFile) view("start");
  else openCamera();
});
find("send").addEventListener("click", () => send());
find("unjudged").addEventListener("click", () => send());
find("bypass").addEventListener("click", () => send((stop) => service.bypass(stop)));
find("reload").addEventListener("click", () => location.reload());
window.addEventListener("beforeunload", (leaving) => {
  if (photo) leaving.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden && !find("view-camera").hidden) {
    camera.close();
    view("start");
  }
});
start();
