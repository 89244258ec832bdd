"""The worker: takes memories from the queue, embeds them, and writes its heartbeat."""

import logging
import os
import signal
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait

import numpy as np
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from mnemolite import heartbeat, memories, work_queue
from mnemolite.chroma import Chroma
from mnemolite.database import make_engine
from mnemolite.heartbeat import Heartbeat
from mnemolite.settings import Ingestion, load_settings_or_exit
from mnemolite.work_queue import Claim
from ragkit.embeddings import Embedder, make_embedder
from ragkit.errors import Unavailable, Unreadable
from ragkit.logs import configure_logs
from ragkit.providers import model_settings
from ragkit.readers import read_text
from ragkit.splitter import split

log = logging.getLogger(__name__)

# Passages per batch, about three seconds of one core. After each the worker checks whether it must stop.
BATCH = 8
# After a dependency has failed.
REST_SECONDS = 5.0


class Stopping(Exception):
    """The worker is asked to stop."""


class Worker:
    """A loop that claims, supervises and reports. A separate thread does the work."""

    def __init__(
        self, engine: Engine, chroma: Chroma, embedder: Embedder, config: Ingestion, life: Heartbeat
    ) -> None:
        self._engine = engine
        self._chroma = chroma
        self._embedder = embedder
        self._config = config
        self._life = life
        self.stopping = threading.Event()

    def run(self) -> None:
        """Ingest until stopped. A memory in progress is then queued again."""
        with ThreadPoolExecutor(1) as pool:
            while not self.stopping.is_set():
                self._life.beat()
                try:
                    # First: while vectors cannot be stored, nothing is claimed and no attempt is lost.
                    self._chroma.check()
                    with self._engine.begin() as connection:
                        config = self._config
                        claim = work_queue.take(
                            connection, config.lease_seconds, config.longest_pause_seconds
                        )
                    if claim is None:
                        self.stopping.wait(self._config.poll_seconds)
                    else:
                        self._finish(claim, self._supervise(pool.submit(self._ingest, claim), claim))
                except (Unavailable, SQLAlchemyError) as error:
                    log.warning("waiting: %s", str(error).splitlines()[0])
                    self.stopping.wait(REST_SECONDS)

    def _supervise(self, work: "Future[list[str]]", claim: Claim) -> "Future[list[str]]":
        """Wait for the work. Write the heartbeat and extend the claim meanwhile."""
        started = renewed = time.monotonic()
        while not wait([work], timeout=1).done:
            self._life.beat()
            now = time.monotonic()
            if now - started > self._config.timeout_seconds:
                # A thread cannot be ended, but the process can. Its restart counts as an attempt.
                log.error("memory %s takes longer than timeout_seconds: the worker ends", claim.memory_id)
                os._exit(1)
            if now - renewed > self._config.lease_seconds / 3:
                renewed = now
                try:
                    with self._engine.begin() as connection:
                        work_queue.renew(connection, claim, self._config.lease_seconds)
                except SQLAlchemyError as error:
                    log.warning("the claim is not renewed: %s", str(error).splitlines()[0])
        return work

    def _ingest(self, claim: Claim) -> list[str]:
        """Store the vectors of a memory and return its passages."""
        if claim.attempts > self._config.max_attempts:
            raise Unreadable("its worker died at every attempt")
        with self._engine.begin() as connection:
            content, media_type = memories.content(connection, claim.memory_id)
        text = read_text(content, media_type)
        texts = split(text, media_type, self._config.chunk_size, self._config.chunk_overlap)
        vectors = []
        for start in range(0, len(texts), BATCH):
            if self.stopping.is_set():
                raise Stopping
            vectors.append(self._embedder.embed(texts[start : start + BATCH]))
        # Vectors before texts: a search leaves out vectors without texts, and a retry overwrites them.
        self._chroma.put(claim.memory_id, np.concatenate(vectors))
        return texts

    def _finish(self, claim: Claim, work: "Future[list[str]]") -> None:
        """Record the outcome."""
        error = work.exception()
        with self._engine.begin() as connection:
            if error is None:
                ours = work_queue.done(connection, claim)
                if ours:
                    memories.keep_passages(connection, claim.memory_id, work.result())
                outcome = "done"
            else:
                ours, outcome = self._not_done(connection, claim, error)
        if ours:
            log.info("memory %s: %s", claim.memory_id, outcome)
        else:
            log.warning("memory %s: another worker has claimed it", claim.memory_id)

    def _not_done(self, connection: Connection, claim: Claim, error: BaseException) -> tuple[bool, str]:
        if isinstance(error, Stopping):
            return work_queue.again(connection, claim, None, 0), "queued again"
        if isinstance(error, Unavailable | SQLAlchemyError):
            reason = str(error).splitlines()[0]
        elif isinstance(error, Unreadable):
            return work_queue.fail(connection, claim, str(error)), f"failed: {error}"
        else:
            log.error("memory %s: an unexpected error", claim.memory_id, exc_info=error)
            reason = "an unexpected error; the worker's log has it"
        if claim.attempts >= self._config.max_attempts:
            reason = f"{reason} (after {claim.attempts} attempts)"
            return work_queue.fail(connection, claim, reason), f"failed: {reason}"
        config = self._config
        pause = work_queue.pause(claim.attempts, config.first_pause_seconds, config.longest_pause_seconds)
        return work_queue.again(
            connection, claim, reason, pause
        ), f"another attempt in {pause:.0f} s: {reason}"


def work() -> int:
    """Run the worker until SIGTERM."""
    settings = load_settings_or_exit()
    configure_logs()
    life = heartbeat.default()
    # The file may be of the previous worker.
    life.stop()
    embedder = make_embedder(model_settings("embedding", "local"))
    worker = Worker(
        make_engine(settings), Chroma(settings.chroma_url), embedder, settings.config.ingestion, life
    )
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: worker.stopping.set())
    log.info("the worker is ready")
    worker.run()
    life.stop()
    log.info("the worker has stopped")
    return 0
