"""The worker: takes memories from the queue, embeds them, and writes its heartbeat."""

import logging
import os
import signal
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from mnemolite import heartbeat, memories, work_queue
from mnemolite.chroma import Chroma
from mnemolite.database import make_engine
from mnemolite.heartbeat import Heartbeat
from mnemolite.settings import Ingestion, load_settings_or_exit
from mnemolite.work_queue import Claim
from ragkit.bounds import Bound
from ragkit.embeddings import Embedder, make_embedder
from ragkit.errors import Unavailable, Unreadable
from ragkit.logs import configure_logs
from ragkit.passages import Passages, deadline, make_passages, too_slow
from ragkit.providers import model_settings

log = logging.getLogger(__name__)

TIMEOUT_SETTING = "ingestion.timeout_seconds"
# An ingestion ends itself at its next checkpoint after the time limit. An ingestion that is stuck
# within a step does not, so the worker ends after this additional time.
GRACE_SECONDS = 30.0
# Seconds to wait after a dependency has failed.
REST_SECONDS = 5.0


class Stopping(Exception):
    """The worker was asked to stop."""


class Superseded(Exception):
    """The memory was deleted, or another worker has it."""


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
                    # Checked first, so that no memory is claimed and no attempt is lost while
                    # vectors cannot be stored.
                    self._chroma.check()
                    with self._engine.begin() as connection:
                        config = self._config
                        claim = work_queue.take(
                            connection, config.lease_seconds, config.longest_pause_seconds
                        )
                    if claim is None:
                        self.stopping.wait(self._config.poll_seconds)
                    else:
                        lost = threading.Event()
                        work = pool.submit(self._ingest, claim, lost)
                        self._finish(claim, self._supervise(work, claim, lost))
                except (Unavailable, SQLAlchemyError) as error:
                    log.warning("waiting: %s", str(error).splitlines()[0])
                    self.stopping.wait(REST_SECONDS)

    def _supervise(self, work: "Future[Passages]", claim: Claim, lost: threading.Event) -> "Future[Passages]":
        """Wait for the work. Meanwhile, write the heartbeat and extend the claim."""
        started = renewed = time.monotonic()
        limit = self._config.timeout_seconds
        while not wait([work], timeout=1).done:
            self._life.beat()
            now = time.monotonic()
            if now - started > limit + GRACE_SECONDS:
                # A thread cannot be ended, but the process can. Docker starts it again.
                log.error("memory %s is stuck: the worker ends", claim.memory_id)
                self._end_stuck(claim)
                os._exit(1)
            if now - renewed > self._config.lease_seconds / 3:
                renewed = now
                try:
                    with self._engine.begin() as connection:
                        if not work_queue.renew(connection, claim, self._config.lease_seconds):
                            lost.set()
                except SQLAlchemyError as error:
                    log.warning("the claim could not be renewed: %s", str(error).splitlines()[0])
        return work

    def _end_stuck(self, claim: Claim) -> None:
        """Record that a memory takes too long. Without the database it gets another attempt."""
        reason = too_slow(self._config.timeout_seconds, TIMEOUT_SETTING)
        try:
            with self._engine.begin() as connection:
                work_queue.fail(connection, claim, reason)
        except SQLAlchemyError as error:
            log.warning("the outcome could not be recorded: %s", str(error).splitlines()[0])

    def _ingest(self, claim: Claim, lost: threading.Event) -> Passages:
        """Store the vectors of a memory and return its passages."""
        if claim.attempts > self._config.max_attempts:
            raise Unreadable("its worker stopped at every attempt")
        with self._engine.begin() as connection:
            content, media_type = memories.content(connection, claim.memory_id)
        in_time = deadline(self._config.timeout_seconds, TIMEOUT_SETTING)

        def checkpoint() -> None:
            if self.stopping.is_set():
                raise Stopping
            if lost.is_set():
                raise Superseded
            in_time()

        made = make_passages(
            content,
            media_type,
            self._embedder,
            checkpoint,
            size=self._config.chunk_size,
            overlap=self._config.chunk_overlap,
            bound=Bound(self._config.max_passages, "ingestion.max_passages"),
        )
        # Vectors are stored before texts. A search leaves out vectors without texts, and a retry
        # overwrites them.
        self._chroma.put(claim.memory_id, made.vectors)
        return made

    def _finish(self, claim: Claim, work: "Future[Passages]") -> None:
        """Record the outcome."""
        error = work.exception()
        with self._engine.begin() as connection:
            if error is None:
                made = work.result()
                ours = work_queue.done(connection, claim, made.note or None)
                if ours:
                    memories.keep_passages(connection, claim.memory_id, made.texts)
                outcome = "done"
            else:
                ours, outcome = self._not_done(connection, claim, error)
        if ours:
            log.info("memory %s: %s", claim.memory_id, outcome)
        else:
            log.warning("memory %s: another worker has claimed it", claim.memory_id)

    def _not_done(self, connection: Connection, claim: Claim, error: BaseException) -> tuple[bool, str]:
        if isinstance(error, Superseded):
            return False, "superseded"
        if isinstance(error, Stopping):
            return work_queue.again(connection, claim, None, 0), "queued again"
        if isinstance(error, Unavailable | SQLAlchemyError):
            reason = str(error).splitlines()[0]
        elif isinstance(error, Unreadable):
            return work_queue.fail(connection, claim, str(error)), f"failed: {error}"
        else:
            log.error("memory %s: an unexpected error", claim.memory_id, exc_info=error)
            reason = "an unexpected error; the worker's log has the details"
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
    # The file may belong to the previous worker.
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
