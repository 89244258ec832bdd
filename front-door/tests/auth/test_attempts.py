"""Guessing passwords. The clock is simulated, and hashes are counted, not timed.

Does not prove the limits of several replicas together: each replica counts separately, so two
replicas allow twice as many guesses.
"""

import asyncio

import pytest
from anyio import to_thread

from frontdoor.auth import passwords
from frontdoor.auth.attempts import REMEMBERED, Attempts
from frontdoor.auth.passwords import Passwords
from ragkit.api.overload import Busy
from tests.auth.support import HASH, PASSWORD, PRODUCTION, Clock, Gateway

GUESSES = 100_000
HOUR = 3600


def guesses_that_hash(attempts: Attempts, clock: Clock, addresses: int, names: int) -> int:
    """Guess twice a second, and return how many guesses cost a hash."""
    hashed = 0
    for guess in range(GUESSES):
        clock.now += 0.5
        if not attempts.begin(f"name-{guess % names}", f"192.0.2.{guess % addresses}", False):
            hashed += 1
    return hashed


def test_one_address_guesses_little_of_one_name() -> None:
    clock = Clock()
    # 14 hours: five free guesses, ten that wait longer each time, then one each quarter of an hour.
    assert guesses_that_hash(Attempts(clock), clock, 1, 1) < 75


def test_one_address_guesses_little_of_many_names() -> None:
    clock = Clock()
    assert guesses_that_hash(Attempts(clock), clock, 1, 5000) < 90


def test_many_addresses_guess_little_of_one_name() -> None:
    clock = Clock()
    # One each minute of 14 hours, and some at the beginning.
    assert guesses_that_hash(Attempts(clock), clock, 250, 1) < 14 * 60 + 70


def test_many_addresses_and_names_do_not_fill_the_memory() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for guess in range(REMEMBERED * 3):
        attempts.begin(f"name-{guess}", f"address-{guess}", False)
    for counts in (attempts._pairs, attempts._addresses, attempts._names):
        assert len(counts._counts) == REMEMBERED


def test_an_attacker_at_another_address_does_not_lock_the_owner_out() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(2 * HOUR):
        clock.now += 1
        attempts.begin("anna", "198.51.100.1", False)
    assert attempts.begin("anna", "192.0.2.7", False) == 0


def test_attackers_everywhere_do_not_lock_the_owner_out_at_home() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for guess in range(2 * HOUR):
        clock.now += 1
        attempts.begin("anna", f"198.51.100.{guess % 250}", False)
    assert 0 < attempts.begin("anna", "192.0.2.7", False) <= 60
    assert attempts.begin("anna", "192.0.2.7", True) == 0


def test_waits_grow_and_a_success_resets_them() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    waits = []
    for _ in range(20):
        while seconds := attempts.begin("anna", "192.0.2.7", False):
            waits.append(seconds)
            clock.now += seconds
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900, 900]
    attempts.succeeded("anna", "192.0.2.7")
    for _ in range(5):
        assert attempts.begin("anna", "192.0.2.7", False) == 0


def test_an_account_of_the_attacker_gives_no_extra_guesses() -> None:
    clock = Clock()
    attempts, hashed = Attempts(clock), 0
    for guess in range(1000):
        clock.now += 1
        hashed += not attempts.begin(f"name-{guess}", "192.0.2.7", False)
        if not attempts.begin("mallory", "192.0.2.7", False):
            attempts.succeeded("mallory", "192.0.2.7")
    assert hashed < 35


def test_a_wrong_password_is_forgotten_after_half_a_day() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(5):
        attempts.begin("anna", "192.0.2.7", False)
    clock.now += 12 * HOUR + 1
    for _ in range(5):
        assert attempts.begin("anna", "192.0.2.7", False) == 0


def test_refused_guesses_cost_no_hash(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = []

    def matches(stored: str, password: str) -> bool:
        hashes.append(password)
        return password == PASSWORD

    monkeypatch.setattr(passwords, "_matches", matches)
    gateway.add_user("anna")
    answers = [gateway.sign_in("anna", f"guess number {guess}") for guess in range(40)]
    assert [answer.status_code for answer in answers] == [403] * 5 + [429] * 35
    assert len(hashes) == 5
    assert answers[-1].headers["retry-after"] == "1"
    # The right password must also wait, so the wait reveals nothing about it.
    assert gateway.sign_in("anna").status_code == 429
    gateway.clock.now += 1
    assert gateway.sign_in("anna").status_code == 303
    # Anna has signed in from this address before, so it is known.
    known = gateway.service.database.read(
        "SELECT actor, address FROM audit WHERE action = 'sign-in' AND result = 'ok'"
    )
    assert [tuple(row) for row in known] == [("user:anna", "192.0.2.7")]


def test_unknown_names_cost_a_hash_too(monkeypatch: pytest.MonkeyPatch) -> None:
    verified = []

    class Hasher:
        def verify(self, stored: str, password: str) -> bool:
            verified.append(stored)
            return True

    matching = Passwords()
    monkeypatch.setattr(passwords, "_hasher", Hasher())
    assert not asyncio.run(matching.match(None, PASSWORD))
    assert asyncio.run(matching.match(HASH, PASSWORD))
    nobody, anna = verified
    # The same algorithm with the same costs, of another password.
    assert nobody.rsplit("$", 2)[0] == anna.rsplit("$", 2)[0]
    assert nobody != anna


def test_hashes_are_argon2id_with_the_costs_of_the_rfc() -> None:
    # RFC 9106, 4, the second recommended option: 64 MiB, three passes, four lanes.
    assert PRODUCTION.hash(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_few_passwords_are_hashed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = 0, 0

    async def hashing(*_: object) -> bool:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        return True

    async def attempt_many() -> list[bool | BaseException]:
        matching = Passwords()
        attempts = (matching.match(HASH, PASSWORD) for _ in range(50))
        return await asyncio.gather(*attempts, return_exceptions=True)

    monkeypatch.setattr(to_thread, "run_sync", hashing)
    results = asyncio.run(attempt_many())
    assert most == 2
    assert results.count(True) == 10
    assert sum(isinstance(result, Busy) for result in results) == 40


def test_a_busy_service_answers_503_and_counts_no_attempt(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(*_: object) -> bool:
        raise Busy

    gateway.add_user("anna")
    with monkeypatch.context() as patch:
        patch.setattr(Passwords, "match", busy)
        for _ in range(10):
            answer = gateway.sign_in("anna")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert gateway.sign_in("anna").status_code == 303
