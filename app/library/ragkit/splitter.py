"""Splits text into chunks that end at headings, paragraphs or sentences where possible. Extra: documents."""

from semantic_text_splitter import MarkdownSplitter, TextSplitter

# What the small applications use, in characters.
CHUNK_SIZE, CHUNK_OVERLAP = 800, 100


def split(text: str, media_type: str, size: int = CHUNK_SIZE, overlap: int = CHUNK_OVERLAP) -> list[str]:
    """Return chunks of at most `size` characters. Neighbours share up to `overlap` characters."""
    kind = MarkdownSplitter if media_type == "text/markdown" else TextSplitter
    return [chunk for chunk in kind(size, overlap).chunks(text) if chunk.strip()]
