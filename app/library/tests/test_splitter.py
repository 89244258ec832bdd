"""The splitter loses no text and exceeds no limit."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragkit.splitter import split


@pytest.mark.parametrize("media_type", ["text/plain", "text/markdown"])
@given(text=st.text(max_size=3000))
def test_chunks_hold_every_word_and_keep_the_size(media_type: str, text: str) -> None:
    chunks = split(text, media_type, 100, 20)
    assert all(0 < len(chunk) <= 100 for chunk in chunks)
    for chunk in chunks:
        assert chunk in text
    # Does not prove that no word is lost: all characters of a lost word may occur elsewhere.
    assert set(filter(str.isalnum, text)) == set(filter(str.isalnum, "".join(chunks)))
    # Chunks without a letter or digit are left out, as noise.
    assert all(any(map(str.isalnum, chunk)) for chunk in chunks)


def test_markdown_is_split_at_headings() -> None:
    text = "# One\n\n" + "first words. " * 20 + "\n\n# Two\n\n" + "second words. " * 20
    chunks = split(text, "text/markdown", 300, 0)
    assert [chunk.split("\n")[0] for chunk in chunks] == ["# One", "# Two"]


def test_neighbours_overlap() -> None:
    chunks = split(" ".join(f"word{number}." for number in range(100)), "text/plain", 100, 40)
    assert all(set(left.split()) & set(right.split()) for left, right in pairwise(chunks))


@pytest.mark.parametrize("media_type", ["text/plain", "text/markdown"])
@pytest.mark.parametrize(
    "pattern", ["天地玄黃宇宙洪荒", "word ", "a(b){c=d;}", "- item\n", "a line\n\n", "#", "> "]
)
def test_two_million_characters_take_seconds(media_type: str, pattern: str) -> None:
    text = pattern * (2_000_000 // len(pattern))
    started = time.perf_counter()
    chunks = split(text, media_type)
    assert time.perf_counter() - started < 30
    assert all(len(chunk) <= 800 for chunk in chunks)


def test_parts_end_at_paragraphs_and_lose_nothing() -> None:
    paragraph = "Some words of a paragraph that is not long. " * 5
    text = "\n\n".join(f"{number} {paragraph}" for number in range(2500))
    chunks = split(text, "text/markdown", 800, 0)
    assert "".join("".join(chunks).split()) == "".join(text.split())
    assert all(chunk.endswith("long.") for chunk in chunks)


def test_noise_in_a_document_makes_no_chunk() -> None:
    chunks = split("First words.\n\n" + "\u200b" * 900 + "\n\nLast words.", "text/plain")
    assert len(chunks) == 2
    assert chunks[0] == "First words."
    assert chunks[1].endswith("Last words.")
