"""Untrusted text in Markdown. Renders with markdown-it: does not prove Streamlit's own renderer."""

import html

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ragkit.markup import cell, plain, without_pictures

MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
PICTURE = "![n](http://evil.example/n.png)"
# Pieces of Markdown, so that most examples have structure.
PIECES = st.lists(
    st.sampled_from(
        [*"!\\[]()<>`*_~#+-.|:$&;=^\"'/ \n\t", "a", "1", "http://evil.example", "&#33;", "&lbrack;", PICTURE]
    )
).map("".join)


def tokens(markdown: str) -> set[str]:
    """Return the types of all tokens, of inline ones too."""
    found: set[str] = set()
    for token in MARKDOWN.parse(markdown):
        found |= {token.type, *(child.type for child in token.children or [])}
    return found


@given(PIECES | st.text())
@example(PICTURE)
@example("![n1](http:&#47;&#47;127.0.0.1:18790&#47;name1.png).md")
@example("\x00")
@example("    code\n\n# heading\n1. item")
def test_a_name_shows_as_it_is(name: str) -> None:
    # Markdown has no NUL: it shows the replacement character.
    folded = " ".join(name.split()).replace("\x00", "\ufffd")
    shown = MARKDOWN.render(plain(name))
    expected = f"<p>{html.escape(folded, quote=False)}</p>\n".replace('"', "&quot;") if folded else ""
    assert shown == expected


@given(PIECES, PIECES)
@example("!", "")
@example("\\", "")
@example("&#33;", "")
def test_no_spelling_of_a_picture_loads_a_picture(before: str, after: str) -> None:
    assert "image" not in tokens(without_pictures(f"{before}{PICTURE}{after}"))


def test_the_pictures_of_this_test_load_without_the_filter() -> None:
    assert "image" in tokens(PICTURE)
    assert "image" in tokens(f"!{PICTURE}")
    # A filter that deletes the `!` makes a picture of this one.
    assert "image" in tokens(f"!{PICTURE}".replace("![", "["))


@pytest.mark.parametrize("name", ["=1+2+cmd|calc!A0.md", "+1", "-1", "@a", "\t=1", "\r=1", " =1", "\uff1d1"])
def test_a_name_is_no_formula_in_a_spreadsheet(name: str) -> None:
    assert cell(name) == f"'{name}"


@pytest.mark.parametrize("name", ["", "a=b.md", "report-2026.md", "'quoted'"])
def test_other_names_stay_as_they_are(name: str) -> None:
    assert cell(name) == name
