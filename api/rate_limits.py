"""How often a key may call, and how often an address may guess: sliding windows in memory, one set for each process."""

from __future__ import annotations

import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from idqc.errors import IdqcError

GUESSES_PER_MINUTE = 30
"""Wrong keys and wrong passwords from one address. With 256 bits in a key this only keeps the log short."""


class TooOften(IdqcError):
    """More calls in a minute than the key may make."""

    code = "request.rate_limit"
    status = 429
    title = "Too many requests"


class RateLimits:
    """The counters of one process. Several processes count apart: share the limit between them when setting it."""

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._windows = SlidingWindowCounterRateLimiter(self._storage)

    def take(self, kind: str, who: str, per_minute: int) -> None:
        """Counts one call.

        Args:
            kind: what is counted: `key`, `guess`, `sign-in`.
            who: a key's id or an address; lives in memory only.
            per_minute: how many are allowed.

        Raises:
            TooOften: the minute is used up.
        """
        item = RateLimitItemPerMinute(per_minute)
        if self._windows.hit(item, kind, who):
            return
        wait_s = max(1, round(self._windows.get_window_stats(item, kind, who).reset_time - time.time()))
        raise TooOften(
            f"More than {per_minute} calls in a minute.",
            f"Wait {wait_s} seconds; an operator can give a key a higher limit.",
            limit_per_minute=per_minute,
            retry_after_s=wait_s,
        )

    def is_used_up(self, kind: str, who: str, per_minute: int) -> bool:
        """Whether the next call would be refused; counts nothing."""
        return not self._windows.test(RateLimitItemPerMinute(per_minute), kind, who)
