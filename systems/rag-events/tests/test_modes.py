"""The modes of the image. Does not prove that a server starts."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from rag_events.__main__ import main

ENTRYPOINT = Path(__file__).parent.parent / "entrypoint.sh"


@pytest.mark.parametrize(
    ("arguments", "runs"),
    [
        ([], "python -m rag_events api"),
        (["api"], "python -m rag_events api"),
        (["streamlit"], "python -m rag_events ui"),
        (["python", "-m", "rag_events", "probe", "api"], "python -m rag_events probe api"),
    ],
)
def test_the_entrypoint_runs_the_mode_or_the_command(tmp_path: Path, arguments: list[str], runs: str) -> None:
    stub = tmp_path / "python"
    stub.write_text('#!/bin/sh\necho python "$@"\n')
    stub.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    shell = ["sh", str(ENTRYPOINT), *arguments]
    done = subprocess.run(shell, env={"PATH": path}, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == runs


@pytest.mark.parametrize(("service", "name"), [("api", "API_PORT"), ("ui", "STREAMLIT_PORT")])
def test_each_mode_probes_its_own_port(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], service: str, name: str
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        monkeypatch.setenv(name, str(port))
        assert main(["probe", service]) == 1
    assert f"{service} does not answer on port {port}" in capsys.readouterr().err


def test_a_wrong_port_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("API_PORT", "eighty")
    with pytest.raises(SystemExit) as ended:
        main(["probe", "api"])
    assert ended.value.code == 2
    assert "API_PORT=eighty: must be a whole number" in capsys.readouterr().err
    assert main(["unheard-of"]) == 2
