"""The queue of memories. One worker at a time claims a memory."""

import uuid
from dataclasses import dataclass

from sqlalchemy import Connection, text

# SKIP LOCKED: workers that read at the same time take different rows. A running row that is due
# again belongs to a worker that died. A row that is due later than the code ever writes was written
# before the system clock was set back. Each 1000 bytes of a memory move it one second back in the
# order, so that small memories do not wait for all large ones in front of them.
CLAIM = text("""
    UPDATE queue SET state = 'running', attempts = attempts + 1, claim = gen_random_uuid(),
        due_at = now() + make_interval(secs => :lease), updated_at = now()
    WHERE memory_id = (
        SELECT q.memory_id FROM queue q JOIN memories m ON m.id = q.memory_id
        WHERE q.state IN ('queued', 'running')
            AND (q.due_at <= now() OR q.due_at > now() + make_interval(secs => :beyond))
        ORDER BY q.due_at + make_interval(secs => octet_length(m.content) / 1000.0)
        FOR UPDATE OF q SKIP LOCKED LIMIT 1
    )
    RETURNING memory_id, claim, attempts
""")
RENEW = text("UPDATE queue SET due_at = now() + make_interval(secs => :lease) WHERE claim = :claim")
# The condition contains the claim, so a worker that lost it changes nothing.
END = text("""
    UPDATE queue SET state = :state, reason = :reason, claim = NULL, updated_at = now(),
        attempts = attempts - :uncounted, due_at = now() + make_interval(secs => :pause)
    WHERE claim = :claim
""")
EVENT = text("INSERT INTO events (memory_id, kind, detail) VALUES (:memory, :kind, :detail)")
PUT = text("INSERT INTO queue (memory_id) VALUES (:memory)")


@dataclass(frozen=True)
class Claim:
    """A memory that only this worker may ingest while it renews the claim."""

    id: uuid.UUID
    memory_id: uuid.UUID
    attempts: int


def put(connection: Connection, memory_id: uuid.UUID) -> None:
    """Queue a memory for a worker."""
    connection.execute(PUT, {"memory": memory_id})
    _record(connection, memory_id, "queued", None)


def take(connection: Connection, lease_seconds: float, longest_pause_seconds: float) -> Claim | None:
    """Claim the next memory. Short memories, and those that have been due for long, come first."""
    beyond = 2 * max(lease_seconds, longest_pause_seconds)
    row = connection.execute(CLAIM, {"lease": lease_seconds, "beyond": beyond}).one_or_none()
    return Claim(row.claim, row.memory_id, row.attempts) if row else None


def renew(connection: Connection, claim: Claim, lease_seconds: float) -> bool:
    """Extend a claim. Return False when the memory was deleted or another worker has claimed it."""
    return bool(connection.execute(RENEW, {"claim": claim.id, "lease": lease_seconds}).rowcount)


def done(connection: Connection, claim: Claim, note: str | None) -> bool:
    """Mark a memory as done, with a note. Return False when another worker has claimed it."""
    return _end(connection, claim, "done", note)


def again(connection: Connection, claim: Claim, reason: str | None, pause_seconds: float) -> bool:
    """Queue a memory for another attempt. Without a reason, the attempt does not count as
    failed."""
    return _end(connection, claim, "queued", reason, pause_seconds, uncounted=0 if reason else 1)


def fail(connection: Connection, claim: Claim, reason: str) -> bool:
    """Mark a memory as failed. It is not tried again."""
    return _end(connection, claim, "failed", reason)


def pause(attempts: int, first: float, longest: float) -> float:
    """Return the seconds to wait after this number of attempts. Each pause is twice the previous
    one."""
    return float(min(first * 2 ** (attempts - 1), longest))


def _end(
    connection: Connection,
    claim: Claim,
    state: str,
    reason: str | None,
    pause_seconds: float = 0,
    uncounted: int = 0,
) -> bool:
    values = {"state": state, "reason": reason, "pause": pause_seconds, "uncounted": uncounted}
    if not connection.execute(END, {**values, "claim": claim.id}).rowcount:
        return False
    _record(connection, claim.memory_id, state, reason)
    return True


def _record(connection: Connection, memory_id: uuid.UUID, kind: str, detail: str | None) -> None:
    connection.execute(EVENT, {"memory": memory_id, "kind": kind, "detail": detail})
