// The calls of docs/capture.md, with time limits and retries. The photo stays with the caller until a call has succeeded.

const WAITS_MS = [800, 1600, 3200, 6400, 10000]; // the last one repeats
const LOOK_TIMEOUT_MS = 10000;
const JUDGE_TIMEOUT_MS = 25000;
const SEND_TIMEOUT_MS = 60000;
const PASSING = new Set([408, 425, 500, 502, 503, 504]); // these may be gone the next time

/** A call that did not succeed. `passing`: it is worth trying again. */
export class Problem extends Error {
  constructor(status, body, retryAfterS) {
    super(body?.code ?? `status ${status}`);
    this.status = status;
    this.code = body?.code ?? "service.unreachable";
    this.passing = status === 0 || PASSING.has(status) || (status === 429 && retryAfterS > 0);
    this.retryAfterS = retryAfterS;
  }
}

/** Waits for some milliseconds, less when the connection comes back; rejects when the signal fires. */
function pause(ms, signal) {
  return new Promise((done, stop) => {
    const end = () => {
      clearTimeout(timer);
      window.removeEventListener("online", end);
      signal?.removeEventListener("abort", abort);
      done();
    };
    const abort = () => {
      clearTimeout(timer);
      window.removeEventListener("online", end);
      stop(signal.reason);
    };
    const timer = setTimeout(end, ms);
    window.addEventListener("online", end, { once: true });
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** A signal that fires after a time, or with another one; and what to call when it is no longer needed. */
function limit(ms, signal) {
  const own = new AbortController();
  const abort = () => own.abort();
  const timer = setTimeout(abort, ms);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  const release = () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  };
  return [own.signal, release];
}

/** Tries until it succeeds, fails for good or is stopped; `waiting(problem)` is told before every pause. */
export async function persist(work, { signal, waiting } = {}) {
  for (let failed = 0; ; failed += 1) {
    try {
      return await work(signal);
    } catch (problem) {
      if (signal?.aborted || !(problem instanceof Problem) || !problem.passing) throw problem;
      waiting?.(problem);
      const planned = WAITS_MS[Math.min(failed, WAITS_MS.length - 1)] * (0.8 + 0.4 * Math.random());
      await pause(Math.max(planned, 1000 * (problem.retryAfterS || 0)), signal);
    }
  }
}

export class Service {
  constructor(sessionId, token) {
    this.root = `/v1/capture-sessions/${encodeURIComponent(sessionId)}`;
    this.token = token;
  }

  /** How the session stands; the first look is what the bank's experiment counts from. */
  look(signal) {
    return this.#call("GET", "", null, LOOK_TIMEOUT_MS, signal);
  }

  /** What is to be done about a photo. The same photo sent twice is judged and counted once. */
  judge(photo, signal) {
    return this.#call("POST", "/photos", photo, JUDGE_TIMEOUT_MS, signal);
  }

  bypass(signal) {
    return this.#call("POST", "/bypass", null, LOOK_TIMEOUT_MS, signal);
  }

  /** Hands the photo to the queue. Sent twice it is kept once. */
  submit(photo, signal) {
    return this.#call("POST", "/submit", photo, SEND_TIMEOUT_MS, signal);
  }

  async #call(method, path, photo, timeoutMs, signal) {
    const [until, release] = limit(timeoutMs, signal);
    const headers = { Authorization: `Bearer ${this.token}` };
    if (photo) headers["Content-Type"] = photo.type || "image/jpeg";
    try {
      const answer = await fetch(this.root + path, {
        method,
        headers,
        body: photo,
        signal: until,
        cache: "no-store",
        credentials: "omit",
      });
      const body = await answer.json().catch(() => null);
      if (answer.ok && body) return body;
      throw new Problem(answer.ok ? 502 : answer.status, body, Number(answer.headers.get("Retry-After")) || 0);
    } catch (failed) {
      if (failed instanceof Problem || signal?.aborted) throw failed;
      throw new Problem(0, null, 0);
    } finally {
      release();
    }
  }
}
