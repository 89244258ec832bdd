"""Certificates from Pebble, the small ACME server of Let's Encrypt for tests. Its Debian package is
in the image with the Python tools."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from frontdoor.certificates import public_authority
from frontdoor.certificates.pairs import Unusable, pem_of
from frontdoor.certificates.public_authority import PublicAuthority
from tests.certificates.support import certificate, new_key

DOMAIN = "rag.example.org"
REFUSED = "refused.example.org"
CHALLENGES = 15402


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run Pebble, and a name server for which each name is this machine. Return the address of Pebble's
    directory."""
    folder = tmp_path_factory.mktemp("pebble")
    key = new_key()
    own = pem_of([certificate("localhost", key, names=["localhost", "127.0.0.1"])], key)
    (folder / "cert.pem").write_bytes(own.chain)
    (folder / "key.pem").write_bytes(own.key)
    settings = {
        "listenAddress": "127.0.0.1:15000",
        "managementListenAddress": "127.0.0.1:15001",
        "certificate": str(folder / "cert.pem"),
        "privateKey": str(folder / "key.pem"),
        "httpPort": CHALLENGES,
        "tlsPort": 15403,
        "domainBlocklist": [REFUSED],
    }
    (folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
    environment = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
    off = [f"-{unused}=" for unused in ("http01", "https01", "tlsalpn01", "defaultIPv6")]
    commands = [
        ["/usr/bin/pebble-challtestsrv", "-dns01=127.0.0.1:15053", "-management=127.0.0.1:15055", *off],
        ["/usr/bin/pebble", "-config", str(folder / "pebble.json"), "-dnsserver=127.0.0.1:15053"],
    ]
    processes = [
        subprocess.Popen(  # noqa: S603 - the arguments are constants
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for command in commands
    ]
    try:
        for _ in range(100):
            if answers(15000) and answers(15053):
                break
            time.sleep(0.1)
        os.environ["REQUESTS_CA_BUNDLE"] = str(folder / "cert.pem")
        yield "https://localhost:15000/dir"
    finally:
        os.environ.pop("REQUESTS_CA_BUNDLE", None)
        for process in processes:
            process.terminate()
            process.wait()


@pytest.fixture(autouse=True)
def _challenges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_authority, "CHALLENGE_PORT", CHALLENGES)


def source(root: Path, server: str, *names: str) -> PublicAuthority:
    return PublicAuthority(root, names or [DOMAIN], "ops@example.org", server)


def test_a_certificate_is_obtained_once_and_kept(tmp_path: Path, server: str) -> None:
    first = source(tmp_path, server).obtain(None)
    assert first.covers([DOMAIN])
    assert first.chain.count(b"BEGIN CERTIFICATE") > 1
    assert source(tmp_path, server).obtain(first) == first
    assert [file.stat().st_mode & 0o077 for file in (tmp_path / "acme").iterdir()] == [0]


def test_a_certificate_near_its_end_is_renewed(tmp_path: Path, server: str) -> None:
    first = source(tmp_path, server).obtain(None)
    # Renews 4,000 days before the end, because Pebble's certificates are valid for five years.
    (renewal,) = tmp_path.glob("acme/*/config/renewal/*.conf")
    renewal.write_text(f"renew_before_expiry = 4000 days\n{renewal.read_text()}")
    second = source(tmp_path, server).obtain(first)
    assert second.leaf.serial_number != first.leaf.serial_number
    assert second.covers([DOMAIN])


def test_another_domain_gets_its_own_certificate(tmp_path: Path, server: str) -> None:
    first = source(tmp_path, server).obtain(None)
    second = source(tmp_path, server, "other.example.org").obtain(first)
    assert second.covers(["other.example.org"])
    assert not second.covers([DOMAIN])


def test_one_certificate_has_all_names_and_changes_with_them(tmp_path: Path, server: str) -> None:
    first = source(tmp_path, server).obtain(None)
    second = source(tmp_path, server, DOMAIN, "api.rag.example.org").obtain(first)
    assert second.covers([DOMAIN, "api.rag.example.org"])
    assert source(tmp_path, server, DOMAIN, "api.rag.example.org").obtain(second) == second
    third = source(tmp_path, server, DOMAIN, "grafana.example.org").obtain(second)
    assert third.covers([DOMAIN, "grafana.example.org"])
    assert not third.covers(["api.rag.example.org"])
    assert len(list(tmp_path.glob("acme/*/config/live/*/fullchain.pem"))) == 1


def test_a_name_that_the_authority_refuses_does_not_delay_other_names(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unusable, match=REFUSED):
        source(tmp_path, server, DOMAIN, REFUSED).obtain(None)
    slept: list[float] = []
    monkeypatch.setattr(public_authority, "time", SimpleNamespace(time=time.time, sleep=slept.append))
    assert source(tmp_path, server, DOMAIN, "api.rag.example.org").obtain(None).covers([DOMAIN])
    assert slept == []


def test_a_failed_attempt_is_explained_and_not_repeated_at_once(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unusable, match=REFUSED):
        source(tmp_path, server, REFUSED).obtain(None)
    slept: list[float] = []
    monkeypatch.setattr(public_authority, "time", SimpleNamespace(time=time.time, sleep=slept.append))
    # A new process waits too.
    with pytest.raises(Unusable):
        source(tmp_path, server, REFUSED).obtain(None)
    assert [round(seconds, -2) for seconds in slept] == [900]
    assert source(tmp_path, server).obtain(None).covers([DOMAIN])
    assert len(slept) == 1


def test_an_account_needs_no_address(tmp_path: Path, server: str) -> None:
    assert PublicAuthority(tmp_path, [DOMAIN], "", server).obtain(None).covers([DOMAIN])


def test_the_first_attempt_waits_for_the_ingress(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as ingress:
        ingress.bind(("127.0.0.1", 0))
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == 3:
                ingress.listen()

        monkeypatch.setattr(public_authority, "time", SimpleNamespace(time=time.time, sleep=sleep))
        address: tuple[str, int] = ingress.getsockname()
        assert PublicAuthority(tmp_path, [DOMAIN], "", server, address).obtain(None).covers([DOMAIN])
    assert slept == [2, 2, 2]


def test_a_server_that_does_not_answer_is_explained(tmp_path: Path, server: str) -> None:
    with pytest.raises(Unusable, match="refused"):
        source(tmp_path, "https://localhost:1/dir").obtain(None)
