"""Who may send which request, and what applications learn about them.

Does not prove that the gateway asks before each request, nor that it removes forged headers.
tests/images/sign-in.test.ts proves that.
"""

import time
from pathlib import Path

import jwt
import pytest

from frontdoor.auth.identity import Identity
from frontdoor.auth.provider_people import person_of
from frontdoor.auth.roles import Role
from tests.auth.support import IDENTITY_KEY, Gateway, gateway_of, settings


def token_of(gateway: Gateway, **headers: str) -> dict[str, object]:
    token = gateway.check(**headers).headers["x-ragdock-identity"]
    return jwt.decode(token, IDENTITY_KEY, ["HS256"], audience="ragdock-test", issuer="ragdock")


def test_a_person_without_a_session_is_asked_to_sign_in(gateway: Gateway) -> None:
    answer = gateway.check()
    assert answer.status_code == 401
    assert answer.headers["x-ragdock-refusal"] == "401;0;signed_out"
    assert "x-ragdock-identity" not in answer.headers


def test_a_person_is_described_to_the_application(gateway: Gateway) -> None:
    gateway.add_user("anna", "editor")
    gateway.sign_in("anna")
    answer = gateway.check()
    assert answer.status_code == 200
    assert answer.headers["x-forwarded-user"] == "anna"
    assert answer.headers["x-forwarded-email"] == "anna@example.org"
    assert answer.headers["x-forwarded-groups"] == ""
    assert answer.headers["x-ragdock-role"] == "editor"
    claims = token_of(gateway)
    issued = claims.pop("iat")
    assert isinstance(issued, int)
    assert abs(issued - time.time()) < 5
    assert claims == {
        "iss": "ragdock",
        "aud": "ragdock-test",
        "sub": "user:anna",
        "name": "anna",
        "email": "anna@example.org",
        "role": "editor",
        "exp": issued + 600,
    }


def test_a_program_is_described_to_the_application(gateway: Gateway) -> None:
    authorization = f"Bearer {gateway.add_key('anna')}"
    answer = gateway.check(authorization=authorization)
    # A key cannot have the login of a person.
    assert answer.headers["x-forwarded-user"] == "key:anna"
    assert token_of(gateway, authorization=authorization)["sub"] == "key:anna"


@pytest.mark.parametrize(
    ("method", "uri", "service", "needed"),
    [
        ("GET", "/", "ui", "reader"),
        ("HEAD", "/docs", "api", "reader"),
        ("OPTIONS", "/api/documents", "api", "reader"),
        ("POST", "/api/query", "api", "reader"),
        ("POST", "/api/query?k=3", "api", "reader"),
        ("POST", "/api/query", "ui", "editor"),
        ("POST", "/api/query/", "api", "editor"),
        ("POST", "/api/documents", "api", "editor"),
        ("DELETE", "/api/documents/7", "api", "editor"),
        ("PATCH", "/", "ui", "editor"),
        ("QUERY", "/", "ui", "editor"),
        ("", "/", "ui", "editor"),
        ("GET", "/monitoring/", "grafana", "admin"),
        ("GET", "/monitoring", "grafana", "admin"),
        ("POST", "/monitoring/api/ds/query", "grafana", "admin"),
        ("GET", "/api/secret", "api", "admin"),
        ("HEAD", "/api/secret", "api", "admin"),
    ],
)
def test_each_request_needs_a_role(
    gateway: Gateway, method: str, uri: str, service: str, needed: Role
) -> None:
    roles: list[Role] = ["reader", "editor", "admin"]
    for role in roles:
        key = gateway.add_key(f"{role}-key", role)
        answer = gateway.check(uri, method, service, authorization=f"Bearer {key}")
        allowed = roles.index(role) >= roles.index(needed)
        assert answer.status_code == (200 if allowed else 403), role
        if not allowed:
            assert answer.headers["x-ragdock-refusal"] == "403;0;role"
            assert answer.headers["x-ragdock-role"] == role
            assert "x-ragdock-identity" not in answer.headers


@pytest.mark.parametrize(
    "uri",
    [
        "/monitoring/",
        "//monitoring/",
        "/%6Donitoring/",
        "/monitoring%2F",
        "/monitoring%2fd/1",
        "/x/../monitoring/",
        "/x/%2e%2e/monitoring/",
        "/x/..%2fmonitoring/",
        "/./monitoring/d/1",
        "/monitoring/./d/1",
        "/monitoring//d/1",
        "/monitoring/x/..",
        "/../monitoring/",
        "/monitoring/../x",
        "/monitoring?x",
    ],
)
def test_other_spellings_of_a_path_need_the_same_role(gateway: Gateway, uri: str) -> None:
    reader, admin = gateway.add_key("r"), gateway.add_key("a", "admin")
    for service in ("grafana", ""):
        assert gateway.check(uri, service=service, authorization=f"Bearer {reader}").status_code == 403
        assert gateway.check(uri, service=service, authorization=f"Bearer {admin}").status_code == 200


