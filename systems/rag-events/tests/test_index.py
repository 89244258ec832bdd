"""The index on a volume that several replicas share. Does not prove locks on network drives."""

import threading
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from rag_events import server
from rag_events.index_file import IndexFile
from rag_events.library import FaissLibrary, _file_name
from ragkit.api.problems import Problem
from ragkit.api.uploads import Upload
from ragkit.errors import SpaceMismatch, Unavailable
from ragkit.providers import ModelSettings
from ragkit_testing import MODEL, Letters


def library(folder: Path, model: ModelSettings = MODEL) -> FaissLibrary:
    return FaissLibrary(folder, Letters(), model, 60)


def upload(name: str, text: str) -> Upload:
    return Upload(name, "text/plain", text.encode())


def test_each_replica_sees_the_documents_of_the_others(tmp_path: Path) -> None:
    one, other = library(tmp_path), library(tmp_path)
    assert other.search("zzz", 5) == []
    document, is_new = one.add(upload("z.txt", "zzz zzz"))
    assert is_new
    assert [source.document for source in other.search("zzz", 5)] == ["z.txt"]
    assert other.add(upload("z.txt", "zzz zzz")) == (document, False)
    other.add(upload("q.txt", "qqq"))
    assert [source.document for source in one.search("qqq", 1)] == ["q.txt"]
    assert [entry.name for entry in one.documents()] == ["q.txt", "z.txt"]


def test_the_same_bytes_get_the_new_name_and_type(tmp_path: Path) -> None:
    kept = library(tmp_path)
    kept.add(upload("q.txt", "qqq"))
    page = b"<p>zzz</p><p>zzz</p>"
    wrong, _ = kept.add(Upload("page.txt", "text/plain", page))
    right, is_new = kept.add(Upload("page.html", "text/html", page))
    assert (right.id, right.name, is_new) == (wrong.id, "page.html", False)
    assert [document.name for document in library(tmp_path).documents()] == ["page.html", "q.txt"]
    assert [source.text for source in kept.search("zzz", 5)] == ["zzz\n\nzzz", "qqq"]
    assert [path.name for path in (tmp_path / "documents").glob("*page*")] == [f"{right.id}-page.html"]


def test_an_upload_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"a.txt: .* longer than INGEST_TIMEOUT_SECONDS, which is 0 s"):
        FaissLibrary(tmp_path, Letters(), MODEL, 0).add(upload("a.txt", "aaa"))
    assert library(tmp_path).documents() == []


def test_an_upload_with_too_many_passages_is_refused_but_a_rebuild_keeps_it(tmp_path: Path) -> None:
    long = upload("a.txt", "One sentence of many. " * 1000)
    limited = FaissLibrary(tmp_path, Letters(), MODEL, 60, max_passages=1)
    with pytest.raises(Problem, match="more than MAX_PASSAGES, which is 1"):
        limited.add(long)
    library(tmp_path).add(long)
    assert limited.rebuild().skipped == {}


def test_simultaneous_writers_lose_nothing(tmp_path: Path) -> None:
    replicas = [library(tmp_path) for _ in range(3)]
    threads = [
        threading.Thread(target=replicas[number % 3].add, args=(upload(f"{number}.txt", f"text {number}"),))
        for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(library(tmp_path).documents()) == 12
    assert not list(tmp_path.rglob("*.new"))


def test_the_lock_keeps_other_writers_out(tmp_path: Path) -> None:
    added = threading.Event()

    def add() -> None:
        library(tmp_path).add(upload("a.txt", "a"))
        added.set()

    with IndexFile(tmp_path).locked():
        thread = threading.Thread(target=add)
        thread.start()
        assert not added.wait(0.3)
    thread.join(5)
    assert added.is_set()


def test_a_failed_write_keeps_the_old_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = library(tmp_path)
    kept.add(upload("a.txt", "aaa"))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(Unavailable, match="No space left"):
        kept.add(upload("b.txt", "bbb"))
    assert [document.name for document in library(tmp_path).documents()] == ["a.txt"]


def test_another_model_is_refused_until_the_index_is_rebuilt(tmp_path: Path) -> None:
    library(tmp_path).add(upload("a.txt", "aaa"))
    changed = library(tmp_path, ModelSettings("local", "other", dimension=26))
    for use in (lambda: changed.search("a", 1), lambda: changed.add(upload("b.txt", "b")), changed.documents):
        with pytest.raises(SpaceMismatch, match="POST /rebuild"):
            use()
    rebuilt = changed.rebuild()
    assert (rebuilt.documents, rebuilt.chunks, rebuilt.skipped) == (1, 1, {})
    assert changed.search("a", 1)[0].document == "a.txt"


def test_a_damaged_index_is_reported_and_rebuilt(tmp_path: Path) -> None:
    kept = library(tmp_path)
    kept.add(upload("a.txt", "aaa"))
    (tmp_path / "index.zip").write_bytes(b"rubbish")
    (tmp_path / "documents" / "0123456789abcdef-bad.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(Unavailable, match="POST /rebuild"):
        kept.search("a", 1)
    rebuilt = kept.rebuild()
    assert rebuilt.documents == 1
    assert list(rebuilt.skipped) == ["0123456789abcdef-bad.txt"]
    assert kept.search("a", 1)


def test_a_long_name_is_shortened_to_a_valid_file_name() -> None:
    name = _file_name("0" * 16, "é" * 250 + ".md")
    assert len(name.encode()) <= 255
    assert name.endswith("é.md")


def test_rebuilding_needs_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("REBUILD_API_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setattr(server, "make_embedder", lambda _: Letters())
    client = TestClient(server.create())

    def rebuild(key: str | None) -> int:
        return client.post("/rebuild", headers={"X-API-Key": key} if key else {}).status_code

    assert rebuild("anything") == 403
    (tmp_path / "key").write_text("right-key\n")
    assert [rebuild(None), rebuild("wrong"), rebuild("right-key")] == [401, 403, 200]
