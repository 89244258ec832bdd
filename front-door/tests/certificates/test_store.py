"""Tests the folder that the ingress reads, and the checks of a user's files. It does not prove that
nginx reads it: tests/images/tls.test.ts does."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from frontdoor.certificates.authority import Authority, placeholder
from frontdoor.certificates.store import Folder, Pair, checked


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    folder = tmp_path / "authority"
    folder.mkdir()
    return Authority(folder, "test")


def test_a_new_pair_replaces_the_old_one_in_one_step(tmp_path: Path, authority: Authority) -> None:
    folder = Folder(tmp_path)
    folder.present(authority.issue("a.example.org"), "internal")
    stop = threading.Event()
    mixed: list[str] = []

    def read() -> None:
        while not stop.is_set():
            # What nginx does at a handshake, apart from the moment between its two reads.
            link = (tmp_path / "current").resolve()
            try:
                checked((link / "fullchain.pem").read_bytes(), (link / "privkey.pem").read_bytes())
            except FileNotFoundError:
                continue
            except ValueError as error:
                mixed.append(str(error))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(50):
        folder.present(authority.issue("a.example.org"), "internal")
    stop.set()
    reader.join()
    assert mixed == []
    assert len([one for one in tmp_path.iterdir() if one.name.startswith("internal-")]) == 1


def test_the_private_key_is_for_the_owner_and_the_group_only(tmp_path: Path, authority: Authority) -> None:
    folder = Folder(tmp_path)
    folder.present(authority.issue("a.example.org"), "internal")
    key = (tmp_path / "current" / "privkey.pem").resolve()
    assert key.stat().st_mode & 0o027 == 0
    assert key.parent.stat().st_mode & 0o027 == 0
    assert (tmp_path / "authority" / "ca-key.pem").stat().st_mode & 0o077 == 0


def test_a_restart_keeps_the_pair_and_its_source(tmp_path: Path, authority: Authority) -> None:
    pair = authority.issue("a.example.org")
    Folder(tmp_path).present(pair, "internal")
    assert Folder(tmp_path).current() == pair
    assert Folder(tmp_path).source == "internal"


def test_files_of_the_user_that_fit_are_accepted(authority: Authority) -> None:
    pair = authority.issue("rag.example.org")
    assert checked(pair.chain, pair.key) == pair
    assert pair.covers("RAG.example.org")
    assert not pair.covers("example.org")


def test_a_wildcard_covers_one_level(authority: Authority) -> None:
    pair = authority.issue("*.example.org")
    assert pair.covers("rag.example.org")
    assert not pair.covers("a.rag.example.org")
    assert not pair.covers("example.org")


def test_files_that_do_not_fit_are_refused_with_the_reason(authority: Authority) -> None:
    pair, other = authority.issue("a.example.org"), authority.issue("b.example.org")
    for chain, key, reason in (
        (b"nothing", pair.key, "no certificate"),
        (pair.chain, b"nothing", "no private key"),
        (pair.key, pair.chain, "no certificate"),
        (pair.chain, other.key, "not the key of the first certificate"),
        (pair.chain + other.chain, pair.key, "did not issue"),
    ):
        with pytest.raises(ValueError, match=reason):
            checked(chain, key)


def test_an_expired_certificate_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "old")])
    then = datetime.now(UTC) - timedelta(days=10)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(then)
        .not_valid_after(then + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="it expired on"):
        checked(made.public_bytes(Encoding.PEM), pem)


def test_the_placeholder_can_be_presented() -> None:
    made = placeholder("rag.example.org")
    assert isinstance(checked(made.chain, made.key), Pair)
