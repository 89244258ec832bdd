"""Readers: text from every file type, and the reason when there is none. Does not prove that every
PDF can be read.
"""

import codecs
import socket

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


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (
            b'<!DOCTYPE html SYSTEM "http://192.0.2.1/x.dtd"><base href="http://192.0.2.1/">'
            b'<link rel="stylesheet" href="http://192.0.2.1/x.css"><img src="http://192.0.2.1/x.png">'
            b'<iframe src="file:///etc/passwd"></iframe><p>One</p>',
            "text/html",
        ),
        (b"One ![x](http://192.0.2.1/x.png) [include](file:///etc/passwd)", "text/markdown"),
        (pdf("One http://192.0.2.1/x.png file:///etc/passwd"), "application/pdf"),
    ],
)
def test_an_address_in_a_file_is_not_opened(
    monkeypatch: pytest.MonkeyPatch, content: bytes, media_type: str
) -> None:
    def opened(*_: object) -> None:
        raise AssertionError("the reader opens a connection or looks a name up")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, opened)
    monkeypatch.setattr(socket, "getaddrinfo", opened)
    text = read_text(content, media_type)
    assert "One" in text
    assert "root:" not in text


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_a_pdf_that_opens_without_a_password_is_read(algorithm: str) -> None:
    content = pdf("Only its owner may change it", owner_password="secret", algorithm=algorithm)
    assert "Only its owner" in read_text(content, "application/pdf")


def test_a_pdf_gives_its_text() -> None:
    assert "Hello from a page" in read_text(pdf("Hello from a page"), "application/pdf")


@pytest.mark.parametrize(
    ("content", "media_type", "words"),
    [
        (pdf("x", password="secret"), "application/pdf", "encrypted"),
        (pdf("x", password="secret", algorithm="AES-256"), "application/pdf", "encrypted"),
        (b"%PDF-1.7 nothing of the kind", "application/pdf", "damaged"),
        (pdf("Hello")[:300], "application/pdf", "damaged"),
        (pdf(" "), "application/pdf", "no text was found"),
        (b"<html><body></body></html>", "text/html", "no text was found"),
        (b"caf\xe9", "text/plain", "not UTF-8: byte 3 is 0xe9"),
        (b"a\x00b", "text/plain", "NUL byte at character 1"),
        ("\u200b\u2060\ufeff ".encode(), "text/plain", "no text was found"),
        (b"* * *\n-----\n", "text/markdown", "no text was found"),
        (b"iVBORw0K" * 99, "text/plain", "no text was found"),
        (b"<div>" * 12_000, "text/html", "the HTML is damaged"),
        (b"\xff\xfea\x00b", "text/plain", "not UTF-16-LE: byte 4 is 0x62"),
        (b"<meta charset=shift_jis>\x81\xff", "text/html", "not CP932: byte 24"),
        (b"<meta charset=unicode_escape>x", "text/html", "declares the encoding unicode_escape"),
        (b"<meta charset=zlib>x", "text/html", "declares the encoding zlib"),
        (b"<meta charset=nonsense>x", "text/html", "declares the encoding nonsense"),
    ],
)
def test_an_unreadable_file_gives_the_reason(content: bytes, media_type: str, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read_text(content, media_type)


META = '<html><head><meta http-equiv="Content-Type" content="text/html; charset={}"></head><body>{}'


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ("Größe: 5 €".encode("utf-8-sig"), "text/plain"),
        (codecs.BOM_UTF16_LE + "Größe: 5 €".encode("utf-16-le"), "text/plain"),
        (codecs.BOM_UTF16_BE + "# Größe: 5 €".encode("utf-16-be"), "text/markdown"),
        (codecs.BOM_UTF32_LE + "Größe: 5 €".encode("utf-32-le"), "text/plain"),
        (codecs.BOM_UTF16_LE + META.format("utf-8", "Größe: 5 €").encode("utf-16-le"), "text/html"),
        (META.format("windows-1252", "Größe: 5 €").encode("cp1252"), "text/html"),
        # Browsers read it as windows-1252, and so are the files that declare it.
        (META.format("ISO-8859-1", "Größe: 5 €").encode("cp1252"), "text/html"),
        (META.format("utf-16", "Größe: 5 €").encode(), "text/html"),
        ('<?xml version="1.0" encoding="iso-8859-15"?><p>Größe: 5 €</p>'.encode("iso8859-15"), "text/html"),
        ("<p>Größe: 5 €</p>".encode(), "text/html"),
    ],
)
def test_a_byte_order_mark_or_a_declaration_decides_the_encoding(content: bytes, media_type: str) -> None:
    check_content(content, media_type)
    assert "Größe: 5 €" in read_text(content, media_type)


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("Shift_JIS", "日本語の文章①"),
        ("x-sjis", "日本語"),
        ("euc-jp", "日本語"),
        ("iso-2022-jp", "日本語"),
        ("GB2312", "汉语镕"),
        ("big5", "漢語"),
        ("euc-kr", "한국어뷁"),
        ("windows-874", "ภาษาไทย"),
        ("koi8-r", "Русский"),
        ("windows-1251", "Русский"),
    ],
)
def test_encodings_that_documents_declare_are_read_in_many_languages(label: str, text: str) -> None:
    codec = {"Shift_JIS": "cp932", "GB2312": "gbk", "euc-kr": "cp949", "windows-874": "cp874"}.get(
        label, label
    )
    content = f"<meta charset='{label}'><p>{text}".encode(codec.removeprefix("x-"))
    assert read_text(content, "text/html") == text


@pytest.mark.parametrize("content", [b"", b" \n\t", codecs.BOM_UTF8, codecs.BOM_UTF16_LE + b" \x00"])
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
