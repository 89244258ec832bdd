"""Passages of a file: none is longer than the model reads, and a checkpoint can end the work at any
time."""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ragkit.bounds import Bound
from ragkit.embeddings import Limits, Vectors, make_embedder
from ragkit.embeddings.local import MAX_TOKENS, LocalEmbedder
from ragkit.embeddings.wordpiece import SPECIAL_TOKENS
from ragkit.errors import Unreadable
from ragkit.passages import NOT_ENGLISH, deadline, make_passages
from ragkit.providers import ModelSettings
from ragkit.readers import Checkpoint
from ragkit.splitter import split
from ragkit_testing import Letters
from ragkit_testing.files import pdf

ENGLISH = "The quick brown fox jumps over the lazy dog, and nobody knows why it does so every day. "
RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю, пока он не остыл на столе. "
GREEK = "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία, γιατί κανείς δεν ξέρει τι θα φέρει η αυριανή μέρα. "
GERMAN = "Die Rechtsschutzversicherungsgesellschaften überprüfen Grundstücksverkehrsgenehmigungen. "
CODE = "def f_1(x_2, *args):\n    return {k: v[0] << 2 for (k, v) in x_2.items() if not (k % 3 == 0)}\n\n"
CSV = '2026-11-26,17.25,0x1F,"a;b",-3.14e-10,TRUE,#N/A,98765,4321.00,x_y-z\n'
CHINESE = "天地玄黃宇宙洪荒日月盈昃辰宿列張寒來暑往秋收冬藏"
TEXTS = {
    "english": ENGLISH,
    "russian": RUSSIAN,
    "greek": GREEK,
    "german": GERMAN,
    "code": CODE,
    "csv": CSV,
    "chinese": CHINESE,
    "symbols": "a+(b)*[c]/{d}=<e>;",
}
# In the other languages a word may be split.
WITH_BLANKS = {"english", "russian", "greek", "german", "code"}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("size", [800, 8000])
@pytest.mark.parametrize("media_type", ["text/plain", "text/markdown"])
def test_no_chunk_is_longer_than_the_model_reads(
    local: LocalEmbedder, name: str, size: int, media_type: str
) -> None:
    window = local.limits.window
    assert window is not None
    text = TEXTS[name] * (20_000 // len(TEXTS[name]))
    chunks = split(text, media_type, size, 100, window)
    assert max(window.count(chunks)) <= MAX_TOKENS - SPECIAL_TOKENS
    assert all(chunk in text and len(chunk) <= size for chunk in chunks)
    if name in WITH_BLANKS:
        assert set(text.split()) == {word for chunk in chunks for word in chunk.split()}
    # The parts of a chunk that is too long have about the same length.
    assert len(chunks) < 2.2 * max(len(text) / size, sum(window.count([text])) / window.tokens)


def test_the_model_embeds_the_end_of_a_dense_chunk(local: LocalEmbedder) -> None:
    """Two texts of 800 characters that differ at the end only had a distance of 0."""
    same = RUSSIAN * 8
    one, other = (
        make_passages((same + end).encode(), "text/plain", local) for end in ("Кот спит.", "Война началась.")
    )
    assert one.vectors[-1] @ other.vectors[-1] < 0.99


def test_english_chunks_keep_their_size(local: LocalEmbedder) -> None:
    text = ENGLISH * 50
    assert split(text, "text/plain", window=local.limits.window) == split(text, "text/plain")


def test_remote_models_with_the_same_vocabulary_have_a_window(model_dir: Path) -> None:
    settings = ModelSettings("ollama", "mxbai-embed-large", "http://x/v1", 1024, model_dir=model_dir)
    window = make_embedder(settings).limits.window
    assert window is not None
    assert window.tokens == 510
    assert max(window.count(split(RUSSIAN * 50, "text/plain", window=window))) <= 510


class Ones:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.batches: list[int] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.batches.append(len(texts))
        return np.ones((len(texts), 2), np.float32)

    def check(self) -> None: ...


class Ended(Exception):
    pass


def end_after(calls: int) -> Checkpoint:
    left = calls

    def checkpoint() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Ended

    return checkpoint


def test_a_file_is_embedded_in_batches_with_a_checkpoint_before_each() -> None:
    ones = Ones(Limits(batch=8))
    content = (ENGLISH * 200).encode()
    made = make_passages(content, "text/plain", ones)
    assert len(made.texts) == len(made.vectors) == sum(ones.batches)
    assert max(ones.batches) == 8
    for calls in range(4):
        with pytest.raises(Ended):
            make_passages(content, "text/plain", ones, end_after(calls))


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(pdf("Hello"), "application/pdf"), (b"<p>Hello", "text/html"), (b"x", "text/plain")],
)
def test_every_reader_stops_at_checkpoints(content: bytes, media_type: str) -> None:
    with pytest.raises(Ended):
        make_passages(content, media_type, Ones(Limits()), end_after(0))


def test_a_deadline_error_gives_the_reason() -> None:
    deadline(60, "RAG_INGEST_TIMEOUT_SECONDS")()
    with pytest.raises(Unreadable, match="takes longer than RAG_INGEST_TIMEOUT_SECONDS, which is 0 s"):
        deadline(0, "RAG_INGEST_TIMEOUT_SECONDS")()


@pytest.mark.parametrize(
    ("text", "english_only", "note"),
    [
        (ENGLISH, True, ""),
        (GERMAN, True, ""),
        (CSV, True, ""),
        (CHINESE, True, NOT_ENGLISH),
        ("ภาษาไทย", True, NOT_ENGLISH),
        (RUSSIAN, True, NOT_ENGLISH),
        (CHINESE, False, ""),
    ],
)
def test_a_text_in_an_unknown_script_gets_a_note(text: str, english_only: bool, note: str) -> None:
    made = make_passages(text.encode(), "text/plain", Ones(Limits(english_only=english_only)))
    assert made.note == note


def test_long_lines_take_linear_time(local: LocalEmbedder) -> None:
    """Before the fix, 1.6 million characters took 82 s."""
    random.seed(1)
    text = "".join(random.choices("天地玄黃宇宙洪荒日月盈昃辰宿列張", k=400_000))
    chunks = split(text, "text/plain")
    assert sum(map(len, chunks)) >= len(text)
    assert all(len(chunk) <= 800 for chunk in chunks)


def test_a_file_with_too_many_passages_is_refused_with_the_reason() -> None:
    embedder = Letters()
    content = b"One sentence of many. " * 1000
    most = len(make_passages(content, "text/plain", embedder).texts)
    assert make_passages(content, "text/plain", embedder, bound=Bound(most, "MAX")).texts
    embedder.texts = 0
    with pytest.raises(Unreadable, match=rf"it has {most} passages, more than MAX, which is {most - 1};"):
        make_passages(content, "text/plain", embedder, bound=Bound(most - 1, "MAX"))
    assert embedder.texts == 0, "and none of it is embedded"
