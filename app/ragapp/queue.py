"""The ingestion queue in Redis. It only announces documents: the documents table holds their
state."""

import logging
import uuid
from collections.abc import Callable
from typing import Any

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from redis.backoff import NoBackoff
from redis.retry import Retry

from ragapp.settings import Settings
from ragkit.secret_files import read_secret

log = logging.getLogger(__name__)

# The key is whether the documents are large. Each queue has its own worker threads.
QUEUES = {False: "ingest", True: "ingest-large"}
ACTORS = {False: "ingest_document", True: "ingest_large_document"}


def connect(settings: Settings, timeout: float = 1.0) -> "redis.Redis":
    """Return a client whose calls fail after `timeout` seconds. The callers must not wait for
    Redis."""
    return redis.Redis(
        host=settings.redis_host,
        port=settings.redis_port,
        username=settings.redis_user or None,
        password=read_secret(settings.redis_password_file) if settings.redis_password_file else None,
        ssl=settings.redis_tls != "disable",
        ssl_cert_reqs="required" if settings.redis_tls == "verify-full" else "none",
        ssl_check_hostname=settings.redis_tls == "verify-full",
        ssl_ca_certs=str(settings.redis_tls_authority) if settings.redis_tls_authority else None,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        health_check_interval=10,
        # One immediate retry, for a connection that a restart of Redis left stale. The default
        # back-off of redis-py would delay every request for seconds while Redis is down.
        retry=Retry(NoBackoff(), 1),
    )


class IngestionQueue:
    """Sends and receives the ids of documents to ingest."""

    def __init__(self, client: "redis.Redis") -> None:
        # No middleware: retries and time limits are in the documents table, where users can see
        # them.
        self.broker = RedisBroker(  # type: ignore[no-untyped-call]
            client=client, middleware=[], namespace="ragapp"
        )
        for queue in QUEUES.values():
            self.broker.declare_queue(queue)

    def send(self, document_id: uuid.UUID, *, large: bool = False) -> bool:
        """Announce a document. Return False when Redis is down. The sweep of the worker finds the
        document later."""
        message: dramatiq.Message[Any] = dramatiq.Message(
            queue_name=QUEUES[large],
            actor_name=ACTORS[large],
            args=(str(document_id),),
            kwargs={},
            options={},
        )
        try:
            self.broker.enqueue(message)
        except (dramatiq.DramatiqError, redis.RedisError) as error:
            log.warning(
                "document %s could not be queued in Redis; the worker will find it in its next sweep: %s",
                document_id,
                error,
            )
            return False
        return True

    def is_empty(self, *, large: bool = False) -> bool:
        """Return whether no announced document waits for a worker."""
        return not self.broker.client.llen(f"ragapp:{QUEUES[large]}")

    def receive(
        self, handle: Callable[[uuid.UUID], None], threads: int, *, large: bool = False
    ) -> dramatiq.Worker:
        """Start worker threads that call `handle` for each document of one of the queues."""

        def ingest_document(document_id: str) -> None:
            handle(uuid.UUID(document_id))

        actor = dramatiq.actor(actor_name=ACTORS[large], queue_name=QUEUES[large], broker=self.broker)
        actor(ingest_document)
        worker = dramatiq.Worker(self.broker, queues={QUEUES[large]}, worker_threads=threads)
        worker.start()
        return worker
