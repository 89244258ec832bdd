"""Readers: the bytes of a file become text, or Unreadable says why not. Extra: documents."""

import io
import logging
from pathlib import PurePath

from pypdf import PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError
from selectolax.lexbor import LexborHTMLParser

from ragkit.errors import Unreadable

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

# pypdf logs a line for each oddity of a file. An error that matters becomes the document's reason.
logging.getLogger("pypdf").setLevel(logging.ERROR)


def media_type_of(name: str, declared: str | None) -> str | None:
    """Return the media type of the extension, else the declared one. None if no reader accepts it."""
    by_name = MEDIA_TYPES.get(PurePath(name).suffix.lower())
    if by_name or PurePath(name).suffix:
        return by_name
    plain = (declared or "").split(";")[0].strip().lower()
    return plain if plain in MEDIA_TYPES.values() else None


def check_content(content: bytes, media_type: str) -> None:
    """Raise Unreadable for errors that are cheap to find: no bytes, not UTF-8, NUL bytes."""
    if not content.strip():
        raise Unreadable("the file is empty")
    if media_type != "application/pdf":
        _decode(content)


def read_text(content: bytes, media_type: str) -> str:
    """Return the text of a file."""
    if media_type == "application/pdf":
        text = _read_pdf(content)
    elif media_type == "text/html":
        text = _read_html(_decode(content))
    else:
        text = _decode(content)
    # PostgreSQL cannot store NUL, and a PDF's font tables may yield lone surrogates.
    text = text.replace("\x00", "").encode("utf-8", "replace").decode()
    if not text.strip():
        raise Unreadable("no text was found in the file (a scanned PDF needs text recognition first)")
    return text


def _decode(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"the text is not UTF-8: byte {error.start} is {content[error.start]:#04x}"
        ) from error
    if "\x00" in text:
        raise Unreadable(f"the text has a NUL byte at character {text.index(chr(0))}; is it a binary file?")
    return text


def _read_html(markup: str) -> str:
    tree = LexborHTMLParser(markup)
    tree.strip_tags(["script", "style", "noscript", "template", "svg", "nav"])
    root = tree.body or tree.root
    return root.text(separator="\n", strip=True) if root else ""


def _read_pdf(content: bytes) -> str:
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("the PDF is encrypted; upload it without its password")
        return "\n\n".join(page.extract_text() for page in reader.pages)
    except (FileNotDecryptedError, DependencyError) as error:
        raise Unreadable("the PDF is encrypted; upload it without its password") from error
    except Unreadable:
        raise
    except (PyPdfError, RecursionError, MemoryError) as error:
        raise Unreadable(f"the PDF is damaged ({error})") from error
    except Exception as error:  # pypdf raises any kind of exception for a hostile PDF
        raise Unreadable(f"the PDF is damaged ({type(error).__name__}: {error})") from error
