"""Tests what counts as noise. Does not prove that all noise is known."""

import base64
import random
import time

import pytest

from ragkit.words import has_words, without_noise

ENCODED = base64.b64encode(random.Random(1).randbytes(1500)).decode()


@pytest.mark.parametrize("text", ["", " \n", "\u200b\u200d\ufeff\u2060", "----- * * *", "\xad", "?!…", "▁▂▃"])
def test_a_text_without_letters_and_digits_has_no_words(text: str) -> None:
    assert not has_words(text)


@pytest.mark.parametrize("text", ["a", "7", "é", "ß", "漢", "ก", "\u200bя", "٣"])
def test_letters_and_digits_of_all_scripts_are_words(text: str) -> None:
    assert has_words(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"see ![logo](data:image/png;base64,{ENCODED}) here", "see ![logo](data:image/png) here"),
        (f'<data:font/woff2;charset=utf-8;base64,{ENCODED}> "', '<data:font/woff2> "'),
        (f"before {ENCODED} after", "before   after"),
        (
            "before\n" + "\n".join(ENCODED[at : at + 76] for at in range(0, 1900, 76)) + "\nafter",
            "before\nafter",
        ),
        ("a " + "=" * 400 + " b", "a   b"),
    ],
)
def test_encoded_data_is_left_out(text: str, left: str) -> None:
    assert without_noise(text) == left


PATHS = [f"/usr/share/{'folder' * 8}/with/names/of/different/{'x' * number}\n" for number in range(9)]


@pytest.mark.parametrize(
    "text",
    [
        "data:text/plain,hello and data:image/gif;base64,R0lGODlhAQABAAAAACw=",
        "https://example.org/" + "path/segment." * 40,
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
        "天地玄黃宇宙洪荒" * 200,
        "".join(PATHS),
        f"{ENCODED[:64]}  file-one\n{ENCODED[64:128]}  file-two\n" * 4,
    ],
)
def test_text_with_words_is_kept(text: str) -> None:
    assert without_noise(text) == text


@pytest.mark.parametrize(
    "pattern", ["a" * 299 + " ", "data:", "data:a/b;x", "a" * 80 + "\n", " ", "data:a/b,"]
)
def test_a_megabyte_takes_less_than_five_seconds(pattern: str) -> None:
    started = time.perf_counter()
    without_noise(pattern * (1_000_000 // len(pattern)))
    assert time.perf_counter() - started < 5
