"""The same bytes under another name, which may mean another type."""

import uuid
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ragapp.ingest import Ingester
from tests.integration.uploads import BACKUP, CAT, upload


def test_the_same_bytes_get_the_new_name(client: TestClient, ingester: Ingester) -> None:
    ingester.ingest(uuid.UUID(document_id := upload(client, "a.md", CAT)))
    assert client.post("/api/documents", files={"file": ("cat.md", CAT)}).status_code == 200
    view = client.get(f"/api/documents/{document_id}").json()
    assert (view["name"], view["state"], view["chunks"]) == ("cat.md", "ready", 1)
    answer = client.post("/api/query", json={"question": "What is the cat's name?"}).json()
    assert [source["document"] for source in answer["sources"]] == ["cat.md"]


@pytest.mark.parametrize("ingested", [True, False])
@pytest.mark.parametrize("wrong_name", ["notpdf.pdf", "page.txt"])
def test_a_corrected_name_has_the_new_type(
    client: TestClient, ingester: Ingester, wrong_name: str, ingested: bool
) -> None:
    document_id = upload(client, wrong_name, BACKUP)
    if ingested:
        ingester.ingest(uuid.UUID(document_id))
    assert upload(client, "page.html", BACKUP) == document_id
    ingester.ingest(uuid.UUID(document_id))
    view = client.get(f"/api/documents/{document_id}").json()
    assert (view["name"], view["media_type"], view["state"]) == ("page.html", "text/html", "ready")
    assert (view["reason"], view["chunks"]) == (None, 1)
    answer = client.post("/api/query", json={"question": "When is the backup?"}).json()
    assert [source["text"] for source in answer["sources"]] == ["The database is backed up at two o'clock."]


def test_a_name_corrected_during_the_ingestion_wins(
    client: TestClient, ingester: Ingester, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id = upload(client, "page.txt", BACKUP)
    prepare = ingester._prepare

    def correct_meanwhile(*arguments: Any) -> Any:
        monkeypatch.undo()
        upload(client, "page.html", BACKUP)
        return prepare(*arguments)

    monkeypatch.setattr(ingester, "_prepare", correct_meanwhile)
    ingester.ingest(uuid.UUID(document_id))
    assert client.get(f"/api/documents/{document_id}").json()["state"] == "queued"
    ingester.ingest(uuid.UUID(document_id))
    answer = client.post("/api/query", json={"question": "When is the backup?"}).json()
    assert [source["text"] for source in answer["sources"]] == ["The database is backed up at two o'clock."]
