"""Limits of requests per minute, in sliding windows. Each replica has its share of them.

Each replica counts in memory. That is exact enough, because the gateway spreads requests evenly.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

WINDOW_SECONDS = 60
# The largest number of subjects or addresses that a limit counts. One takes about 300 bytes.
REMEMBERED = 10_000
# The tolerance for rounding errors.
ROUNDING = 1e-6


@dataclass
class _Window:
    """The counts of this window and of the previous one. Their weighted sum is that of the last
    minute.
    """

    number: int
    before: int = 0
    now: int = 0


class Limit:
    """Counts the requests of each subject, and reports when a limit is exceeded."""

    def __init__(self, quota: int, clock: Callable[[], float]) -> None:
        self.quota = quota
        self._clock = clock
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    def wait(self, subject: str) -> int:
        """Return the seconds until the subject may send the next request. 0 means now."""
        window, elapsed = self._window(subject)
        room = self.quota - 1 - window.now
        if window.before * (1 - elapsed) <= room + ROUNDING:
            return 0
        if room >= 0:
            return math.ceil((1 - room / window.before - elapsed) * WINDOW_SECONDS)
        return math.ceil((1 - elapsed + 1 - (self.quota - 1) / window.now) * WINDOW_SECONDS)

    def count(self, subject: str) -> None:
        """Count one more."""
        self._window(subject)[0].now += 1

    def left(self, subject: str) -> tuple[int, int]:
        """Return the number of remaining requests, and the seconds until the window ends."""
        window, elapsed = self._window(subject)
        used = window.before * (1 - elapsed) + window.now
        return max(0, math.floor(self.quota - used)), math.ceil((1 - elapsed) * WINDOW_SECONDS)

    def _window(self, subject: str) -> tuple[_Window, float]:
        number, elapsed = divmod(self._clock() / WINDOW_SECONDS, 1)
        window = self._windows.get(subject)
        if window is None:
            window = self._windows[subject] = _Window(int(number))
            if len(self._windows) > REMEMBERED:
                self._windows.popitem(last=False)
        elif window.number != number:
            window.before = window.now if window.number == number - 1 else 0
            window.now, window.number = 0, int(number)
        self._windows.move_to_end(subject)
        return window, elapsed


class Limits:
    """The limits by name. `quotas` are those of all replicas together."""

    def __init__(self, quotas: Mapping[str, int], replicas: int, clock: Callable[[], float]) -> None:
        self._quotas = quotas
        self._limits = {name: Limit(math.ceil(quota / replicas), clock) for name, quota in quotas.items()}

    def wait(self, name: str, subject: str) -> int:
        """Count one request, unless the subject must wait. Return the seconds to wait, 0 for none."""
        limit = self._limits[name]
        seconds = limit.wait(subject)
        if not seconds:
            limit.count(subject)
        return seconds

    def headers(self, names: Iterable[str], subject: str) -> dict[str, str]:
        """Return the fields of draft-ietf-httpapi-ratelimit-headers.

        The remaining number is that of this replica. Other replicas may allow more.
        """
        policies, states = [], []
        for name in names:
            left, seconds = self._limits[name].left(subject)
            policies.append(self._policy(name))
            states.append(f'"{name}";r={left};t={seconds}')
        return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(states)}

    def exhausted(self, name: str, seconds: int) -> dict[str, str]:
        """Return the fields for a refused request."""
        if name not in self._quotas:
            return {}
        return {"RateLimit-Policy": self._policy(name), "RateLimit": f'"{name}";r=0;t={seconds}'}

    def _policy(self, name: str) -> str:
        return f'"{name}";q={self._quotas[name]};w={WINDOW_SECONDS}'