def test_paths_are_read_as_utf_8(tmp_path: Path) -> None:
    access = [{"path": "/größe", "role": "admin"}]
    gateway = gateway_of(tmp_path / "auth.sqlite3", settings(access=access))
    authorization = f"Bearer {gateway.add_key('r')}"
    for uri in (b"/gr\xc3\xb6\xc3\x9fe", b"/gr%C3%B6%c3%9fe"):
        headers = {
            b"X-Original-Method": b"GET",
            b"X-Original-URI": uri,
            b"Authorization": authorization.encode(),
        }
        assert gateway.client.get("/check", headers=headers).status_code == 403


@pytest.mark.parametrize("uri", ["", "monitoring/", "http://x/", "/a%00", "/a%0d%0ab", "/a#b", "/a%7f", "*"])
def test_an_ambiguous_path_is_refused(gateway: Gateway, uri: str) -> None:
    answer = gateway.check(uri, authorization=f"Bearer {gateway.add_key('a', 'admin')}")
    assert (answer.status_code, answer.headers["x-ragdock-refusal"]) == (403, "403;0;path")


def test_a_forged_upgrade_makes_no_reader_an_editor(gateway: Gateway) -> None:
    headers = {"authorization": f"Bearer {gateway.add_key('r')}", "x_original_upgrade": "websocket"}
    assert gateway.check("/ws", "GET", **headers).status_code == 200
    assert gateway.check("/api/documents", "POST", **headers).status_code == 403


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("", "other_scheme"),
        ("Basic YW5uYTp4", "other_scheme"),
        ("Bearer", "key_unknown"),
        ("Bearer x", "key_unknown"),
        ("rdk_1_2", "other_scheme"),
    ],
)
def test_a_request_with_an_authorization_header_ignores_the_session(
    gateway: Gateway, authorization: str, code: str
) -> None:
    gateway.add_user("anna", "admin")
    gateway.sign_in("anna")
    assert gateway.check().status_code == 200
    answer = gateway.check(authorization=authorization)
    assert (answer.status_code, answer.headers["x-ragdock-refusal"]) == (401, f"401;0;{code}")


HOSTILE = 'a\r\nX-Ragdock-Role: admin\x00\x7f "ü" 日本 %41,b\ud800'


def test_names_cannot_inject_headers() -> None:
    person = Identity("oidc:1", HOSTILE, HOSTILE, HOSTILE, (HOSTILE, "ops"), "reader", None)
    headers = person.headers("ragdock-test", IDENTITY_KEY)
    for value in headers.values():
        assert value.isascii()
        assert value.isprintable()
    assert len(headers["X-Forwarded-Groups"].split(",")) == 2
    assert headers["X-Forwarded-Groups"].endswith(",ops")


def test_many_groups_stay_within_a_header() -> None:
    groups = tuple(f"group-{number}" for number in range(1000))
    person = Identity("oidc:1", "anna", "", "", groups, "reader", None)
    listed = person.headers("ragdock-test", IDENTITY_KEY)["X-Forwarded-Groups"]
    # None of the groups is cut: `group-1` is not `group-10`.
    assert tuple(listed.split(",")) == groups[: listed.count(",") + 1]
    assert 700 < len(listed) <= 768


def test_the_longest_identity_fits_into_the_buffer_of_nginx() -> None:
    claims = {
        "sub": "x" * 255,
        "email": f"{'e' * 64}@{'d' * 190}",
        "name": "日" * 500,
        "groups": ["g" * 60] * 1000,
    }
    person = person_of("https://id.example.org", claims).identity("reader", 0)
    headers = person.headers("ragdock-test", IDENTITY_KEY)
    assert sum(len(f"{name}: {value}\r\n") for name, value in headers.items()) < 3500


def test_a_broken_database_lets_no_one_in(gateway: Gateway) -> None:
    authorization = f"Bearer {gateway.add_key('a', 'admin')}"
    with gateway.service.database.write() as connection:
        connection.execute("ALTER TABLE keys RENAME TO lost")
    gateway.client._transport.raise_server_exceptions = False  # type: ignore[attr-defined]
    answer = gateway.check(authorization=authorization)
    assert answer.status_code == 500
    assert "x-ragdock-identity" not in answer.headers
