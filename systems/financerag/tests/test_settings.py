"""Settings, especially those that would lose data, and the locks. Does not prove locks on network
drives."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from financerag import settings
from financerag.locks import take_data
from ragkit.locks import held


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name in (
        "CHROMA_HOST",
        "WEB_CONCURRENCY",
        "EMBEDDING_PROVIDER",
        "LLM_PROVIDER",
        "OPENAI_API_KEY_FILE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHROMA_PATH", str(tmp_path))
    return monkeypatch


def test_one_process_may_use_embedded_chroma(environment: pytest.MonkeyPatch) -> None:
    assert settings.load().processes == 1
    assert settings.load().embedding.model == "all-MiniLM-L6-v2"


def test_several_processes_need_a_chroma_server(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("WEB_CONCURRENCY", "4")
    with pytest.raises(SystemExit) as ended:
        settings.load_or_exit()
    assert ended.value.code == 2
    assert "WEB_CONCURRENCY=4: an embedded Chroma cannot be shared" in capsys.readouterr().err
    environment.setenv("CHROMA_HOST", "chroma")
    assert settings.load().processes == 4


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("WEB_CONCURRENCY", "0", "from 1 to 64"),
        ("CHROMA_PORT", "http", "CHROMA_PORT=http"),
        ("WATCH_DOCUMENTS", "yes", "from 0 to 1"),
        ("LOG_LEVEL", "loud", "one of DEBUG"),
        ("LLM_PROVIDER", "openai", "LLM_PROVIDER=openai: .* name a model"),
        ("EMBEDDING_PROVIDER", "openai", "OPENAI_API_KEY_FILE names it"),
        ("CHROMA_PATH", "/nowhere", "cannot write there"),
    ],
)
def test_wrong_settings_are_named(environment: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    environment.setenv(name, value)
    with pytest.raises(ValueError, match=words):
        settings.load()


def test_only_one_process_uses_the_data(tmp_path: Path) -> None:
    kept = take_data(tmp_path / "lock")
    code = (
        "import sys; from pathlib import Path; from financerag.locks import take_data; "
        "take_data(Path(sys.argv[1]), 0.3)"
    )
    other = [sys.executable, "-c", code, str(tmp_path / "lock")]
    refused = subprocess.run(other, capture_output=True, text=True, check=False)  # noqa: S603
    assert "another process uses the Chroma data" in refused.stderr
    kept.close()
    subprocess.run(other, check=True)  # noqa: S603


def test_one_worker_ingests_at_a_time(tmp_path: Path) -> None:
    entered = threading.Event()

    def enter() -> None:
        with held(tmp_path / "lock"):
            entered.set()

    with held(tmp_path / "lock"):
        thread = threading.Thread(target=enter)
        thread.start()
        assert not entered.wait(0.3)
    thread.join(5)
    assert entered.is_set()


def test_gunicorn_trusts_no_proxy() -> None:
    # Its default is loopback. Nothing here needs the client's address or the scheme.
    assert "forwarded_allow_ips" not in (Path(__file__).parent.parent / "gunicorn.conf.py").read_text()
