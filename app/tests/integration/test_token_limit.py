"""The limit of tokens, with a real database and a small model provider."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from ragapp.api.app import make_app
from ragapp.ingest import Ingester
from ragapp.services import Services
from ragapp.token_budget import TokenBudget
from ragkit_testing.identities import as_person, require
from ragkit_testing.provider import Provider, provider
from tests.integration.uploads import BACKUP, upload

ANNA, ED = as_person("anna"), as_person("ed")
# The tokens that the provider reports for each answer.
TOKENS_OF_AN_ANSWER = 14


@pytest.fixture
def model(environment: pytest.MonkeyPatch) -> Iterator[Provider]:
    with provider() as server:
        environment.setenv("RAG_LLM_PROVIDER", "vllm")
        environment.setenv("RAG_LLM_MODEL", "m")
        environment.setenv("RAG_LLM_BASE_URL", server.url)
        yield server


@pytest.fixture
def limited(
    services: Services,
    client: TestClient,
    ingester: Ingester,
    environment: pytest.MonkeyPatch,
    make: Callable[[], Services],
    model: Provider,
    tmp_path: Path,
) -> Iterator[Callable[[int], TestClient]]:
    """Return an application with a limit, one document and a sign-in. Each call starts another one."""
    with Session(services.engine) as session, session.begin():
        session.execute(text("TRUNCATE token_use"))
    ingester.ingest(uuid.UUID(upload(client, "backup.html", BACKUP)))
    require(environment, tmp_path)

    def start(per_day: int) -> TestClient:
        environment.setenv("RAG_TOKENS_PER_DAY", str(per_day))
        return TestClient(make_app(make()), raise_server_exceptions=False)

    yield start


def ask(client: TestClient, person: dict[str, str], stream: bool = False) -> tuple[int, str, str]:
    """Ask a question. Return the status, the field RateLimit without its time, and the body."""
    headers = {**person, **({"Accept": "text/event-stream"} if stream else {})}
    answer = client.post("/api/query", json={"question": "When is the backup?"}, headers=headers)
    return answer.status_code, answer.headers.get("RateLimit", "").rpartition(";")[0], answer.text


def test_a_spent_budget_is_refused_before_the_model_is_called(
    limited: Callable[[int], TestClient], model: Provider
) -> None:
    client = limited(2 * TOKENS_OF_AN_ANSWER)
    assert ask(client, ANNA)[:2] == (200, '"tokens";r=28')
    assert ask(client, ANNA, stream=True)[:2] == (200, '"tokens";r=14')
    before = len(model.requests)
    answer = client.post("/api/query", json={"question": "When?"}, headers=ANNA)
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "you have used your 28 tokens of the language model for today (UTC)"
    assert 0 < int(answer.headers["retry-after"]) <= 86_400
    assert answer.headers["ratelimit-policy"] == '"tokens";q=28;w=86400'
    assert len(model.requests) == before
    assert ask(client, ED)[0] == 200


def test_an_answer_that_has_begun_is_not_cut(limited: Callable[[int], TestClient]) -> None:
    client = limited(1)
    status, _, events = ask(client, ANNA, stream=True)
    assert status == 200
    assert "event: done" in events
    assert ask(client, ANNA)[0] == 429


def test_restarts_and_replicas_share_the_counts(limited: Callable[[int], TestClient]) -> None:
    assert ask(limited(1), ANNA)[0] == 200
    assert ask(limited(1), ANNA)[0] == 429
    # A higher limit applies at once.
    assert ask(limited(100), ANNA)[:2] == (200, '"tokens";r=86')


def test_a_day_ends_at_midnight(services: Services) -> None:
    now = datetime(2026, 11, 26, 23, 59, 30, tzinfo=UTC)
    budget = TokenBudget(services.engine, 10, lambda: now)
    subject = f"user:{uuid.uuid4()}"
    budget.spend(subject, 4)
    budget.spend(subject, 5)
    assert (budget.left(subject).tokens, budget.left(subject).seconds) == (1, 31)
    budget.spend(subject, 5)
    assert budget.left(subject).tokens == 0
    now += timedelta(minutes=1)
    assert budget.left(subject).tokens == 10
    budget.spend(subject, 3)
    assert budget.left(subject).tokens == 7


def test_without_a_limit_nothing_is_counted(
    limited: Callable[[int], TestClient],
    environment: pytest.MonkeyPatch,
    make: Callable[[], Services],
    services: Services,
) -> None:
    environment.delenv("RAG_TOKENS_PER_DAY", raising=False)
    client = TestClient(make_app(make()))
    assert ask(client, ANNA)[:2] == (200, "")
    with Session(services.engine) as session:
        assert session.scalar(text("SELECT count(*) FROM token_use")) == 0
