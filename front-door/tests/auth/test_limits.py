"""Limits of requests. Does not prove that the gateway spreads requests evenly over replicas."""

import random

from frontdoor.auth.limits import REMEMBERED, Limit, Limits
from frontdoor.auth.service import STRANGER_REQUESTS
from tests.auth.support import Clock, Gateway


def test_limits_hold_and_waits_are_as_long_as_announced() -> None:
    clock, chance = Clock(), random.Random(7)
    limit, passed = Limit(10, clock), [0.0]
    for _ in range(5000):
        clock.now += chance.choice((0, 0.1, 1, 5, 30, 90))
        seconds = limit.wait("anna")
        if seconds:
            assert 0 < seconds <= 120
            if chance.random() < 0.5:
                clock.now += seconds
                assert limit.wait("anna") == 0
                limit.count("anna")
                passed.append(clock.now)
        else:
            limit.count("anna")
            passed.append(clock.now)
    # The requests of the previous window count as if they were spread evenly. So in two minutes
    # there are at most three times the limit plus one, in any distribution.
    for start in passed:
        assert sum(start <= moment < start + 120 for moment in passed) <= 31


def test_replicas_share_a_limit() -> None:
    for quota, replicas, share in ((60, 1, 60), (60, 2, 30), (61, 2, 31), (1, 3, 1)):
        limits = Limits({"requests": quota}, replicas, Clock())
        passed = 0
        while not limits.wait("requests", "anna"):
            passed += 1
        assert passed == share


def test_subjects_do_not_share_a_limit(gateway: Gateway) -> None:
    ci, other = gateway.add_key("ci"), gateway.add_key("other")
    for _ in range(60):
        gateway.check("/api/query", "POST", "api", authorization=f"Bearer {ci}")
    assert gateway.check("/api/query", "POST", "api", authorization=f"Bearer {ci}").status_code == 403
    assert gateway.check("/api/query", "POST", "api", authorization=f"Bearer {other}").status_code == 200
    # Questions are counted in addition to requests.
    assert gateway.check("/", authorization=f"Bearer {ci}").status_code == 200


def test_an_answer_says_how_many_requests_are_left(gateway: Gateway) -> None:
    authorization = f"Bearer {gateway.add_key('ci')}"
    answer = gateway.check("/api/query", "POST", "api", authorization=authorization)
    assert answer.headers["ratelimit-policy"] == '"requests";q=1200;w=60, "questions";q=60;w=60'
    assert answer.headers["ratelimit"] == '"requests";r=1199;t=60, "questions";r=59;t=60'


def test_requests_of_all_kinds_are_limited(gateway: Gateway) -> None:
    authorization = f"Bearer {gateway.add_key('ci')}"
    for _ in range(1200):
        # A denied request counts too.
        gateway.check("/monitoring/", service="grafana", authorization=authorization)
    answer = gateway.check("/", authorization=authorization)
    assert answer.headers["x-ragdock-refusal"].startswith("429;")
    assert answer.headers["x-ragdock-refusal"].endswith(";requests")


def test_requests_without_a_sign_in_are_limited_by_address(gateway: Gateway) -> None:
    def refusal(address: str) -> str:
        headers = {"authorization": "Bearer rdk_x", "x_real_ip": address}
        return gateway.check(**headers).headers["x-ragdock-refusal"][:3]

    for number in range(STRANGER_REQUESTS):
        assert refusal(f"2001:db8::{number:x}") == "401"
    # All addresses of a /64 belong to one subscriber.
    assert refusal("2001:db8::ffff") == "429"
    assert refusal("2001:db8:0:1::1") == "401"
    assert refusal("192.0.2.1") == "401"
    # People behind the same address can continue.
    key = gateway.add_key("ci")
    assert gateway.check(authorization=f"Bearer {key}", x_real_ip="2001:db8::1").status_code == 200


def test_the_memory_is_bounded() -> None:
    limit = Limit(10, Clock())
    for number in range(REMEMBERED * 2):
        limit.count(f"subject-{number}")
    assert len(limit._windows) == REMEMBERED
