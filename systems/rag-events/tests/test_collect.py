"""The collection of events, against a small stand-in for Open Agenda. Does not prove that the real
service answers as the stand-in does."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rag_events import collect, promise
from rag_events.__main__ import main
from rag_events.collect import Collector
from rag_events.events import document
from rag_events.library import FaissLibrary
from rag_events.open_agenda import OpenAgenda
from ragkit.api.uploads import Upload
from ragkit.errors import Refused, Unavailable
from ragkit_testing import MODEL, Letters

from .agenda import AGENDA, KEY, Agenda, agenda

SINCE = datetime(2026, 1, 2, tzinfo=UTC)


def event(uid: int, title: str, **more: Any) -> dict[str, Any]:
    timings = [{"begin": "2026-03-28T20:30:00.000Z", "end": "2026-03-28T22:00:00.000Z"}]
    return {"uid": uid, "title": title, "timings": timings, "timezone": "Europe/Paris", **more}


@pytest.fixture
def api() -> Iterator[Agenda]:
    with agenda() as running:
        yield running


@pytest.fixture
def pauses() -> list[float]:
    return []


def client(api: Agenda, pauses: list[float], number: str = AGENDA, key: str = KEY) -> OpenAgenda:
    return OpenAgenda(number, "fr", lambda: key, api.url, pauses.append)


def library(folder: Path) -> FaissLibrary:
    return FaissLibrary(folder, Letters(), MODEL, 60)


def collector(api: Agenda, pauses: list[float], folder: Path) -> Collector:
    return Collector(client(api, pauses), library(folder), folder, "fr")


def names(folder: Path) -> list[str]:
    return [entry.name for entry in library(folder).documents()]


def test_events_of_all_pages_are_indexed(api: Agenda, pauses: list[float], tmp_path: Path) -> None:
    api.events = [event(number, f"concert {number}") for number in range(1, 6)]
    done = collector(api, pauses, tmp_path).collect(SINCE)
    assert (done.events, done.added, done.removed, done.skipped) == (5, 5, 0, 0)
    assert names(tmp_path) == [f"{number} concert {number}.md" for number in range(1, 6)]
    first, second, *_ = api.queries
    assert first["timings[gte]"] == ["2026-01-02T00:00:00+00:00"]
    assert (first["monolingual"], first["detailed"], "after[]" in first) == (["fr"], ["1"], False)
    assert second["after[]"] == ["0", "2"]
    assert pauses == []


def test_a_second_round_changes_only_what_has_changed(
    api: Agenda, pauses: list[float], tmp_path: Path
) -> None:
    library(tmp_path).add(Upload("mine.txt", "text/plain", b"an upload"))
    api.events = [event(1, "concert"), event(2, "expo"), event(3, "bal")]
    collects = collector(api, pauses, tmp_path)
    collects.collect(SINCE)
    index = (tmp_path / "index.zip").stat().st_mtime_ns
    assert collects.collect(SINCE).added == 0
    assert (tmp_path / "index.zip").stat().st_mtime_ns == index
    api.events = [event(1, "concert"), event(2, "expo, reportée")]
    done = collector(api, pauses, tmp_path).collect(SINCE)
    assert (done.added, done.removed) == (1, 2)
    assert names(tmp_path) == ["1 concert.md", "2 expo, reportée.md", "mine.txt"]
    assert len(list((tmp_path / "documents").iterdir())) == 3
    # A rebuild reads the same originals.
    assert library(tmp_path).rebuild().documents == 3


def test_an_empty_agenda_removes_nothing(api: Agenda, pauses: list[float], tmp_path: Path) -> None:
    api.events = [event(1, "concert")]
    collects = collector(api, pauses, tmp_path)
    collects.collect(SINCE)
    api.events = []
    assert collects.collect(SINCE).removed == 0
    assert names(tmp_path) == ["1 concert.md"]


def test_a_busy_service_is_asked_again(api: Agenda, pauses: list[float], tmp_path: Path) -> None:
    api.events = [event(1, "concert")]
    api.failures = [(429, {"Retry-After": "7"}), (503, {})]
    assert collector(api, pauses, tmp_path).collect(SINCE).added == 1
    assert pauses[0] == 7
    assert 2 <= pauses[1] <= 4


def test_a_service_that_stays_down_changes_nothing(api: Agenda, pauses: list[float], tmp_path: Path) -> None:
    api.events = [event(number, f"concert {number}") for number in range(3)]
    collects = collector(api, pauses, tmp_path)
    collects.collect(SINCE)
    api.failures = [(503, {})] * 5
    with pytest.raises(Unavailable, match="Open Agenda: answers 503"):
        collects.collect(SINCE)
    assert len(pauses) == 4
    assert len(names(tmp_path)) == 3
    api.failures = [(429, {"Retry-After": "3600"})]
    with pytest.raises(Unavailable, match="answers 429"):
        collects.collect(SINCE)


@pytest.mark.parametrize(
    ("number", "key", "words"),
    [(AGENDA, "wrong", "the key is wrong"), ("1", KEY, "has no agenda 1; its number is on the page")],
)
def test_a_wrong_key_or_agenda_is_named(
    api: Agenda, pauses: list[float], number: str, key: str, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        list(client(api, pauses, number, key).pages(SINCE))
    assert pauses == []


def test_a_document_has_dates_place_and_clean_text() -> None:
    made = document(
        event(
            7,
            "Nuit <b>blanche</b>",
            slug="nuit-blanche",
            originAgenda={"slug": "quimper"},
            description={"en": "English", "fr": "Une nuit & un jour"},
            longDescription="<p>Première ligne</p><script>alert(1)</script><p>Âge < 12</p>",
            conditions={"de": "frei"},
            age={"min": 6, "max": None},
            keywords={"fr": ["musique", "danse"]},
            location={"name": "Salle", "address": "2 rue du Parc, 29000 Quimper", "city": "Quimper"},
        ),
        "fr",
    )
    assert made is not None
    assert made.name == "7 Nuit blanche.md"
    assert made.content.decode() == (
        "# Nuit blanche\n\n"
        "- When: 2026-03-28 21:30 to 23:00\n"
        "- Where: Salle, 2 rue du Parc, 29000 Quimper\n"
        "- Conditions: frei\n"
        "- Age: from 6\n"
        "- Keywords: musique, danse\n"
        "- Page: https://openagenda.com/quimper/events/nuit-blanche\n\n"
        "Une nuit & un jour\n\n"
        "Première ligne\n\nÂge < 12\n"
    )


def test_many_dates_are_shortened_and_a_long_event_has_both_days() -> None:
    days = [
        {"begin": f"2026-05-{day:02}T10:00:00+02:00", "end": f"2026-05-{day:02}T11:00:00+02:00"}
        for day in range(1, 31)
    ]
    made = document(event(1, "cours", timings=days, timezone=None), "fr")
    assert made is not None
    assert (
        "; 2026-05-20 10:00 to 11:00; and 10 more, the last 2026-05-30 10:00 to 11:00"
        in made.content.decode()
    )
    night = [{"begin": "2026-05-01T22:00:00+02:00", "end": "2026-05-02T02:00:00+02:00"}]
    made = document(event(1, "fête", timings=night, timezone="Nowhere/Land"), "fr")
    assert made is not None
    assert "- When: 2026-05-01 22:00 to 2026-05-02 02:00" in made.content.decode()


@pytest.mark.parametrize(
    "wrong", [{"timings": []}, {"title": ""}, {"uid": None}, {"timings": [{"begin": "soon"}]}]
)
def test_an_event_without_id_title_or_date_is_skipped(
    wrong: dict[str, Any], api: Agenda, pauses: list[float], tmp_path: Path
) -> None:
    api.events = [event(1, "concert"), {**event(2, "expo"), **wrong}]
    done = collector(api, pauses, tmp_path).collect(SINCE)
    assert (done.added, done.skipped) == (1, 1)


def test_a_single_collection_reads_the_settings(
    api: Agenda, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key"
    key.write_text(f"{KEY}\n")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("OPENAGENDA_URL", api.url)
    monkeypatch.setenv("OPENAGENDA_KEY_FILE", str(key))
    monkeypatch.setattr(collect, "make_embedder", lambda settings: Letters())
    monkeypatch.setattr(collect, "model_from_environment", lambda kind: MODEL)
    with pytest.raises(SystemExit) as ended:
        main(["collect"])
    assert ended.value.code == 2
    assert "OPENAGENDA_AGENDA: required, but not set" in capsys.readouterr().err
    monkeypatch.setenv("OPENAGENDA_AGENDA", AGENDA)
    api.events = [event(1, "concert")]
    assert main(["collect"]) == 0
    assert names(tmp_path) == ["1 concert.md"]
    key.write_text("wrong")
    with pytest.raises(SystemExit) as ended:
        main(["collect"])
    assert ended.value.code == 1
    assert "the key is wrong" in (output := capsys.readouterr().out)
    assert KEY not in output


def test_the_health_check_notices_missed_collections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(promise, "file", lambda: tmp_path / "collector")
    assert main(["probe", "collector"]) == 1
    assert "has not started yet" in capsys.readouterr().err
    promise.give(timedelta(seconds=5))
    assert main(["probe", "collector"]) == 0
    later = time.time() + 6
    monkeypatch.setattr(time, "time", lambda: later)
    assert main(["probe", "collector"]) == 1
    assert "no collection has succeeded" in capsys.readouterr().err
