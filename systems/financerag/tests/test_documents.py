"""Documents of the folder and uploads, in a Chroma in this process. Does not prove a Chroma server."""

import os
from pathlib import Path

import pytest

from financerag.folder import Folder
from financerag.store import ChromaLibrary, collection_name, connector
from ragkit.api.uploads import Upload
from ragkit.errors import Unavailable
from ragkit.providers import ModelSettings
from ragkit_testing import MODEL, Letters


@pytest.fixture
def embedder() -> Letters:
    return Letters()


@pytest.fixture
def library(tmp_path: Path, embedder: Letters) -> ChromaLibrary:
    (tmp_path / "chroma").mkdir()
    return ChromaLibrary(connector(str(tmp_path / "chroma"), "", 8000), embedder, MODEL)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "documents").mkdir()
    return tmp_path / "documents"


@pytest.fixture
def folder(path: Path, library: ChromaLibrary, tmp_path: Path) -> Folder:
    return Folder(path, library, tmp_path / "lock")


def names(library: ChromaLibrary) -> list[str]:
    return [document.name for document in library.documents()]


def test_new_changed_and_removed_files_show(folder: Folder, path: Path, library: ChromaLibrary) -> None:
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


def test_a_shorter_version_leaves_nothing_of_the_longer_one(library: ChromaLibrary) -> None:
    long, _ = library.add(Upload("a.txt", "text/plain", b"many words. " * 500))
    short, is_new = library.add(Upload("a.txt", "text/plain", b"few words"))
    assert (short.id, short.chunks, is_new) == (long.id, 1, True)
    assert long.chunks > 1
    assert len(library.search("words", 50)) == 1


def test_repeats_are_harmless_and_cost_nothing(
    folder: Folder, path: Path, library: ChromaLibrary, embedder: Letters, tmp_path: Path
) -> None:
    (path / "a.md").write_text("zzz")
    folder.sync()
    os.utime(path / "a.md", (1, 1))
    folder.sync()
    Folder(path, library, tmp_path / "lock").sync()
    assert embedder.texts == 1
    assert names(library) == ["a.md"]


def test_uploads_stay_when_the_folder_changes(folder: Folder, library: ChromaLibrary) -> None:
    assert library.add(Upload("u.txt", "text/plain", b"uuu"))[1]
    assert not library.add(Upload("u.txt", "text/plain", b"uuu"))[1]
    folder.sync()
    assert names(library) == ["u.txt"]


def test_an_unreadable_file_stops_no_other(folder: Folder, path: Path, library: ChromaLibrary) -> None:
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
    assert ChromaLibrary(connector(str(tmp_path / "chroma"), "", 8000), embedder, other).documents() == []


def test_a_server_that_is_away_is_unavailable(embedder: Letters) -> None:
    with pytest.raises(Unavailable, match="Chroma does not answer"):
        ChromaLibrary(connector("", "127.0.0.1", 9), embedder, MODEL).documents()
