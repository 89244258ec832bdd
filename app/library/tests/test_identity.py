"""Attacks an application with identities. It does not prove that the gateway adds them. The tests
of the ingress prove that.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from ragkit.api import identity, problems
from ragkit_testing.identities import KEY, STACK, require, token


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    require(monkeypatch, tmp_path)
    with TestClient(make_app()) as made:
        yield made


def make_app() -> FastAPI:
    app = FastAPI()
    problems.install(app)
    identity.install(app)

    @app.get("/health")
    @app.get("/who")
    def who(request: Request) -> dict[str, str]:
        found = identity.identity_of(request)
        return {"subject": found.subject if found else ""}

    return app


def sent(client: TestClient, header: str) -> int:
    return client.get("/who", headers={"X-Ragdock-Identity": header}).status_code


def test_a_token_of_the_gateway_names_the_sender(client: TestClient) -> None:
    answer = client.get("/who", headers={"X-Ragdock-Identity": token()})
    assert (answer.status_code, answer.json()) == (200, {"subject": "user:anna"})


def test_a_request_without_a_token_is_refused(client: TestClient) -> None:
    answer = client.get("/who", headers={"X-Forwarded-User": "anna", "X-Ragdock-Role": "admin"})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "forged",
    [
        token(key="x" * 32),
        token(key="", algorithm="none"),
        token(aud="ragdock-other"),
        token(iss="other"),
        token(exp=int(time.time()) - 60),
        token(iat=int(time.time()) + 600),
        token(role="root"),
        token() + "x",
        token().rpartition(".")[0] + ".",
        "Bearer " + token(),
        "{}",
        "a.b.c",
    ],
)
def test_a_forged_expired_or_foreign_token_is_refused(client: TestClient, forged: str) -> None:
    assert sent(client, forged) == 401


def test_a_token_without_one_of_its_claims_is_refused(client: TestClient) -> None:
    whole = jwt.decode(token(), KEY, algorithms=["HS256"], audience=STACK)
    for claim in whole:
        rest = {name: value for name, value in whole.items() if name != claim}
        assert sent(client, jwt.encode(rest, KEY, algorithm="HS256")) == 401, claim


def test_only_health_checks_need_no_token(client: TestClient) -> None:
    assert client.get("/health").status_code == 200
    for path in ("/health/", "//health", "/api/documents/health", "/health/../who", "/HEALTH"):
        assert client.get(path).status_code == 401, path
    assert client.post("/health").status_code == 401


def test_without_a_sign_in_nothing_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDENTITY_KEY_FILE", raising=False)
    with TestClient(make_app()) as client:
        assert client.get("/who", headers={"X-Ragdock-Identity": token()}).json() == {"subject": ""}
