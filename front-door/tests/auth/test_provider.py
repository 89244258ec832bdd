"""Signing in at a correct provider, and at a faulty one.

The provider is a real one over HTTP, but a small one. The tests do not prove that the service works
with each product.
"""

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.auth.issuer import Issuer, running
from tests.auth.support import Gateway, at_provider, sign_in


def test_a_person_signs_in(provided: Gateway, issuer: Issuer) -> None:
    answer = sign_in(provided)
    assert (answer.status_code, answer.headers["location"]) == (303, "/docs")
    checked = provided.check()
    assert checked.status_code == 200
    assert checked.headers["x-forwarded-user"] == "anna@example.org"
    assert checked.headers["x-forwarded-groups"] == "ops,staff"
    assert checked.headers["x-ragdock-role"] == "admin"
    me = provided.client.get("/.ragdock/me").json()
    assert (me["name"], me["email"], me["role"]) == ("Anna Ümlaut", "anna@example.org", "admin")
    assert [tuple(row)[2:6] for row in provided.audited()] == [("oidc:1001", "sign-in", "", "ok")]


def test_the_request_to_the_provider_has_its_protections(provided: Gateway, issuer: Issuer) -> None:
    location = provided.client.get("/.ragdock/sign-in?next=/docs").headers["location"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    assert location.startswith(f"{issuer.url}/authorize?")
    assert query["code_challenge_method"] == "S256"
    assert len(query["code_challenge"]) == 43
    assert len(query["nonce"]) == 43
    assert query["redirect_uri"] == "http://testserver/.ragdock/callback"
    assert query["scope"] == "openid email profile"
    other = provided.client.get("/.ragdock/sign-in?next=/docs").headers["location"]
    again = {name: values[0] for name, values in parse_qs(urlsplit(other).query).items()}
    for name in ("state", "nonce", "code_challenge"):
        assert query[name] != again[name]


def test_a_sign_in_ends_at_the_host_where_it_began(provided: Gateway) -> None:
    other = "http://api.example.org"
    begun = provided.client.get(f"{other}/.ragdock/sign-in?next=/api/docs")
    callback = httpx2.get(begun.headers["location"]).headers["location"]
    assert callback.startswith(f"{other}/.ragdock/callback?")
    # The cookie of one host is not sent to another one, so the sign-in ends in its own browser only.
    assert provided.client.get(callback.replace(other, "http://testserver")).status_code == 400
    answer = provided.client.get(callback)
    assert (answer.status_code, answer.headers["location"]) == (303, "/api/docs")
    assert provided.client.get(f"{other}/.ragdock/me").status_code == 200
    assert provided.client.get("/.ragdock/me").status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"signs_with_foreign_key": True},
        {"algorithm": "none"},
        {"algorithm": "none", "named_algorithms": ["none", "RS256"]},
        {"algorithm": "HS256"},
        {"algorithm": "HS256", "named_algorithms": ["HS256", "RS256"]},
        {"algorithm": "HS256", "named_algorithms": ["HS256"]},
        {"claims": {"aud": "another-client"}},
        {"claims": {"aud": []}},
        {"claims": {"aud": None}},
        {"claims": {"aud": ["ragdock", "another-client"], "azp": "another-client"}},
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {"iss": None}},
        {"claims": {"exp": int(time.time()) - 120}},
        {"claims": {"exp": None}},
        {"claims": {"exp": "never"}},
        {"claims": {"nbf": int(time.time()) + 3600}},
        {"claims": {"iat": int(time.time()) + 3600}},
        {"claims": {"nonce": "x"}},
        {"claims": {"nonce": None}},
        {"claims": {"sub": None}},
        {"claims": {"sub": ""}},
        {"claims": {"sub": 1001}},
        {"claims": {"sub": "x" * 256}},
        {"claims": {"sub": "a\nb"}},
        {"hidden_claims": ("groups",), "userinfo": {"sub": "1"}},
    ],
)
def test_a_token_that_is_wrong_signs_no_one_in(
    provided: Gateway, issuer: Issuer, wrong: dict[str, Any]
) -> None:
    for name, value in wrong.items():
        setattr(issuer.wrong, name, value)
    answer = sign_in(provided)
    assert answer.status_code == 403
    assert "The answer of the provider is not valid." in answer.text
    assert provided.check().status_code == 401


def test_a_small_difference_of_clocks_is_accepted(provided: Gateway, issuer: Issuer) -> None:
    issuer.wrong.claims = {"iat": int(time.time()) + 10, "exp": int(time.time()) - 10}
    assert sign_in(provided).status_code == 303


