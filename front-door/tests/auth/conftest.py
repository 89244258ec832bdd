"""The fixtures of the tests of the sign-in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.auth.issuer import Issuer, running
from tests.auth.support import Gateway, gateway_of, settings

ANNA = {
    "sub": "1001",
    "email": "anna@example.org",
    "email_verified": True,
    "name": "Anna Ümlaut",
    "groups": ["ops", "staff"],
}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """Return a gateway of a service with built-in users."""
    made = gateway_of(tmp_path / "auth.sqlite3", settings())
    with made.client:
        yield made


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """Return a provider that knows Anna."""
    with running([dict(ANNA)]) as made:
        yield made


@pytest.fixture
def provided(tmp_path: Path, issuer: Issuer) -> Iterator[Gateway]:
    """Return a gateway of a service whose people sign in at the provider."""
    sign_in = {
        "issuer": issuer.url,
        "clientId": issuer.client_id,
        "allow": {"domains": ["Example.org"], "groups": [], "emails": []},
    }
    roles = {"admin": ["group:ops"], "editor": [], "reader": [], "default": "reader"}
    made = gateway_of(tmp_path / "auth.sqlite3", settings(signIn=sign_in, roles=roles), issuer.client_secret)
    with made.client:
        yield made
