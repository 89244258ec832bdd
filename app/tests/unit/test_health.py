"""The check at the start. Does not test what real stores answer. The integration tests prove
that."""

from typing import Any
from unittest.mock import MagicMock

import pytest
from sqlalchemy import create_engine

from ragapp.api.health import wait_for_stores


def services(url: str) -> Any:
    made = MagicMock()
    made.engine = create_engine(url)
    return made


def test_returns_at_once_when_the_stores_answer() -> None:
    wait_for_stores(services("sqlite://"), seconds=0)


def test_exits_with_the_error_of_a_database_that_does_not_answer() -> None:
    with pytest.raises(SystemExit, match=r"no answer after 0 s\. database: "):
        wait_for_stores(services("sqlite:////nowhere/at/all.db"), seconds=0)
