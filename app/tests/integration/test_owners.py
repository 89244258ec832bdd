"""Documents of people, with real stores. Does not test the gateway, which adds the identity."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ragapp.api.app import make_app
from ragapp.services import Services
from ragkit_testing.identities import as_person, require
from tests.integration.uploads import BACKUP, CAT, upload

ANNA, ED, ADMIN = as_person("anna"), as_person("ed"), as_person("ops", "admin")


@pytest.fixture
def client(services: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> TestClient:
    require(monkeypatch, tmp_path)
    return TestClient(make_app(services), raise_server_exceptions=False)


def add(client: TestClient, person: dict[str, str], name: str, content: bytes, status: int = 202) -> str:
    answer = client.post("/api/documents", files={"file": (name, content)}, headers=person)
    assert answer.status_code == status, answer.text
    return str(answer.json()["id"])


def test_editors_delete_their_own_documents_and_admins_delete_all(client: TestClient) -> None:
    own, other = add(client, ANNA, "cat.md", CAT), add(client, ED, "backup.html", BACKUP)
    listed = client.get("/api/documents", headers=ANNA).json()["documents"]
    assert {row["id"]: row["owner"] for row in listed} == {own: "user:anna", other: "user:ed"}
    refused = client.delete(f"/api/documents/{other}", headers=ANNA)
    assert refused.status_code == 403
    assert refused.json()["detail"] == "backup.html is a document of someone else; an admin can delete it"
    assert client.delete(f"/api/documents/{own}", headers=ANNA).status_code == 204
    assert client.delete(f"/api/documents/{other}", headers=ADMIN).status_code == 204


def test_the_same_bytes_keep_the_name_that_their_owner_gave_them(client: TestClient) -> None:
    first = add(client, ANNA, "cat.md", CAT)
    assert add(client, ED, "stolen.html", CAT, status=200) == first
    row = client.get(f"/api/documents/{first}", headers=ED).json()
    assert (row["name"], row["media_type"], row["owner"]) == ("cat.md", "text/markdown", "user:anna")
    assert add(client, ANNA, "renamed.md", CAT, status=200) == first
    assert client.get(f"/api/documents/{first}", headers=ED).json()["name"] == "renamed.md"


def test_documents_from_before_the_sign_in_are_deleted_by_an_admin_only(
    services: Services, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IDENTITY_KEY_FILE")
    old = upload(TestClient(make_app(services)), "cat.md", CAT)
    assert client.delete(f"/api/documents/{old}", headers=ANNA).status_code == 403
    assert client.delete(f"/api/documents/{old}", headers=ADMIN).status_code == 204


def test_every_route_needs_a_token_except_health_and_metrics(client: TestClient) -> None:
    schema = client.get("/api/openapi.json", headers=ANNA).json()
    for path, methods in schema["paths"].items():
        for method in methods:
            status = client.request(method, path.replace("{document_id}", "1")).status_code
            assert (status == 401) == (path not in ("/api/health", "/api/ready")), f"{method} {path}"
    assert client.get("/metrics").status_code == 200
