"""API keys. test_key_timing.py measures the time of their check."""

import hmac
import time

import pytest

from frontdoor.auth import api_keys
from frontdoor.auth.api_keys import TOKEN
from tests.auth.support import Gateway


def code_of(gateway: Gateway, token: str) -> str:
    answer = gateway.check(authorization=f"Bearer {token}")
    return "ok" if answer.status_code == 200 else answer.headers["x-ragdock-refusal"].split(";")[2]


def test_a_key_has_a_secret_of_256_bits_that_the_database_does_not_hold(gateway: Gateway) -> None:
    token = gateway.add_key("ci")
    found = TOKEN.fullmatch(token)
    assert found
    assert code_of(gateway, token) == "ok"
    row = gateway.service.database.read("SELECT * FROM keys")[0]
    assert row["id"] == found[1]
    assert found[2] not in tuple(row)


def test_the_scheme_is_read_without_case(gateway: Gateway) -> None:
    token = gateway.add_key("ci")
    assert gateway.check(authorization=f"bearer  {token} ").status_code == 200


def test_other_keys_are_unknown(gateway: Gateway) -> None:
    first, second = gateway.add_key("first"), gateway.add_key("second")
    key_id, secret = first.split("_")[1:]
    for token in (
        "",
        "rdk_",
        "rdk___",
        first[:-1],
        first + "0",
        first.upper(),
        f"rdk_{key_id}_{'0' * 64}",
        f"rdk_{key_id}_{second.split('_')[2]}",
        f"rdk_{'0' * 16}_{secret}",
        f"rdk_{key_id}_{api_keys._hash(secret)}",
        f"rdk_%_{secret}",
        "é" * 20,
    ):
        headers = {"Authorization": f"Bearer {token}".encode()}
        answer = gateway.client.get("/check", headers=headers)  # type: ignore[arg-type]
        assert answer.headers["x-ragdock-refusal"].split(";")[2] == "key_unknown", token


def test_revoked_and_expired_keys_are_refused_at_the_next_request(gateway: Gateway) -> None:
    keys, now = gateway.service.keys, time.time()
    ci, old = gateway.add_key("ci", expires=now + 60), gateway.add_key("old", expires=now - 1)
    assert code_of(gateway, ci) == "ok"
    assert code_of(gateway, old) == "key_expired"
    keys.revoke("ci", "test")
    assert code_of(gateway, ci) == "key_revoked"
    # Without the secret, a revoked key is like any other.
    assert code_of(gateway, ci[:-1] + ("0" if ci[-1] != "0" else "1")) == "key_unknown"
    again = gateway.add_key("ci", "editor")
    assert code_of(gateway, again) == "ok"
    assert code_of(gateway, ci) == "key_revoked"


def test_unknown_keys_take_the_same_way_as_known_ones(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[int, int]] = []

    def compare(left: str, right: str) -> bool:
        compared.append((len(left), len(right)))
        return hmac.compare_digest(left, right)

    class Module:
        compare_digest = staticmethod(compare)

    monkeypatch.setattr(api_keys, "hmac", Module)
    token = gateway.add_key("ci")
    for tried in (token, token[:-1] + "x", f"rdk_{'0' * 16}_{'0' * 64}", "x", ""):
        code_of(gateway, tried)
    assert compared == [(64, 64)] * 5


def test_the_last_use_is_written_once_a_minute(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    token, written, now = gateway.add_key("ci"), [], time.time()
    for second in range(0, 180, 10):
        monkeypatch.setattr(time, "time", lambda second=second: now + second)
        code_of(gateway, token)
        gateway.service.keys.flush()
        last = gateway.service.keys.all()[0].last_used
        assert last is not None
        written.append(round(last - now))
    assert sorted(set(written)) == [0, 60, 120]


def test_a_refused_key_is_not_used(gateway: Gateway) -> None:
    token = gateway.add_key("old", expires=time.time() - 1)
    code_of(gateway, token)
    gateway.service.keys.flush()
    assert gateway.service.keys.all()[0].last_used is None


def test_metrics_count_keys_and_denials(gateway: Gateway) -> None:
    gateway.add_key("soon", expires=time.time() + 86400)
    gateway.add_key("later", expires=time.time() + 86400 * 30)
    gateway.add_key("old", expires=time.time() - 1)
    gateway.add_key("gone")
    gateway.service.keys.revoke("gone", "test")
    gateway.check()
    lines = gateway.client.get("/metrics").text.splitlines()
    assert "frontdoor_keys 2.0" in lines
    assert "frontdoor_keys_expiring 1.0" in lines
    assert "frontdoor_users 0.0" in lines
    assert "frontdoor_sessions 0.0" in lines
    assert any(line.startswith('frontdoor_denials_total{reason="signed_out"}') for line in lines)
    assert any(line.startswith('frontdoor_checks_total{result="401"}') for line in lines)
    assert any(line.startswith("frontdoor_check_duration_seconds_count") for line in lines)
