"""The tokens of the language model that each person or program may use in a day (UTC)."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import Engine, case, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ragapp.models import TokenUse

log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Left:
    """The tokens that are left, and the seconds until the day ends."""

    tokens: int
    seconds: int


class TokenBudget:
    """Counts tokens in the database, so that restarts and replicas share the counts."""

    def __init__(self, engine: Engine, per_day: int, now: Callable[[], datetime] = _now) -> None:
        self._engine = engine
        self.per_day = per_day
        self._now = now

    def left(self, subject: str) -> Left:
        """Return what the subject may still use today."""
        now = self._now()
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
        mine = (TokenUse.subject == subject, TokenUse.day == now.date())
        with Session(self._engine) as session:
            used = session.scalar(select(TokenUse.tokens).where(*mine)) or 0
        return Left(max(0, self.per_day - used), int((midnight - now).total_seconds()) + 1)

    def spend(self, subject: str, tokens: int) -> None:
        """Count tokens. The answer is there already, so a failure is only logged."""
        row = insert(TokenUse).values(subject=subject, day=self._now().date(), tokens=tokens)
        total = case(
            (TokenUse.day == row.excluded.day, TokenUse.tokens + row.excluded.tokens),
            else_=row.excluded.tokens,
        )
        try:
            with Session(self._engine) as session, session.begin():
                session.execute(
                    row.on_conflict_do_update(
                        index_elements=[TokenUse.subject], set_={"day": row.excluded.day, "tokens": total}
                    )
                )
        except SQLAlchemyError as error:
            log.warning("%d tokens of %s could not be counted: %s", tokens, subject, error)
