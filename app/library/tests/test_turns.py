"""Does not prove how long a turn of the embedder takes."""

import threading
import time
from collections.abc import Callable
from functools import partial

import pytest

from ragkit import turns
from ragkit.errors import Unavailable
from ragkit.turns import Turns


def started(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    # Each thread queues before the next one starts.
    time.sleep(0.05)
    return thread


def test_the_newest_turn_is_next() -> None:
    one = Turns("questions", 1)
    order: list[int] = []

    def work(number: int) -> None:
        with one.taken():
            order.append(number)

    with one.taken():
        threads = [started(partial(work, number)) for number in range(3)]
    for thread in threads:
        thread.join(5)
    assert order == [2, 1, 0]


def test_a_limited_number_runs_at_once() -> None:
    two = Turns("questions", 2)
    running, most = 0, 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal running, most
        with two.taken():
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.02)
            with lock:
                running -= 1

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert (most, running) == (2, 0)


def test_a_thread_gives_up_and_leaves_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.1)
    one = Turns("questions", 1)
    with one.taken(), pytest.raises(Unavailable, match="too many questions at once"), one.taken():
        pass
    with one.taken():
        pass
