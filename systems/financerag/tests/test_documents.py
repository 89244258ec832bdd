"""Documents of the folder and uploads, in a Chroma in this process. Does not prove a Chroma
server."""

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from financerag.folder import Folder, Stopping
from financerag.store import ChromaLibrary, collection_name, connector
from ragkit.api.problems import Problem
from ragkit.api.uploads import Upload
from ragkit.embeddings import Vectors
from ragkit.errors import Unavailable
from ragkit.passages import deadline
from ragkit.providers import ModelSettings
from ragkit_testing import MODEL, Letters


@pytest.fixture
def embedder() -> Letters:
    return Letters()


@pytest.fixture
def library(tmp_path: Path, embedder: Letters) -> ChromaLibrary:
    (tmp_path / "chroma").mkdir()
    return ChromaLibrary(connector(str(tmp_path / "chroma"), "", 8000), embedder, MODEL, 60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    return tmp_path / "documents"


@pytest.fixture
def folder(path: Path, library: ChromaLibrary, tmp_path: Path) -> Folder:
    return Folder(path, library, threading.Event(), 60, tmp_path / "lock")


def names(library: ChromaLibrary) -> list[str]:
    return [document.name for document in library.documents()]


def test_new_changed_and_removed_files_are_noticed(
    folder: Folder, path: Path, library: ChromaLibrary
) -> None:
    (path / "a.md").write_text("zzz")
    (path / "below").mkdir()
    (path / "below" / "b.txt").write_text("qqq")
    (path / "picture.png").write_bytes(b"\x89")
    folder.sync()
    assert names(library) == ["a.md", "below/b.txt"]
    assert library.search("zzz", 1)[0].text == "zzz"
    (path / "a.md").write_text("xxxx changed")
    (path / "below" / "b.txt").unlink()
    folder.sync()
    assert names(library) == ["a.md"]
    assert [source.text for source in library.search("xxxx", 5)] == ["xxxx changed"]


def test_a_shorter_version_leaves_no_chunks_of_the_longer_one(library: ChromaLibrary) -> None:
    long, _ = library.add(Upload("a.txt", "text/plain", b"many words. " * 500))
    short, is_new = library.add(Upload("a.txt", "text/plain", b"few words"))
    assert (short.id, short.chunks, is_new) == (long.id, 1, True)
    assert long.chunks > 1
    assert len(library.search("words", 50)) == 1


def test_a_repeated_ingestion_changes_nothing_and_embeds_nothing(
    folder: Folder, path: Path, library: ChromaLibrary, embedder: Letters, tmp_path: Path
) -> None:
    (path / "a.md").write_text("zzz")
    folder.sync()
    os.utime(path / "a.md", (1, 1))
    folder.sync()
    Folder(path, library, threading.Event(), 60, tmp_path / "lock").sync()
    assert embedder.texts == 1
    assert names(library) == ["a.md"]


def test_uploads_stay_when_the_folder_changes(folder: Folder, library: ChromaLibrary) -> None:
    assert library.add(Upload("u.txt", "text/plain", b"uuu"))[1]
    assert not library.add(Upload("u.txt", "text/plain", b"uuu"))[1]
    folder.sync()
    assert names(library) == ["u.txt"]


def test_an_unreadable_file_does_not_stop_the_others(
    folder: Folder, path: Path, library: ChromaLibrary
) -> None:
    (path / "a.txt").write_bytes(b"\xff\xfe\x00")
    (path / "b.txt").write_text("bbb")
    folder.sync()
    assert names(library) == ["b.txt"]


def test_a_missing_folder_deletes_nothing(folder: Folder, path: Path, library: ChromaLibrary) -> None:
    (path / "a.md").write_text("zzz")
    folder.sync()
    (path / "a.md").unlink()
    path.rmdir()
    with pytest.raises(OSError, match="is not a folder"):
        folder.sync()
    assert names(library) == ["a.md"]


def test_models_never_mix(library: ChromaLibrary, tmp_path: Path, embedder: Letters) -> None:
    library.add(Upload("a.txt", "text/plain", b"aaa"))
    other = ModelSettings("openai", "org/other model", dimension=26)
    assert collection_name(other) == "financerag-org-other-model-26"
    assert ChromaLibrary(connector(str(tmp_path / "chroma"), "", 8000), embedder, other, 60).documents() == []


def test_a_server_that_does_not_answer_is_unavailable(embedder: Letters) -> None:
    with pytest.raises(Unavailable, match="Chroma does not answer"):
        ChromaLibrary(connector("", "127.0.0.1", 9), embedder, MODEL, 60).documents()


def test_a_file_that_takes_too_long_does_not_stop_the_others(
    path: Path, library: ChromaLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path / "a.txt").write_text("aaa")
    (path / "b.txt").write_text("bbb")
    slow = iter([0.0, 60.0])
    monkeypatch.setattr("financerag.folder.deadline", lambda _, setting: deadline(next(slow), setting))
    folder = Folder(path, library, threading.Event(), 60, tmp_path / "lock")
    folder.sync()
    assert names(library) == ["b.txt"]
    folder.sync()
    assert names(library) == ["b.txt"], "and it is not tried again until it changes"


def test_a_file_deleted_during_its_ingestion_does_not_delay_the_others(
    folder: Folder, path: Path, library: ChromaLibrary, embedder: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path / "a.txt").write_text("many words. " * 10_000)
    (path / "b.txt").write_text("bbb")
    embed = embedder.embed

    def delete_first(texts: Sequence[str]) -> Vectors:
        (path / "a.txt").unlink(missing_ok=True)
        return embed(texts)

    monkeypatch.setattr(embedder, "embed", delete_first)
    folder.sync()
    assert names(library) == ["b.txt"]
    assert embedder.texts == embedder.limits.batch + 1


def test_a_stop_ends_the_ingestion(path: Path, library: ChromaLibrary, tmp_path: Path) -> None:
    (path / "a.txt").write_text("aaa")
    stop = threading.Event()
    folder = Folder(path, library, stop, 60, tmp_path / "lock")
    stop.set()
    with pytest.raises(Stopping):
        folder.sync()
    assert names(library) == []


def test_an_upload_that_takes_too_long_is_refused(tmp_path: Path, embedder: Letters) -> None:
    (tmp_path / "chroma").mkdir()
    slow = ChromaLibrary(connector(str(tmp_path / "chroma"), "", 8000), embedder, MODEL, 0)
    with pytest.raises(Problem, match="longer than INGEST_TIMEOUT_SECONDS, which is 0 s"):
        slow.add(Upload("a.txt", "text/plain", b"aaa"))


def test_an_upload_with_too_many_passages_is_refused_with_the_reason(
    tmp_path: Path, embedder: Letters
) -> None:
    (tmp_path / "chroma").mkdir()
    library = ChromaLibrary(
        connector(str(tmp_path / "chroma"), "", 8000), embedder, MODEL, 60, max_passages=1
    )
    with pytest.raises(Problem, match="more than MAX_PASSAGES, which is 1"):
        library.add(Upload("a.txt", "text/plain", b"One sentence of many. " * 1000))
