"""Reads server-sent events. A line ends at CR, LF or CRLF only.

`str.splitlines`, and `iter_lines` of httpx with it, also end lines at U+2028, U+2029, U+0085 and
others. These characters may be part of an event.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class ServerSentEvent:
    """An event. Its name is `message` unless the server sets one."""

    name: str
    data: str


def read_events(pieces: Iterable[bytes]) -> Iterator[ServerSentEvent]:
    """Yield the events of a response, whose body arrives in pieces of any size."""
    name, data = "", list[str]()
    for line in _lines(pieces):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif not line:
            if data:
                yield ServerSentEvent(name or "message", "\n".join(data))
            name, data = "", []
    # A body may end without the empty line. An interrupted body raises an error before this point.
    if data:
        yield ServerSentEvent(name or "message", "\n".join(data))


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    rest = ""
    for piece in pieces:
        text = rest + decoder.decode(piece)
        # A CR at the end may be the first half of a CRLF.
        held = "\r" if text.endswith("\r") else ""
        *lines, rest = LINE_END.split(text.removesuffix(held))
        rest += held
        yield from lines
    *lines, rest = LINE_END.split(rest + decoder.decode(b"", final=True))
    yield from lines
    if rest:
        yield rest
