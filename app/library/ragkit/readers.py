"""Readers: turn the bytes of a file into text, or raise Unreadable with the reason. Extra:
documents."""

import io
import logging
from collections.abc import Callable
from pathlib import PurePath

from pypdf import PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError

from ragkit.errors import Unreadable
from ragkit.html_text import html_text
from ragkit.text_encoding import decode
from ragkit.words import has_words, without_noise

# A function that is called between two steps of the work. It raises an exception to end the work.
type Checkpoint = Callable[[], None]

MEDIA_TYPES = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".txt": "text/plain",
    ".text": "text/plain",
    ".html": "text/html",
    ".htm": "text/html",
    ".pdf": "application/pdf",
}
ACCEPTED = "Markdown (.md), text (.txt), HTML (.html) and PDF (.pdf)"
ENCRYPTED = "the PDF is encrypted; remove the password and upload it again"

# pypdf logs a line for each oddity of a file. An error that matters is reported as the document's
# reason.
logging.getLogger("pypdf").setLevel(logging.ERROR)


def media_type_of(name: str, declared: str | None) -> str | None:
    """Return the media type of the extension, or otherwise the declared one. Return None if no reader
    accepts it."""
    by_name = MEDIA_TYPES.get(PurePath(name).suffix.lower())
    if by_name or PurePath(name).suffix:
        return by_name
    plain = (declared or "").split(";")[0].strip().lower()
    return plain if plain in MEDIA_TYPES.values() else None


def no_checkpoint() -> None:
    """Do nothing. A checkpoint for work that must not be ended early."""


def check_content(content: bytes, media_type: str) -> None:
    """Raise Unreadable for errors that are cheap to find: no bytes, not text in its encoding, NUL
    bytes."""
    if not content.strip():
        raise Unreadable("the file is empty")
    if media_type != "application/pdf" and not decode(content, media_type).strip():
        raise Unreadable("the file is empty")


def read_text(content: bytes, media_type: str, checkpoint: Checkpoint = no_checkpoint) -> str:
    """Return the text of a file without encoded data. Raises Unreadable when there is none."""
    if media_type == "application/pdf":
        text = _read_pdf(content, checkpoint)
    elif media_type == "text/html":
        text = html_text(decode(content, media_type), checkpoint)
    else:
        text = decode(content, media_type)
    checkpoint()
    # PostgreSQL cannot store NUL, and a PDF's font tables may yield lone surrogates.
    text = without_noise(text.replace("\x00", "").encode("utf-8", "replace").decode())
    if not has_words(text):
        raise Unreadable("no text was found in the file (a scanned PDF needs text recognition first)")
    return text


def _read_pdf(content: bytes, checkpoint: Checkpoint) -> str:
    pages = []
    try:
        reader = PdfReader(io.BytesIO(content))
        locked = reader.is_encrypted and not reader.decrypt("")
        page_count = 0 if locked else len(reader.pages)
    except Exception as error:
        raise _pdf_problem(error) from error
    if locked:
        raise Unreadable(ENCRYPTED)
    for number in range(page_count):
        # This is outside of the block below, which reports every exception as damage.
        checkpoint()
        try:
            pages.append(reader.pages[number].extract_text())
        except Exception as error:
            raise _pdf_problem(error) from error
    return "\n\n".join(pages)


def _pdf_problem(error: Exception) -> Unreadable:
    """Return the reason. pypdf raises any kind of exception for a hostile PDF."""
    match error:
        case FileNotDecryptedError() | DependencyError():
            return Unreadable(ENCRYPTED)
        case PyPdfError() | RecursionError() | MemoryError():
            return Unreadable(f"the PDF is damaged ({error})")
        case _:
            return Unreadable(f"the PDF is damaged ({type(error).__name__}: {error})")
