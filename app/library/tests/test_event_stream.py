"""Server-sent events, whatever characters they have and wherever the body is cut."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragkit.event_stream import ServerSentEvent, read_events

# Characters that end a line for str.splitlines, but not in the format of events.
OTHER_ENDS = "\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e"


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_lines_end_at_cr_lf_and_crlf(end: str) -> None:
    body = end.join(["event: a", "data: 1", "data:2", "", ": comment", "data: 3", "", "id: 4", "", ""])
    events = [ServerSentEvent("a", "1\n2"), ServerSentEvent("message", "3")]
    assert list(read_events([body.encode()])) == events
    assert list(read_events(bytes([byte]) for byte in body.encode())) == events


@pytest.mark.parametrize("character", OTHER_ENDS)
def test_no_other_character_ends_a_line(character: str) -> None:
    body = f"event: token\ndata: before{character}after\n\n".encode()
    assert list(read_events([body])) == [ServerSentEvent("token", f"before{character}after")]


def test_a_body_may_lack_the_last_empty_line_and_begin_with_a_byte_order_mark() -> None:
    assert list(read_events([b"\xef\xbb\xbfdata: 1"])) == [ServerSentEvent("message", "1")]


@given(text=st.text(), cuts=st.lists(st.integers(0, 80), max_size=5))
def test_any_text_arrives_wherever_the_body_is_split(text: str, cuts: list[int]) -> None:
    body = f"data: {json.dumps(text, ensure_ascii=False)}\r\n\r\n".encode("utf-8", "replace")
    places = sorted({min(cut, len(body)) for cut in cuts} | {0, len(body)})
    pieces = [body[start:end] for start, end in pairwise(places)]
    assert [json.loads(event.data) for event in read_events(pieces)] == [
        text.encode("utf-8", "replace").decode()
    ]
