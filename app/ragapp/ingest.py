"""Ingestion of one document: claim, parse, split, embed, store. After a crash it can be repeated."""

import logging
import threading
import time
import uuid
from collections.abc import Sequence

import numpy as np
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ragapp import documents
from ragapp.services import Services
from ragapp.space import check_space
from ragkit.embeddings import Vectors
from ragkit.errors import Refused, SpaceMismatch, Unavailable, Unreadable
from ragkit.metrics import INGESTIONS, stage
from ragkit.readers import read_text
from ragkit.splitter import split

log = logging.getLogger(__name__)

# Chunks per call of the embedder. Between two calls the ingestion checks whether it must stop.
BATCH = 64


class Stopping(Exception):
    """The worker is asked to stop."""


class Ingester:
    """Ingests documents, and records which ones it holds and since when."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._held: dict[uuid.UUID, float] = {}
        self.stopping = threading.Event()

    def held(self) -> dict[uuid.UUID, float]:
        """Return the claims of the documents being ingested, with the seconds since each was taken."""
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
                outcome = self._outcome(session, document_id, claim, document.content, document.media_type)
            finally:
                del self._held[claim]
        INGESTIONS.labels(outcome).inc()
        log.info("document %s: %s", document_id, outcome)

    def _outcome(
        self, session: Session, document_id: uuid.UUID, claim: uuid.UUID, content: bytes, media_type: str
    ) -> str:
        try:
            with session.begin():
                check_space(session, self._services.settings)
            texts, vectors = self._prepare(content, media_type)
            with stage("store"), session.begin():
                # The claim comes first: its row lock keeps a second worker from storing the same document.
                if not documents.finish(session, claim):
                    return "superseded"
                self._services.store.replace(session, document_id, texts, vectors)
            return "ready"
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
            # The outcome cannot be stored now. The lease expires, and the document is queued again.
            log.warning("document %s: %s", document_id, error)
            return "lost"
        except Exception:
            log.exception("document %s: an unexpected error", document_id)
            with session.begin():
                documents.fail(session, claim, "an unexpected error; the worker's log has it")
            return "failed"

    def _prepare(self, content: bytes, media_type: str) -> tuple[list[str], Vectors]:
        settings = self._services.settings
        with stage("parse"):
            text = read_text(content, media_type)
        with stage("split"):
            texts = split(text, media_type, settings.chunk_size, settings.chunk_overlap)
        return texts, np.concatenate(
            [self._embed(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)]
        )

    def _embed(self, texts: Sequence[str]) -> Vectors:
        if self.stopping.is_set():
            raise Stopping
        with stage("embed"):
            return self._services.embedder.embed(texts)
