"""The cache of query embeddings, with a Redis in memory and without Redis. Does not test a real
Redis.
"""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import redis

from ragapp.query_cache import QueryEmbedder
from ragkit.embeddings import Limits, Vectors


class Counting:
    limits = Limits()

    def __init__(self) -> None:
        self.calls = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.calls += 1
        return np.ones((len(texts), 3), np.float32)

    def check(self) -> None: ...


class Memory:
    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    def set(self, key: str, value: bytes, ex: int) -> None:
        self.kept[key] = value


class Down:
    def get(self, key: str) -> bytes:
        raise redis.ConnectionError("down")

    def set(self, key: str, value: bytes, ex: int) -> None:
        raise redis.ConnectionError("down")


def cached(cache: object) -> tuple[QueryEmbedder, Counting]:
    counting = Counting()
    return QueryEmbedder(counting, cast(Any, cache), "m", 3), counting


def test_a_repeated_question_is_not_embedded_again() -> None:
    embedder, counting = cached(Memory())
    assert np.array_equal(embedder.embed("q"), embedder.embed("q"))
    assert counting.calls == 1


def test_a_damaged_entry_is_embedded_again() -> None:
    memory = Memory()
    embedder, counting = cached(memory)
    embedder.embed("q")
    memory.kept = dict.fromkeys(memory.kept, b"short")
    assert embedder.embed("q").shape == (3,)
    assert counting.calls == 2


def test_without_redis_everything_is_embedded() -> None:
    embedder, counting = cached(Down())
    embedder.embed("q")
    embedder.embed("q")
    assert counting.calls == 2