def test_an_answer_works_once(provided: Gateway) -> None:
    back = at_provider(provided)
    assert provided.client.get(back).status_code == 303
    provided.client.cookies.delete("ragdock")
    answer = provided.client.get(back)
    assert answer.status_code == 400
    assert "was already used" in answer.text
    assert provided.check().status_code == 401


def test_an_answer_works_in_its_browser_only(provided: Gateway) -> None:
    back = at_provider(provided)
    provided.client.cookies.clear()
    assert provided.client.get(back).status_code == 400
    provided.client.get("/.ragdock/sign-in")
    assert provided.client.get(back).status_code == 400


@pytest.mark.parametrize("change", ["", "x", "a.b.c"])
def test_a_forged_state_is_refused(provided: Gateway, issuer: Issuer, change: str) -> None:
    back = at_provider(provided)
    code = parse_qs(urlsplit(back).query)["code"][0]
    answer = provided.client.get("/.ragdock/callback", params={"code": code, "state": change})
    assert answer.status_code == 400
    assert not any("/token" in request for request in issuer.requests)


def test_two_tabs_can_sign_in_at_the_same_time(provided: Gateway) -> None:
    first, second = at_provider(provided, "/one"), at_provider(provided, "/two")
    assert provided.client.get(second).headers["location"] == "/two"
    assert provided.client.get(first).headers["location"] == "/one"


def test_a_person_who_cancels_can_try_again(provided: Gateway) -> None:
    back = at_provider(provided)
    state = parse_qs(urlsplit(back).query)["state"][0]
    answer = provided.client.get("/.ragdock/callback", params={"error": "<script>", "state": state})
    assert answer.status_code == 403
    assert "Sign in again" in answer.text
    assert "<script>" not in answer.text


def test_a_person_whom_the_settings_do_not_allow_is_told_why(provided: Gateway, issuer: Issuer) -> None:
    issuer.users[0].update(email="mallory@evil.example", name="<b>Mallory</b>")
    answer = sign_in(provided)
    assert answer.status_code == 403
    assert "&lt;b&gt;Mallory&lt;/b&gt; (mallory@evil.example)" in answer.text
    assert 'href="/.ragdock/sign-in?other=1"' in answer.text
    assert 'action="/.ragdock/sign-out"' in answer.text
    assert provided.check().status_code == 401
    other = provided.client.get("/.ragdock/sign-in?other=1").headers["location"]
    assert parse_qs(urlsplit(other).query)["prompt"] == ["select_account"]


def test_an_unverified_address_does_not_count(provided: Gateway, issuer: Issuer) -> None:
    issuer.users[0]["email_verified"] = False
    answer = sign_in(provided)
    assert answer.status_code == 403
    assert "no verified email address of yours" in answer.text


def test_claims_may_come_from_userinfo(provided: Gateway, issuer: Issuer) -> None:
    issuer.wrong.hidden_claims = ("email", "email_verified", "groups", "name")
    assert sign_in(provided).status_code == 303
    assert provided.check().headers["x-ragdock-role"] == "admin"


def test_a_new_key_of_the_provider_is_looked_up(provided: Gateway, issuer: Issuer) -> None:
    assert sign_in(provided).status_code == 303
    issuer.rotate()
    provided.client.cookies.delete("ragdock")
    assert sign_in(provided).status_code == 303


def test_the_provider_is_looked_up_once(provided: Gateway, issuer: Issuer) -> None:
    for _ in range(3):
        sign_in(provided)
        provided.client.cookies.delete("ragdock")
    assert sum("openid-configuration" in request for request in issuer.requests) == 1


def test_a_provider_that_is_down_is_named(provided: Gateway, issuer: Issuer) -> None:
    issuer.wrong.is_down = True
    answer = provided.client.get("/.ragdock/sign-in")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert issuer.url in answer.text
    issuer.wrong.is_down = False
    back = at_provider(provided)
    issuer.wrong.is_down = True
    assert provided.client.get(back).status_code == 503
    issuer.wrong.is_down = False
    assert sign_in(provided).status_code == 303
    issuer.wrong.is_down = True
    # Sessions do not need the provider.
    assert provided.check().status_code == 200
    assert "You are signed out" in provided.sign_out().text


def test_another_issuer_at_the_address_is_refused(provided: Gateway, issuer: Issuer) -> None:
    issuer.wrong.metadata = {"issuer": "https://evil.example"}
    assert provided.client.get("/.ragdock/sign-in").status_code == 503


def test_a_redirect_of_the_provider_is_not_followed(provided: Gateway, issuer: Issuer) -> None:
    # The provider must not choose which address of the stack's networks gets a request.
    with running([], client_id="other") as other:
        issuer.wrong.redirects_to = other.url
        assert provided.client.get("/.ragdock/sign-in").status_code == 503
        assert other.requests == []
