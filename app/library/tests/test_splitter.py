"""The splitter loses no text and exceeds no limit."""

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
    assert set("".join(text.split())) == set("".join("".join(chunks).split()))


def test_markdown_is_split_at_headings() -> None:
    text = "# One\n\n" + "first words. " * 20 + "\n\n# Two\n\n" + "second words. " * 20
    chunks = split(text, "text/markdown", 300, 0)
    assert [chunk.split("\n")[0] for chunk in chunks] == ["# One", "# Two"]


def test_neighbours_overlap() -> None:
    chunks = split(" ".join(f"word{number}." for number in range(100)), "text/plain", 100, 40)
    assert all(set(left.split()) & set(right.split()) for left, right in pairwise(chunks))
