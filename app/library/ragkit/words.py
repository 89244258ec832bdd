"""Distinguishes words from noise: text without letters or digits, addresses that contain a file,
and encoded data."""

import re

# The address of a picture or font that is written into the text. Shorter addresses may be examples.
DATA_ADDRESS = re.compile(r"(data:[\w.+-]++/[\w.+-]++)(?:;[\w=.-]++)*+,[^\s\"'<>()\[\]]{100,}+")
# Matches encoded data on one line. No word is this long, and web addresses contain other
# characters.
ENCODED_RUN = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/=_-]{300,}+")
# Encoded data on lines of equal length, as in mail and certificates.
ENCODED_LINES = re.compile(r"(?:^[ \t]*+[A-Za-z0-9+/]{60,}+={0,2}\s*?\n){4,}+", re.MULTILINE)


def has_words(text: str) -> bool:
    """Return whether a text has a letter or a digit. Zero-width characters and lines of dashes have
    neither.
    """
    return any(map(str.isalnum, text))


def without_noise(text: str) -> str:
    """Return the text without encoded data, which has no meaning to embed."""
    text = DATA_ADDRESS.sub(r"\1", text)
    text = ENCODED_LINES.sub(_without_lines_of_equal_length, text)
    return ENCODED_RUN.sub(" ", text)


def _without_lines_of_equal_length(lines: re.Match[str]) -> str:
    # The last line is shorter.
    lengths = {len(line) for line in lines[0].split()[:-1]}
    return "" if len(lengths) == 1 else lines[0]
