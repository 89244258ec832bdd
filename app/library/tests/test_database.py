"""The problems for errors of the database. Does not prove that PostgreSQL raises these errors."""

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from ragkit.api.database import problem_of


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (psycopg.errors.DiskFull("could not extend file"), "the disk is full"),
        (psycopg.OperationalError("the connection is closed"), "does not answer"),
    ],
)
def test_the_problem_says_what_the_database_cannot_do(error: psycopg.Error, words: str) -> None:
    problem = problem_of(OperationalError("INSERT", {}, error))
    assert problem is not None
    assert problem.status == 503
    assert words in problem.detail
