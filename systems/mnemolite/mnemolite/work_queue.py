"""The queue: memories that wait, each claimed by one worker at a time."""

import uuid
from dataclasses import dataclass

from sqlalchemy import Connection, text

# SKIP LOCKED: workers that look at the same moment take different rows. A row that runs and is due again was
# left by a worker that died; one that is due further ahead than anything ever is was written before the clock
# was set back.
CLAIM = text("""
    UPDATE queue SET state = 'running', attempts = attempts + 1, claim = gen_random_uuid(),
        due_at = now() + make_interval(secs => :lease), updated_at = now()
    WHERE memory_id = (
        SELECT memory_id FROM queue WHERE state IN ('queued', 'running')
            AND (due_at <= now() OR due_at > now() + make_interval(secs => :beyond))
        ORDER BY due_at FOR UPDATE SKIP LOCKED LIMIT 1
    )
    RETURNING memory_id, claim, attempts
""")
RENEW = text("UPDATE queue SET due_at = now() + make_interval(secs => :lease) WHERE claim = :claim")
# The claim in the condition: who lost it changes nothing.
END = text("""
    UPDATE queue SET state = :state, reason = :reason, claim = NULL, updated_at = now(),
        attempts = attempts - :uncounted, due_at = now() + make_interval(secs => :pause)
    WHERE claim = :claim
""")
EVENT = text("INSERT INTO events (memory_id, kind, detail) VALUES (:memory, :kind, :detail)")
PUT = text("INSERT INTO queue (memory_id) VALUES (:memory)")


@dataclass(frozen=True)
class Claim:
    """A memory that this worker alone may ingest while it renews the claim."""

    id: uuid.UUID
    memory_id: uuid.UUID
    attempts: int


def put(connection: Connection, memory_id: uuid.UUID) -> None:
    """Let a memory wait for a worker."""
    connection.execute(PUT, {"memory": memory_id})
    _record(connection, memory_id, "queued", None)


def take(connection: Connection, lease_seconds: float, longest_pause_seconds: float) -> Claim | None:
    """Claim the memory that has been due longest."""
    beyond = 2 * max(lease_seconds, longest_pause_seconds)
    row = connection.execute(CLAIM, {"lease": lease_seconds, "beyond": beyond}).one_or_none()
    return Claim(row.claim, row.memory_id, row.attempts) if row else None


def renew(connection: Connection, claim: Claim, lease_seconds: float) -> None:
    """Keep a claim for longer."""
    connection.execute(RENEW, {"claim": claim.id, "lease": lease_seconds})


def done(connection: Connection, claim: Claim) -> bool:
    """Mark a memory as done; False when another worker has it by now."""
    return _end(connection, claim, "done", None)


def again(connection: Connection, claim: Claim, reason: str | None, pause_seconds: float) -> bool:
    """Queue a memory for another try; without a reason nothing went wrong, and the try does not count."""
    return _end(connection, claim, "queued", reason, pause_seconds, uncounted=0 if reason else 1)


def fail(connection: Connection, claim: Claim, reason: str) -> bool:
    """Give a memory up."""
    return _end(connection, claim, "failed", reason)


def pause(attempts: int, first: float, longest: float) -> float:
    """Return the seconds to wait after so many attempts: each time twice as long."""
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
