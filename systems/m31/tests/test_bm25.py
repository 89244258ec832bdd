"""BM25, and the problems that the documents in the image answer. Does not prove other questions."""

import pytest

from m31.bm25 import Ranking, words
from m31.documents import NOTHING_FOUND, Documents, answer


def test_rare_words_count_more_than_common_ones() -> None:
    ranking = Ranking(["the disk is full", "the disk is slow", "the disk and the volume"])
    assert ranking.best("volume disk", 3)[0][0] == 2


def test_a_text_without_any_of_the_words_is_not_found() -> None:
    assert Ranking(["apples", "pears"]).best("plums", 5) == []
    assert Ranking([]).best("plums", 5) == []


def test_short_texts_rank_higher_and_repetition_adds_little() -> None:
    ranking = Ranking(["port", "port " + "other words again " * 20, "nothing here"])
    assert [index for index, _ in ranking.best("port", 3)] == [0, 1]
    once, often = Ranking(["port x x x", "port port port port", "y"]).best("port", 2)
    assert once[0] == 1
    assert once[1] < 4 * often[1]


def test_forms_of_a_word_count_as_one_word() -> None:
    assert words("Ports, caching the container's images") == words("port cached container image")
    assert words("address") == words("addresses")


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("Bind for 0.0.0.0:8000 failed: port is already allocated", "port-already-in-use.md"),
        ("Why is my port taken?", "port-already-in-use.md"),
        ("permission denied writing to /data", "volume-owned-by-another-user.md"),
        ("connection refused to redis on localhost", "localhost-is-the-container.md"),
        ("My code change does not show up after a rebuild", "stale-build-cache.md"),
        ("container exited with 137", "exit-137-out-of-memory.md"),
        ("Was it OOMKilled?", "exit-137-out-of-memory.md"),
    ],
)
def test_each_problem_finds_its_document(question: str, document: str) -> None:
    found = Documents().search(question, 3)
    assert found[0].passage.document == document
    assert answer(found).endswith("[1]")
    assert len(found) <= 3


def test_a_question_on_another_subject_finds_nothing() -> None:
    assert answer(Documents().search("best lasagna recipe", 3)) == NOTHING_FOUND
