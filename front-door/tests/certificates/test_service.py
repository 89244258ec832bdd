import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from prometheus_client import REGISTRY

from frontdoor.certificates.authority import InternalAuthority, is_placeholder
from frontdoor.certificates.folder import Folder
from frontdoor.certificates.main import main
from frontdoor.certificates.pairs import Pair, Unusable
from frontdoor.certificates.public_authority import LETS_ENCRYPT, PublicAuthority
from frontdoor.certificates.service import Service, seconds_until_next, serve
from frontdoor.certificates.sources import Files, source_named
from tests.certificates.support import pair


def metric(name: str, source: str) -> float:
    return REGISTRY.get_sample_value(f"ragdock_certificate_{name}", {"source": source}) or 0


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frontdoor.certificates.folder.seconds_until_unused", lambda slot, now: 0)


class Given:
    """A source with prepared results."""

    def __init__(self, results: Iterator[Pair | Exception], *, needs_ingress: bool) -> None:
        self.needs_ingress = needs_ingress
        self._results = results

    def obtain(self, current: Pair | None) -> Pair:
        result = next(self._results)
        if isinstance(result, Exception):
            raise result
        return result


def run(service: Service, monkeypatch: pytest.MonkeyPatch, attempts: int) -> list[float]:
    """Run a service until it has slept so many times. Return the times."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == attempts:
            raise SystemExit(0)

    monkeypatch.setattr(time, "sleep", sleep)
    with pytest.raises(SystemExit):
        service.run()
    return slept


def test_a_public_authority_that_fails_leaves_the_program_healthy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = iter([Unusable("no such name")] * 3)
    service = Service("acme", Given(results, needs_ingress=True), Folder(tmp_path))
    failures = metric("failures_total", "acme")
    slept = run(service, monkeypatch, 3)
    assert service.problem is None
    current = Folder(tmp_path).current()
    assert current is not None
    assert is_placeholder(current)
    assert metric("expires_timestamp_seconds", "acme") == 0
    assert metric("failures_total", "acme") == failures + 3
    assert 900 <= slept[0] <= 990
    assert 3600 <= slept[2] <= 3960


def test_wrong_files_keep_the_old_pair_and_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = pair()
    results: Iterator[Pair | Exception] = iter((good, Unusable("the key does not belong to it")))
    service = Service("files", Given(results, needs_ingress=False), Folder(tmp_path))
    assert service.problem == "no attempt yet"
    run(service, monkeypatch, 1)
    assert service.problem is None
    assert metric("expires_timestamp_seconds", "files") == good.expires.timestamp()
    assert metric("begins_timestamp_seconds", "files") == good.begins.timestamp()
    assert metric("last_success_timestamp_seconds", "files") == pytest.approx(time.time(), abs=60)
    service.attempt()
    assert service.problem == "the key does not belong to it"
    assert Folder(tmp_path).current() == good


def test_the_pause_after_failures_grows_to_six_hours() -> None:
    assert 12 * 3600 * 0.8 <= seconds_until_next(0) <= 12 * 3600
    assert 900 <= seconds_until_next(1) <= 990
    assert 6 * 3600 <= seconds_until_next(10) <= 6 * 3600 * 1.1


def test_health_and_metrics_answer(tmp_path: Path) -> None:
    service = Service("internal", Given(iter([pair()]), needs_ingress=False), Folder(tmp_path))
    server = serve(service, 0)
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{server.server_address[1]}") as client:
            refused = client.get("/health")
            assert (refused.status_code, refused.text) == (503, "no attempt yet")
            service.attempt()
            assert client.get("/health").text == "ok"
            metrics = client.get("/metrics").text
        assert 'ragdock_certificate_expires_timestamp_seconds{source="internal"}' in metrics
    finally:
        server.shutdown()
        server.server_close()


def test_files_are_checked_and_must_match_the_domain(tmp_path: Path) -> None:
    given = pair("rag.example.org")
    (tmp_path / "tls-certificate").write_bytes(given.chain)
    (tmp_path / "tls-key").write_bytes(given.key)
    assert Files(tmp_path, ["rag.example.org"]).obtain(None) == given
    assert Files(tmp_path, []).obtain(None) == given
    with pytest.raises(Unusable, match=r"not valid for other\.example\.org"):
        Files(tmp_path, ["rag.example.org", "other.example.org"]).obtain(None)


def test_the_environment_decides_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="CERTIFICATES_SOURCE=acme"):
        source_named("acme", tmp_path)
    assert isinstance(source_named("internal", tmp_path), InternalAuthority)
    assert isinstance(source_named("files", tmp_path), Files)
    monkeypatch.setenv("CERTIFICATES_DOMAIN", "rag.example.org")
    acme = source_named("acme", tmp_path)
    assert isinstance(acme, PublicAuthority)
    assert vars(acme)["_server"] == LETS_ENCRYPT
    assert vars(acme)["_names"] == ["rag.example.org"]
    monkeypatch.setenv("CERTIFICATES_NAMES", "api.rag.example.org grafana.example.org")
    names = ["rag.example.org", "api.rag.example.org", "grafana.example.org"]
    assert vars(source_named("acme", tmp_path))["_names"] == names
    internal = source_named("internal", tmp_path)
    assert internal.obtain(None).covers([*names, "localhost", "127.0.0.1"])


def test_the_health_check_fails_without_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "more"]) == 2
    assert "usage" in capsys.readouterr().err
