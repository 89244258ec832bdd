"""The splitter: text becomes chunks that end at headings, paragraphs or sentences where possible."""

from semantic_text_splitter import MarkdownSplitter, TextSplitter


def split(text: str, media_type: str, size: int, overlap: int) -> list[str]:
    """Return chunks of at most `size` characters, neighbours sharing up to `overlap`."""
    kind = MarkdownSplitter if media_type == "text/markdown" else TextSplitter
    return [chunk for chunk in kind(size, overlap).chunks(text) if chunk.strip()]
