"""The HTTP contract, with real stores. Does not test the gateway."""

import json
import uuid
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from ragapp import migrate
from ragapp.api.app import make_app
from ragapp.ingest import Ingester
from ragapp.services import Services
from ragkit_testing.files import pdf
from ragkit_testing.provider import provider
from tests.integration.uploads import BACKUP, CAT, upload


def test_a_document_is_uploaded_answers_and_is_deleted(client: TestClient, ingester: Ingester) -> None:
    ids = [
        upload(client, "cat.md", CAT),
        upload(client, "backup.html", BACKUP),
        upload(client, "a.pdf", pdf("Tea")),
    ]
    assert client.get(f"/api/documents/{ids[0]}").json()["state"] == "queued"
    for document_id in ids:
        ingester.ingest(uuid.UUID(document_id))
    page = client.get("/api/documents").json()
    assert [(row["name"], row["state"], row["chunks"]) for row in page["documents"]] == [
        ("a.pdf", "ready", 1),
        ("backup.html", "ready", 1),
        ("cat.md", "ready", 1),
    ]

    answer = client.post("/api/query", json={"question": "What is the cat's name?", "k": 2}).json()
    assert answer["sources"][0]["document"] == "cat.md"
    assert 0.3 < answer["sources"][0]["score"] <= 1
    assert "Minka" in answer["answer"]
    assert set(answer["timings"]) == {"embed_ms", "retrieve_ms", "generate_ms"}

    assert client.delete(f"/api/documents/{ids[0]}").status_code == 204
    assert client.delete(f"/api/documents/{ids[0]}").status_code == 404
    answer = client.post("/api/query", json={"question": "What is the cat's name?"}).json()
    assert "cat.md" not in [source["document"] for source in answer["sources"]]


def test_the_same_bytes_are_one_document(client: TestClient, ingester: Ingester) -> None:
    first = upload(client, "a.md", CAT)
    again = client.post("/api/documents", files={"file": ("b.md", CAT)})
    assert (again.status_code, again.json()["id"], again.json()["duplicate"]) == (200, first, True)


def test_a_second_upload_queues_a_failed_document_again(client: TestClient, ingester: Ingester) -> None:
    document_id = upload(client, "a.pdf", b"%PDF-1.7 nothing of the kind")
    ingester.ingest(uuid.UUID(document_id))
    view = client.get(f"/api/documents/{document_id}").json()
    assert view["state"] == "failed"
    assert "damaged" in view["reason"]
    assert upload(client, "a.pdf", b"%PDF-1.7 nothing of the kind") == document_id
    assert client.get(f"/api/documents/{document_id}").json()["state"] == "queued"


def test_an_answer_is_streamed_as_events(client: TestClient, ingester: Ingester) -> None:
    ingester.ingest(uuid.UUID(upload(client, "cat.md", CAT)))
    answer = client.post("/api/query", json={"question": "cat?"}, headers={"Accept": "text/event-stream"})
    events = [event.split("\n") for event in answer.text.strip().split("\n\n")]
    names = [lines[0].removeprefix("event: ") for lines in events]
    assert (names[0], set(names[1:-1]), names[-1]) == ("sources", {"token"}, "done")
    assert json.loads(events[0][1].removeprefix("data: "))["sources"][0]["document"] == "cat.md"


def test_an_event_has_no_character_that_ends_a_line(client: TestClient, ingester: Ingester) -> None:
    passage = "The cat\u2028is\u2029called\x85Minka."
    ingester.ingest(uuid.UUID(upload(client, "cat.txt", passage.encode())))
    answer = client.post("/api/query", json={"question": "cat?"}, headers={"Accept": "text/event-stream"})
    assert answer.text.split("\n") == [*answer.text.splitlines(), ""]
    data = answer.text.split("\n")[1].removeprefix("data: ")
    assert json.loads(data)["sources"][0]["text"] == passage


def test_without_documents_the_answer_says_so(client: TestClient) -> None:
    answer = client.post("/api/query", json={"question": "anything?"}).json()
    assert answer["sources"] == []
    assert "no passage" in answer["answer"]


@pytest.mark.parametrize(
    ("name", "content", "status", "words"),
    [
        ("a.exe", b"MZ", 415, "accepted are Markdown"),
        ("a.txt", b"", 422, "empty"),
        ("a.txt", b"a\x00b", 422, "NUL"),
        ("a.txt", b"\xff\xfd", 422, "not UTF-8"),
        ("a.txt", b"\xff\xfe", 422, "empty"),
        ("a.txt", b"x" * (1024 * 1024 + 1), 413, "RAG_MAX_UPLOAD_MB, which is 1"),
        ("a.txt", b"x" * (2 * 1024 * 1024), 413, "RAG_MAX_UPLOAD_MB, which is 1"),
    ],
)
def test_a_wrong_upload_is_refused(
    client: TestClient, name: str, content: bytes, status: int, words: str
) -> None:
    answer = client.post("/api/documents", files={"file": (name, content)})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert words in answer.json()["detail"]
    assert answer.json()["status"] == status


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"question": ""}', "question:"),
        ('{"question": "  "}', "the question is empty"),
        ('{"question": "a\\u0000b"}', "NUL"),
        ('{"question": "\\ud800"}', "unicode"),
        ('{"question": "q", "k": 0}', "k: Input should be greater"),
        ('{"question": "q", "k": 51}', "k: Input should be less"),
        ('{"question": "q", "k": 1e400}', "k:"),
        ("{", "not JSON"),
        ("[]", "body:"),
    ],
)
def test_a_wrong_question_is_refused(client: TestClient, body: str, words: str) -> None:
    answer = client.post("/api/query", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/documents/nope", 422),
        ("GET", f"/api/documents/{uuid.uuid4()}", 404),
        ("GET", "/api/documents?offset=99999999999999999999", 422),
        ("PUT", "/api/documents", 405),
        ("GET", "/api/none", 404),
    ],
)
def test_a_wrong_request_is_refused(client: TestClient, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)


