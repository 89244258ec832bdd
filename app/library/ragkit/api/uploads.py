"""Reads uploaded files and makes the cheap checks. Extras: api, documents."""

from dataclasses import dataclass

from fastapi import UploadFile

from ragkit.api.problems import Problem
from ragkit.errors import Unreadable
from ragkit.readers import ACCEPTED, check_content, media_type_of

MAX_NAME = 255


@dataclass(frozen=True)
class Upload:
    """A file of a type that has a reader."""

    name: str
    media_type: str
    content: bytes


def read_upload(file: UploadFile, limit_mb: int, setting: str) -> Upload:
    """Return the file, or raise its problem: 413 (which names the setting of the limit), 415 or
    422."""
    name = _clean(file.filename or "")
    media_type = media_type_of(name, file.content_type)
    if media_type is None:
        raise Problem(415, f"{name}: this file type is not supported; accepted are {ACCEPTED}")
    # The limit of the body leaves room for the multipart form around the file. This limit is exact.
    content = file.file.read(limit_mb * 1024 * 1024 + 1)
    if len(content) > limit_mb * 1024 * 1024:
        raise Problem(413, f"{name}: larger than {setting}, which is {limit_mb}")
    try:
        check_content(content, media_type)
    except Unreadable as error:
        raise Problem(422, f"{name}: {error}") from error
    return Upload(name, media_type, content)


def _clean(name: str) -> str:
    """Return the last part of a path: printable, and at most MAX_NAME characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(character for character in last if character.isprintable()).strip()
    if len(printable) > MAX_NAME:
        stem, dot, extension = printable.rpartition(".")
        keep = f"{dot}{extension}"[-16:] if dot else ""
        printable = (stem or printable)[: MAX_NAME - len(keep)] + keep
    return printable or "unnamed"
