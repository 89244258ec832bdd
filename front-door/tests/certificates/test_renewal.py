"""Tests when a certificate is renewed, and what happens if that fails. tests/images/tls.test.ts asks
a real authority by ACME."""

import ssl
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from frontdoor.certificates import main, metrics
from frontdoor.certificates.authority import CERTIFICATE_DAYS, Authority
from frontdoor.certificates.renewal import FIRST_RETRY, LAST_RETRY, Given, OfAcme, OfAuthority, Renewal
from frontdoor.certificates.store import Folder, Pair

DOMAIN = "rag.example.org"
DAY = 86400


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "test")


def test_the_authority_of_the_stack_stays_the_same(tmp_path: Path, authority: Authority) -> None:
    before = (tmp_path / "ca.pem").read_bytes()
    assert Authority(tmp_path, "test").issued(authority.issue(DOMAIN))
    assert (tmp_path / "ca.pem").read_bytes() == before


def test_clients_that_trust_the_authority_accept_its_certificates(
    tmp_path: Path, authority: Authority
) -> None:
    pair = authority.issue(DOMAIN)
    (tmp_path / "chain.pem").write_bytes(pair.chain)
    (tmp_path / "key.pem").write_bytes(pair.key)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "chain.pem", tmp_path / "key.pem")
    client = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    for name in (DOMAIN, "localhost", "127.0.0.1"):
        shake_hands(client, server, name)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(client, server, "other.example.org")


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> None:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(to_client, to_server, server_hostname=name)
    other = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (one, other):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert one.version() == "TLSv1.3"


def test_a_certificate_is_renewed_with_a_third_of_its_time_left(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, pair = OfAuthority(authority, DOMAIN), authority.issue(DOMAIN)
    now = time.time()
    for days, is_renewed in ((0, False), (CERTIFICATE_DAYS - 31, False), (CERTIFICATE_DAYS - 29, True)):
        monkeypatch.setattr("time.time", lambda days=days: now + days * DAY)
        assert (source.renew(pair) is not None) == is_renewed, days


def test_a_new_domain_gets_a_new_certificate_at_once(authority: Authority) -> None:
    made = OfAuthority(authority, "new.example.org").renew(authority.issue(DOMAIN))
    assert made is not None
    assert made.covers("new.example.org")


def test_the_ingress_presents_something_before_the_first_certificate(tmp_path: Path) -> None:
    def fails() -> Pair:
        raise ValueError("the authority does not answer")

    folder = Folder(tmp_path)
    made = Renewal(folder, OfAcme(fails), DOMAIN)
    made.begin()
    assert folder.source == "placeholder"
    assert metrics.IS_PLACEHOLDER._value.get() == 1


def test_failures_are_counted_and_tried_again_within_the_limits_of_lets_encrypt(
    tmp_path: Path, authority: Authority
) -> None:
    answers: list[Pair] = []

    def ask() -> Pair:
        if not answers:
            raise ValueError("the authority does not answer")
        return answers[0]

    folder = Folder(tmp_path)
    made = Renewal(folder, OfAcme(ask), DOMAIN)
    before = metrics.FAILURES._value.get()
    waits = [made.once() for _ in range(6)]
    assert waits[0] == FIRST_RETRY
    assert waits[-1] == LAST_RETRY
    within_an_hour = [sum(waits[:n]) for n in range(len(waits))]
    assert sum(moment < 3600 for moment in within_an_hour) <= 5
    assert metrics.FAILURES._value.get() == before + 6
    answers.append(authority.issue(DOMAIN))
    assert made.once() > 10 * 3600
    assert folder.current() == answers[0]
    assert metrics.IS_PLACEHOLDER._value.get() == 0


def test_wrong_files_keep_the_old_certificate_and_make_the_service_unhealthy(
    tmp_path: Path, authority: Authority
) -> None:
    folder, good = Folder(tmp_path), authority.issue(DOMAIN)
    folder.present(good, "files")
    made = Renewal(folder, Given(lambda: authority.issue("other.example.org"), DOMAIN), DOMAIN)
    made.once()
    assert folder.current() == good
    challenges = tmp_path / "challenges"
    (challenges / ".well-known/acme-challenge").mkdir(parents=True)
    with TestClient(main.make_app(made, challenges)) as client:
        answer = client.get("/healthz")
        assert answer.status_code == 503
        assert answer.json()["detail"] == (
            "tlsCertificate: it is for localhost, other.example.org, and ingress.domain is rag.example.org"
        )


def test_challenges_are_served_and_nothing_else_of_the_folder(tmp_path: Path, authority: Authority) -> None:
    challenges = tmp_path / "challenges"
    (challenges / ".well-known/acme-challenge").mkdir(parents=True)
    (challenges / ".well-known/acme-challenge/token").write_text("token.thumbprint")
    (challenges / "secret").write_text("secret")
    made = Renewal(Folder(tmp_path), OfAuthority(authority, DOMAIN), DOMAIN)
    with TestClient(main.make_app(made, challenges)) as client:
        assert client.get("/.well-known/acme-challenge/token").text == "token.thumbprint"
        for path in (
            "/secret",
            "/.well-known/acme-challenge/../../secret",
            "/.well-known/acme-challenge/%2e%2e/secret",
        ):
            assert client.get(path).status_code == 404
        assert "ragdock_certificate_failures_total" in client.get("/metrics").text
