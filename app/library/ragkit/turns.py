"""Lets threads that need a processor take turns."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ragkit.errors import Unavailable

# Seconds that a thread waits for its turn. After an overload, waiting threads delay new ones for at
# most this long.
PATIENCE = 2.0


class Turns:
    """Lets a limited number of threads run at a time. The newest of those that wait is next, as at the
    gates of the API."""

    def __init__(self, what: str, at_once: int) -> None:
        self._what = what
        self._lock = threading.Lock()
        self._free = at_once
        self._waiting: list[threading.Event] = []

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a turn during the block. Raises Unavailable if there is none in time."""
        turn = self._queue()
        if turn is not None and not turn.wait(PATIENCE) and self._gives_up(turn):
            raise Unavailable("processor", f"too many {self._what} at once; try again in a moment")
        try:
            yield
        finally:
            self._pass_on()

    def _queue(self) -> threading.Event | None:
        """Take a free turn, or queue for one."""
        with self._lock:
            if self._free > 0:
                self._free -= 1
                return None
            turn = threading.Event()
            self._waiting.append(turn)
            return turn

    def _gives_up(self, turn: threading.Event) -> bool:
        """Leave the queue. Return False if the turn was assigned at this moment."""
        with self._lock:
            if turn not in self._waiting:
                return False
            self._waiting.remove(turn)
            return True

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.pop().set()
            else:
                self._free += 1
