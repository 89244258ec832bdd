"""The authority of a stack, with Python's own strict checks as the client."""

import socket
import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest

from frontdoor.certificates import authority
from frontdoor.certificates.authority import InternalAuthority, is_placeholder, placeholder
from frontdoor.certificates.pairs import Pair, checked


def accepts(pair: Pair, trusted: Path, name: str, tmp_path: Path) -> bool:
    """Return whether a client that trusts an authority connects to a server with this pair."""
    (tmp_path / "chain").write_bytes(pair.chain)
    (tmp_path / "key").write_bytes(pair.key)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "chain", tmp_path / "key")
    asking = ssl.create_default_context(cafile=str(trusted))
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            serving.wrap_socket(theirs, server_side=True).close()
        except (ssl.SSLError, OSError):
            theirs.close()

    server = Thread(target=serve)
    server.start()
    try:
        asking.wrap_socket(ours, server_hostname=name).close()
    except ssl.SSLCertVerificationError:
        return False
    finally:
        ours.close()
        server.join()
    return True


Make = Callable[..., InternalAuthority]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return lambda *names: InternalAuthority(tmp_path, "ragdock-test", names or ("localhost", "127.0.0.1"))


def test_clients_that_trust_the_authority_accept_its_names_only(make: Make, tmp_path: Path) -> None:
    pair = make("rag.example.org", "localhost", "127.0.0.1").obtain(None)
    for name in ("rag.example.org", "localhost", "127.0.0.1"):
        assert accepts(pair, tmp_path / "ca.pem", name, tmp_path), name
    assert not accepts(pair, tmp_path / "ca.pem", "other.example.org", tmp_path)
    assert not accepts(placeholder(), tmp_path / "ca.pem", "localhost", tmp_path)


def test_a_good_certificate_is_kept(make: Make) -> None:
    first = make().obtain(None)
    assert make().obtain(first) == first
    assert first.expires - first.begins == timedelta(days=90, hours=1)


def test_a_certificate_is_renewed_a_month_before_its_end(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authority, "LEAF_DAYS", 29)
    old = make().obtain(None)
    monkeypatch.setattr(authority, "LEAF_DAYS", 90)
    new = make().obtain(old)
    assert new.expires > old.expires
    assert make().obtain(new) == new


def test_another_domain_gets_another_certificate_of_the_same_authority(make: Make, tmp_path: Path) -> None:
    first = make("old.example.org").obtain(None)
    trusted = (tmp_path / "ca.pem").read_bytes()
    second = make("new.example.org").obtain(first)
    assert second.covers(["new.example.org"])
    assert (tmp_path / "ca.pem").read_bytes() == trusted


def test_an_authority_that_ends_too_early_is_replaced(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authority, "AUTHORITY_DAYS", 80)
    first = make().obtain(None)
    monkeypatch.setattr(authority, "AUTHORITY_DAYS", 3650)
    second = make().obtain(first)
    assert second != first
    assert make().obtain(second) == second


def test_only_the_program_can_read_the_key_of_the_authority(make: Make, tmp_path: Path) -> None:
    make().obtain(None)
    assert (tmp_path / "authority.pem").stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE" not in (tmp_path / "ca.pem").read_bytes()


def test_nginx_can_use_the_placeholder_pair() -> None:
    pair = placeholder()
    assert is_placeholder(checked(pair.chain, pair.key))
