"""The time of a comparison reveals nothing about the key: the method of dudect.

Keys of two kinds are checked in random order: the hash of one kind differs from the stored one in its
first digit, that of the other kind in its last. Welch's t-test compares the times. dudect takes a t
above 10 as a leak. This does not prove that no attacker with more samples sees a difference.
"""

import math
import random
import statistics
import time

import pytest

from frontdoor.auth import api_keys
from frontdoor.auth.api_keys import TOKEN
from frontdoor.auth.database import Database
from tests.auth.support import Gateway

LEAK = 10
ROUNDS, SAMPLES = 20, 2_000


def difference(gateway: Gateway) -> float:
    """Return the t of the times of keys that differ early and late."""
    service = gateway.service
    tokens = [gateway.add_key(name) for name in ("first", "second")]
    times: tuple[list[int], list[int]] = ([], [])
    for turn in range(ROUNDS):
        # Reading the two rows of the table may take different times, so they change places.
        kinds = (turn % 2, 1 - turn % 2)
        for token, kind in zip(tokens, kinds, strict=True):
            spoil(service.database, token, digit=(0, 63)[kind])
            assert service.keys.check(token) == (None, "key_unknown")
        order = [index % 2 for index in range(SAMPLES)]
        random.shuffle(order)
        for which in order:
            start = time.perf_counter_ns()
            service.keys.check(tokens[which])
            times[kinds[which]].append(time.perf_counter_ns() - start)
    # Interruptions of the process say nothing about the comparison.
    limit = statistics.quantiles([*times[0], *times[1]], n=10)[8]
    early, late = ([taken for taken in kind if taken <= limit] for kind in times)
    error = statistics.variance(early) / len(early) + statistics.variance(late) / len(late)
    return (statistics.fmean(late) - statistics.fmean(early)) / math.sqrt(error)


def spoil(database: Database, token: str, digit: int) -> None:
    """Store a hash for a key that is wrong in one digit."""
    found = TOKEN.fullmatch(token)
    assert found
    digits = list(api_keys._hash(found[2]))
    digits[digit] = "0" if digits[digit] != "0" else "1"
    with database.write() as connection:
        connection.execute("UPDATE keys SET hash = ? WHERE id = ?", ("".join(digits), found[1]))


def test_a_nearly_right_key_takes_as_long_as_another(gateway: Gateway) -> None:
    assert abs(difference(gateway)) < LEAK


def test_the_measurement_sees_a_comparison_that_stops_early(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Module:
        @staticmethod
        def compare_digest(left: str, right: str) -> bool:
            # A real leak is smaller. This one shows that the sign and the scale are right.
            return all(one == other for one, other in zip(left, right, strict=True))

    monkeypatch.setattr(api_keys, "hmac", Module)
    assert difference(gateway) > LEAK
