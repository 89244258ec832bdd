"""Readers: text from every file type, and the reason when there is none. Does not prove every PDF."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragkit.errors import Unreadable
from ragkit.readers import MEDIA_TYPES, check_content, media_type_of, read_text
from ragkit_testing.files import pdf


@pytest.mark.parametrize(
    ("name", "declared", "media_type"),
    [
        ("a.MD", None, "text/markdown"),
        ("a.pdf", "text/plain", "application/pdf"),
        ("notes", "text/plain; charset=utf-8", "text/plain"),
        ("a.exe", "text/plain", None),
        ("notes", "application/octet-stream", None),
    ],
)
def test_the_extension_decides_before_the_declared_type(
    name: str, declared: str | None, media_type: str | None
) -> None:
    assert media_type_of(name, declared) == media_type


def test_html_loses_its_markup_and_scripts() -> None:
    page = b"<html><style>p{}</style><body><p>One</p><script>evil()</script><p>Two</p></body></html>"
    assert read_text(page, "text/html").split() == ["One", "Two"]


def test_a_pdf_gives_its_text() -> None:
    assert "Hello from a page" in read_text(pdf("Hello from a page"), "application/pdf")


@pytest.mark.parametrize(
    ("content", "media_type", "words"),
    [
        (pdf("x", password="secret"), "application/pdf", "encrypted"),
        (b"%PDF-1.7 nothing of the kind", "application/pdf", "damaged"),
        (pdf("Hello")[:300], "application/pdf", "damaged"),
        (pdf(" "), "application/pdf", "no text was found"),
        (b"<html><body></body></html>", "text/html", "no text was found"),
        (b"caf\xe9", "text/plain", "not UTF-8: byte 3 is 0xe9"),
        (b"a\x00b", "text/plain", "NUL byte at character 1"),
    ],
)
def test_what_cannot_be_read_is_said_in_words(content: bytes, media_type: str, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read_text(content, media_type)


@pytest.mark.parametrize("content", [b"", b" \n\t"])
def test_an_empty_file_is_refused_before_it_is_stored(content: bytes) -> None:
    with pytest.raises(Unreadable, match="empty"):
        check_content(content, "text/plain")


@given(st.binary(max_size=2000), st.sampled_from(sorted(set(MEDIA_TYPES.values()))))
def test_any_bytes_give_storable_text_or_a_reason(content: bytes, media_type: str) -> None:
    try:
        text = read_text(content, media_type)
    except Unreadable as reason:
        assert str(reason)
    else:
        assert "\x00" not in text
        text.encode()
