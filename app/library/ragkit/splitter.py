"""Splits text into chunks that end at headings, paragraphs or sentences where possible. Extra:
documents."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from semantic_text_splitter import MarkdownSplitter, TextSplitter

from ragkit.readers import Checkpoint, no_checkpoint
from ragkit.words import has_words

if TYPE_CHECKING:
    from ragkit.embeddings import Window

# The sizes of the small applications, in characters.
CHUNK_SIZE, CHUNK_OVERLAP = 800, 100

# The splitter's time grows with the square of a Markdown text's length, and of a stretch without a
# sentence's end. The text is therefore split in parts. Measured for Markdown: 8 MB in 15 s at once,
# 2.5 s in parts.
PART = 200_000
# A line above the first length is cut into stretches of the second. Measured for 1.6 million
# Chinese characters without a blank or a full stop: 82 s uncut, 2 s cut.
LONG_LINE, STRETCH = 20_000, 4_000

# A part of a chunk has about this share of the window, and at most SLACK times that.
FILL, SLACK = 0.85, 1.15


def split(
    text: str,
    media_type: str,
    size: int = CHUNK_SIZE,
    overlap: int = CHUNK_OVERLAP,
    window: "Window | None" = None,
    checkpoint: Checkpoint = no_checkpoint,
) -> list[str]:
    """Return chunks of at most `size` characters that fit into the window.

    Neighbours share up to `overlap` characters. Chunks without a letter or digit are omitted.
    """
    kind = MarkdownSplitter if media_type == "text/markdown" else TextSplitter
    chunks: list[str] = []
    for part in _parts(text):
        checkpoint()
        found = [chunk for chunk in kind(size, overlap).chunks(part) if has_words(chunk)]
        chunks += _fitting(found, kind, overlap, window) if window else found
    return chunks


def _fitting(
    chunks: Sequence[str], kind: type[MarkdownSplitter | TextSplitter], overlap: int, window: "Window"
) -> Iterator[str]:
    """Yield the chunks. A chunk that is longer than the window is split into parts of about the
    same length."""
    for chunk, tokens in zip(chunks, window.count(chunks), strict=True):
        if tokens <= window.tokens or len(chunk) == 1:
            yield chunk
            continue
        # Parts of the same length have different numbers of tokens, and end at a word's end.
        parts = math.ceil(tokens / (FILL * window.tokens))
        size = min(len(chunk) - 1, math.ceil(len(chunk) / parts * SLACK))
        shorter = kind(size, overlap * size // len(chunk)).chunks(chunk)
        yield from _fitting([part for part in shorter if has_words(part)], kind, overlap, window)


def _parts(text: str) -> Iterator[str]:
    """Yield the text in parts that end at a paragraph's end, or otherwise at a line's end."""
    start = line = paragraph = 0
    while line < len(text):
        end = text.find("\n", line) + 1 or len(text)
        if end - line > LONG_LINE:
            yield text[start:line]
            yield from _stretches(text[line:end])
            start = end
        elif end - start > PART:
            cut = paragraph if paragraph > start else line
            yield text[start:cut]
            start = cut
        if not text[line:end].strip():
            paragraph = end
        line = end
    yield text[start:]


def _stretches(line: str) -> Iterator[str]:
    """Yield the line in stretches that end at a blank, if there is one."""
    start = 0
    while len(line) - start > STRETCH:
        blank = line.rfind(" ", start + STRETCH // 2, start + STRETCH)
        end = blank if blank >= 0 else start + STRETCH
        yield line[start:end]
        start = end
    yield line[start:]
