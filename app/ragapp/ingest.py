"""Ingestion of one document: claim, parse, split, embed, store. After a crash it can be
repeated."""

import logging
import threading
import time
import uuid

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ragapp import documents
from ragapp.models import Document
from ragapp.services import Services
from ragapp.space import check_space
from ragkit.bounds import Bound
from ragkit.errors import Refused, SpaceMismatch, Unavailable, Unreadable
from ragkit.metrics import INGESTIONS, stage
from ragkit.passages import Passages, deadline, make_passages, too_slow
from ragkit.readers import Checkpoint

log = logging.getLogger(__name__)

TIMEOUT_SETTING = "RAG_INGEST_TIMEOUT_SECONDS"
# Seconds between two checks of a running ingestion that its document still exists.
CLAIM_CHECK_SECONDS = 1.0


class Stopping(Exception):
    """The worker is asked to stop."""


class Superseded(Exception):
    """The document was deleted, or another worker has it."""


class Ingester:
    """Ingests documents, and records which documents it has claimed, and since when."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._held: dict[uuid.UUID, float] = {}
        self.stopping = threading.Event()

    def held(self) -> dict[uuid.UUID, float]:
        """Return the claims of the documents being ingested, with the seconds since each was
        taken."""
        now = time.monotonic()
        return {claim: now - started for claim, started in list(self._held.items())}

    def ingest(self, document_id: uuid.UUID) -> None:
        """Ingest a document if it is due. Its row records the outcome."""
        if self.stopping.is_set():
            return
        with Session(self._services.engine, expire_on_commit=False) as session:
            with session.begin():
                document = documents.claim(session, document_id)
            if document is None or document.claim is None:
                return
            claim = document.claim
            self._held[claim] = time.monotonic()
            try:
                outcome = self._outcome(session, document, claim)
            finally:
                del self._held[claim]
        INGESTIONS.labels(outcome).inc()
        log.info("document %s: %s", document_id, outcome)

    def fail_stuck(self, seconds: float) -> int:
        """Fail the documents whose ingestion exceeds this time and reaches no checkpoint.

        Returns their number. The threads themselves cannot be ended.
        """
        stuck = [claim for claim, age in self.held().items() if age > seconds]
        if not stuck:
            return 0
        reason = too_slow(self._services.settings.ingest_timeout_seconds, TIMEOUT_SETTING)
        with Session(self._services.engine) as session, session.begin():
            for claim in stuck:
                documents.fail(session, claim, reason)
        return len(stuck)

    def _outcome(self, session: Session, document: Document, claim: uuid.UUID) -> str:
        document_id = document.id
        try:
            with session.begin():
                check_space(session, self._services.settings)
            made = self._prepare(document.content, document.media_type, self._checkpoint(document_id, claim))
            with stage("store"), session.begin():
                # The claim comes first: its row lock keeps a second worker from storing the same
                # document.
                if not documents.finish(session, claim, made.note or None):
                    return "superseded"
                self._services.store.replace(session, document_id, made.texts, made.vectors)
            return "ready"
        except Superseded:
            return "superseded"
        except (Unreadable, Refused) as error:
            with session.begin():
                documents.fail(session, claim, str(error))
            return "failed"
        except (Unavailable, SpaceMismatch) as error:
            with session.begin():
                documents.put_back(session, claim, f"waiting: {error}")
            return "postponed"
        except Stopping:
            with session.begin():
                documents.put_back(session, claim, None, documents.AT_ONCE)
            return "postponed"
        except SQLAlchemyError as error:
            # The result cannot be stored now. The lease expires, and the document is queued again.
            log.warning("document %s: %s", document_id, error)
            return "lost"
        except Exception:
            log.exception("document %s: an unexpected error", document_id)
            with session.begin():
                documents.fail(session, claim, "an unexpected error; the worker's log has the details")
            return "failed"

    def _prepare(self, content: bytes, media_type: str, checkpoint: Checkpoint) -> Passages:
        settings = self._services.settings
        return make_passages(
            content,
            media_type,
            self._services.embedder,
            checkpoint,
            size=settings.chunk_size,
            overlap=settings.chunk_overlap,
            bound=Bound(settings.max_passages, "RAG_MAX_PASSAGES"),
        )

    def _checkpoint(self, document_id: uuid.UUID, claim: uuid.UUID) -> Checkpoint:
        """Return the function that ends the ingestion when it must stop, is too slow or lost its
        document."""
        in_time = deadline(self._services.settings.ingest_timeout_seconds, TIMEOUT_SETTING)
        checked = time.monotonic()

        def check() -> None:
            nonlocal checked
            if self.stopping.is_set():
                raise Stopping
            in_time()
            if time.monotonic() - checked > CLAIM_CHECK_SECONDS:
                if not self._is_held(document_id, claim):
                    raise Superseded
                checked = time.monotonic()

        return check

    def _is_held(self, document_id: uuid.UUID, claim: uuid.UUID) -> bool:
        try:
            with Session(self._services.engine) as session:
                return documents.is_held(session, document_id, claim)
        except SQLAlchemyError as error:
            # The claim still counts as held, so that a restart of the database does not lose the
            # work so far.
            log.warning(
                "document %s: its claim could not be checked: %s", document_id, str(error).splitlines()[0]
            )
            return True
