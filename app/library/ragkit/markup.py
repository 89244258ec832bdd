"""Escapes untrusted text for pages that render Markdown: names, reasons, answers.

It needs no package.
"""

import re

# All characters with a meaning in Markdown, GitHub's Markdown or Streamlit's. `:` starts
# directives such as `:red[…]`, and `$` starts formulas.
MARKDOWN = re.compile(r"[\\`*_{}\[\]()<>#+\-.!|:$&~^=]")
# A spreadsheet computes a cell that begins with one of these. Some spreadsheets also accept the
# full-width forms.
FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def plain(text: object) -> str:
    """Return Markdown that shows the text as it is, in one line."""
    # Each run of white space becomes one space, because a line end or an indent could start a
    # block.
    return MARKDOWN.sub(r"\\\g<0>", " ".join(str(text).split()))


def without_pictures(markdown: str) -> str:
    """Return the Markdown without pictures, so that no document or model makes the browser fetch an
    address."""
    return markdown.replace("![", "!\\[")


def cell(text: str) -> str:
    """Return the text for an exported table, so that a spreadsheet computes no formula."""
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text
