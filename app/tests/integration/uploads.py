"""Uploads, as the tests of the API need them."""

from fastapi.testclient import TestClient

CAT = b"# Office\n\nThe office cat is called Minka.\n"
BACKUP = b"<html><body><p>The database is backed up at two o'clock.</p></body></html>"


def upload(client: TestClient, name: str, content: bytes) -> str:
    answer = client.post("/api/documents", files={"file": (name, content)})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])
