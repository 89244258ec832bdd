"""Uploaded files, checked as far as that is cheap."""

from dataclasses import dataclass

from fastapi import UploadFile

from ragapp.api.problems import Problem
from ragapp.errors import Unreadable
from ragapp.readers import ACCEPTED, check_content, media_type_of

MAX_NAME = 255

# Room for the multipart form around a file of exactly the greatest size.
FORM_BYTES = 64 * 1024


@dataclass(frozen=True)
class Upload:
    """A file of a type that is read."""

    name: str
    media_type: str
    content: bytes


def read_upload(file: UploadFile, limit_mb: int, setting: str) -> Upload:
    """Return the file, or raise the problem with it: 413 (naming the limit's setting), 415 or 422."""
    name = _clean(file.filename or "")
    media_type = media_type_of(name, file.content_type)
    if media_type is None:
        raise Problem(415, f"{name}: this type is not read; accepted are {ACCEPTED}")
    # The body's limit leaves room for the multipart form around the file; this one is exact.
    content = file.file.read(limit_mb * 1024 * 1024 + 1)
    if len(content) > limit_mb * 1024 * 1024:
        raise Problem(413, f"{name}: larger than {setting}, which is {limit_mb}")
    try:
        check_content(content, media_type)
    except Unreadable as error:
        raise Problem(422, f"{name}: {error}") from error
    return Upload(name, media_type, content)


def _clean(name: str) -> str:
    """Return the last part of a path, printable and of a sensible length."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(character for character in last if character.isprintable()).strip()
    if len(printable) > MAX_NAME:
        stem, dot, extension = printable.rpartition(".")
        keep = f"{dot}{extension}"[-16:] if dot else ""
        printable = (stem or printable)[: MAX_NAME - len(keep)] + keep
    return printable or "unnamed"
