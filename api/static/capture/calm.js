// Keeps guidance from flickering: a hint is shown only after it has lasted, and then for a minimum time.

export const SETTLE_MS = 500; // a hint must hold this long before it is shown
export const HOLD_MS = 1500; // a shown hint stays at least this long
export const CHECKING_MS = 600; // "checking" is shown at least this long, so that it can be read

/** Tells `show` about hints, no faster than people read. Feed it with `offer(hint, nowMs)` as often as you like. */
export class Calm {
  constructor(show) {
    this.show = show;
    this.shown = null;
    this.shownAt = -Infinity;
    this.waiting = null;
    this.waitingSince = 0;
  }

  offer(hint, nowMs) {
    if (hint === this.shown) {
      this.waiting = null;
      return;
    }
    if (hint !== this.waiting) {
      this.waiting = hint;
      this.waitingSince = nowMs;
    }
    const settled = this.shown === null || nowMs - this.waitingSince >= SETTLE_MS;
    if (settled && nowMs - this.shownAt >= HOLD_MS) {
      this.shown = hint;
      this.shownAt = nowMs;
      this.waiting = null;
      this.show(hint);
    }
  }

  reset() {
    this.shown = null;
    this.shownAt = -Infinity;
    this.waiting = null;
  }
}

/** Resolves with `promise`, but not before `ms` have passed. */
export async function atLeast(ms, promise) {
  const [result] = await Promise.allSettled([promise, new Promise((done) => setTimeout(done, ms))]);
  if (result.status === "rejected") throw result.reason;
  return result.value;
}
