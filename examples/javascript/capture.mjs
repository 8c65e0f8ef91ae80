// A bank's backend and a customer's phone in one file: makes a capture session with a key, then sends photos with its token.
// Node 20 or newer, no packages:  IDQC_URL=http://127.0.0.1:8000 IDQC_KEY=$(cat data/demo.key) node capture.mjs photo.jpg …
// Photos are tried in their order until one is accepted, or the way through opens.

import { readFile } from "node:fs/promises";

const root = process.env.IDQC_URL ?? "http://127.0.0.1:8000";
const key = process.env.IDQC_KEY;
const MAX_TRIES = 4;

/** One call: tried again while the service is busy or away; a problem document becomes an Error with its code. */
async function call(method, path, { bearer, headers = {}, body } = {}) {
  for (let tried = 1; ; tried += 1) {
    let answer;
    try {
      answer = await fetch(root + path, { method, body, headers: { ...headers, Authorization: `Bearer ${bearer}` } });
    } catch (lost) {
      if (tried === MAX_TRIES) throw lost;
      await new Promise((done) => setTimeout(done, 500 * 2 ** tried));
      continue;
    }
    const said = await answer.json();
    if (answer.ok) return said;
    if (![408, 429, 500, 502, 503, 504].includes(answer.status) || tried === MAX_TRIES) {
      throw Object.assign(new Error(`${said.code}: ${said.detail} ${said.hint}`), { code: said.code });
    }
    const seconds = Number(answer.headers.get("Retry-After")) || 0.5 * 2 ** tried;
    await new Promise((done) => setTimeout(done, 1000 * seconds));
  }
}

/** The bank's backend: the key stays there. */
export function createSession(customerRef, wishes = {}) {
  return call("POST", "/v1/capture-sessions", {
    bearer: key,
    headers: { "Content-Type": "application/json", "Idqc-Customer-Ref": customerRef },
    body: JSON.stringify(wishes),
  });
}

/** The customer's phone: it knows the session's id and token, and no key. */
export class Capture {
  constructor({ session_id, token }) {
    this.path = `/v1/capture-sessions/${session_id}`;
    this.bearer = token;
  }

  open() {
    return call("GET", this.path, { bearer: this.bearer });
  }

  judge(photo) {
    return this.#photo("/photos", photo);
  }

  bypass() {
    return call("POST", `${this.path}/bypass`, { bearer: this.bearer });
  }

  submit(photo) {
    return this.#photo("/submit", photo);
  }

  #photo(path, body) {
    const headers = { "Content-Type": body[0] === 0x89 ? "image/png" : body[0] === 0x52 ? "image/webp" : "image/jpeg" };
    return call("POST", this.path + path, { bearer: this.bearer, headers, body });
  }
}

async function main(files) {
  if (!key || files.length === 0) throw new Error("usage: IDQC_KEY=… node capture.mjs photo.jpg …");
  const session = await createSession(`example-${Date.now()}`, { language: "en", device: "example" });
  const capture = new Capture(session);
  await capture.open();
  for (const file of files) {
    const photo = await readFile(file);
    const said = await capture.judge(photo);
    console.log(`photo ${said.photo}: ${said.advice}${said.message ? `: ${said.message.en}` : ""}`);
    if (said.advice === "retake" && !said.bypass_offered) continue;
    if (said.advice === "retake") await capture.bypass();
    const sent = await capture.submit(photo);
    console.log(`submitted as ${sent.submission_id} (${sent.route})`);
    return;
  }
  console.log("no photo was accepted");
  process.exitCode = 3;
}

await main(process.argv.slice(2));
