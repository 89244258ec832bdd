"""Limits wrong passwords. After some of them, each one makes the next attempt wait longer.

Three counts decide: of a name at one address, of an address, and of a name at all addresses. If
someone keeps guessing from one address, only that address must wait for long. If many addresses
guess one name, unknown addresses must wait for a minute. This does not apply to an address from
which the owner has signed in before.
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

REMEMBERED = 10_000
# Seconds without a wrong password after which a count is deleted.
FORGOTTEN_SECONDS = 12 * 3600


@dataclass(frozen=True)
class Patience:
    """The number of wrong passwords without a wait, and the longest wait in seconds after more of
    them.
    """

    free: int
    longest: int


PAIR = Patience(free=5, longest=900)
ADDRESS = Patience(free=20, longest=900)
NAME = Patience(free=50, longest=60)


@dataclass
class _Count:
    wrong: int
    last: float


class _Counts:
    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def wait(self, who: str, now: float) -> float:
        count = self._counts.get(who)
        if count is None or now - count.last > FORGOTTEN_SECONDS:
            self._counts.pop(who, None)
            return 0
        beyond = count.wrong - self._patience.free
        if beyond < 0:
            return 0
        # More doublings would not change the wait, because it is limited.
        return count.last + min(self._patience.longest, 1 << min(beyond, 12)) - now

    def add(self, who: str, now: float) -> None:
        count = self._counts.pop(who, None) or _Count(0, now)
        self._counts[who] = _Count(count.wrong + 1, now)
        if len(self._counts) > REMEMBERED:
            self._counts.popitem(last=False)

    def forgive(self, who: str, number: int | None = None) -> int:
        """Remove some wrong passwords from a count, or all of them. Return how many there were."""
        count = self._counts.get(who)
        if count is None:
            return 0
        wrong = count.wrong
        count.wrong -= wrong if number is None else min(number, wrong)
        if count.wrong == 0:
            del self._counts[who]
        return wrong


class Attempts:
    """Decides whether a password may be tried, and records the wrong passwords of this replica."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._pairs = _Counts(PAIR)
        self._addresses = _Counts(ADDRESS)
        self._names = _Counts(NAME)

    def begin(self, name: str, address: str, is_known_address: bool) -> int:
        """Return the seconds to wait. If there is no wait, count the attempt as wrong for now.

        So attempts that run at the same time count too.
        """
        now, pair = self._clock(), f"{address} {name}"
        waits = [self._pairs.wait(pair, now), self._addresses.wait(address, now)]
        if not is_known_address:
            waits.append(self._names.wait(name, now))
        seconds = math.ceil(max(0, *waits))
        if not seconds:
            self._pairs.add(pair, now)
            self._addresses.add(address, now)
            self._names.add(name, now)
        return seconds

    def succeeded(self, name: str, address: str) -> None:
        """Forget the wrong passwords of this name, but not those of the address for other names."""
        self._addresses.forgive(address, self._pairs.forgive(f"{address} {name}"))
        self._names.forgive(name)

    def undo(self, name: str, address: str) -> None:
        """Remove an attempt that was not made because the service was too busy."""
        self._pairs.forgive(f"{address} {name}", 1)
        self._addresses.forgive(address, 1)
        self._names.forgive(name, 1)