def test_ready_names_the_dependencies_that_are_down(
    environment: pytest.MonkeyPatch, make: Callable[[], Services]
) -> None:
    environment.setenv("RAG_REDIS_PORT", "9")
    environment.setenv("RAG_DATABASE_PORT", "9")
    with TestClient(make_app(make()), raise_server_exceptions=False) as client:
        assert client.get("/api/health").status_code == 200
        answer = client.get("/api/ready")
        assert answer.status_code == 503
        down = [item["name"] for item in answer.json()["dependencies"] if not item["ok"]]
        assert down[:2] == ["database", "redis"]
        for request in (client.get("/api/documents"), client.post("/api/query", json={"question": "q"})):
            assert (request.status_code, request.headers["retry-after"]) == (503, "5")
            assert request.json()["detail"].startswith("database: ")


def test_without_redis_questions_and_uploads_still_work(
    services: Services, environment: pytest.MonkeyPatch, make: Callable[[], Services]
) -> None:
    environment.setenv("RAG_REDIS_PORT", "9")
    without = make()
    with TestClient(make_app(without), raise_server_exceptions=False) as client:
        Ingester(without).ingest(uuid.UUID(upload(client, "cat.md", CAT)))
        assert client.post("/api/query", json={"question": "cat?"}).json()["sources"]


def test_vectors_of_another_model_are_refused(
    client: TestClient,
    ingester: Ingester,
    environment: pytest.MonkeyPatch,
    make: Callable[[], Services],
) -> None:
    ingester.ingest(uuid.UUID(upload(client, "cat.md", CAT)))
    environment.setenv("RAG_EMBEDDING_PROVIDER", "ollama")
    environment.setenv("RAG_EMBEDDING_BASE_URL", "http://127.0.0.1:9")
    assert migrate.migrate() == 1
    with TestClient(make_app(make()), raise_server_exceptions=False) as other:
        answer = other.post("/api/query", json={"question": "cat?"})
        assert answer.status_code == 409
        assert "all-MiniLM-L6-v2 (384" in answer.json()["detail"]
        assert "nomic-embed-text (768" in other.get("/api/ready").json()["detail"]
    environment.setenv("RAG_EMBEDDING_CHANGE", "reindex")
    assert migrate.migrate() == 0
    assert client.get("/api/documents").json()["documents"][0]["state"] == "queued"


def test_a_rollback_keeps_the_schema_of_the_newer_version(client: TestClient, services: Services) -> None:
    with services.engine.begin() as connection:
        revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        assert migrate.migrate() == 0
        assert client.get("/api/ready").status_code == 200
        with services.engine.begin() as connection:
            assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
    finally:
        with services.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :id"), {"id": revision})


def test_a_chat_model_answers_from_the_passages(
    client: TestClient,
    ingester: Ingester,
    environment: pytest.MonkeyPatch,
    make: Callable[[], Services],
) -> None:
    ingester.ingest(uuid.UUID(upload(client, "backup.html", BACKUP)))
    with provider() as server:
        environment.setenv("RAG_LLM_PROVIDER", "vllm")
        environment.setenv("RAG_LLM_MODEL", "m")
        environment.setenv("RAG_LLM_BASE_URL", server.url)
        with TestClient(make_app(make()), raise_server_exceptions=False) as other:
            answer = other.post("/api/query", json={"question": "When is the backup?"}).json()
            assert answer["answer"] == "It is two o'clock [1]."
            prompt = server.requests[0]["messages"][1]["content"]
            assert "[1] (backup.html)\nThe database is backed up" in prompt

            server.break_off = True
            stream = {"Accept": "text/event-stream"}
            events = other.post("/api/query", json={"question": "When?"}, headers=stream).text
            assert [line for line in events.split("\n") if line.startswith("event")][-1] == "event: error"
            assert "was interrupted" in events

            server.failures = [(401, {}, 0)]
            assert other.post("/api/query", json={"question": "When?"}).status_code == 502


def test_a_missing_schema_is_reported(services: Services, client: TestClient) -> None:
    with services.engine.begin() as connection:
        connection.execute(text("ALTER TABLE documents RENAME TO hidden"))
    try:
        answer = client.get("/api/documents")
        assert answer.status_code == 503
        assert "the schema is missing; run the migrations" in answer.json()["detail"]
    finally:
        with services.engine.begin() as connection:
            connection.execute(text("ALTER TABLE hidden RENAME TO documents"))
