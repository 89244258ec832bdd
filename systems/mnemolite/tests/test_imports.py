"""Modules that must not be imported before the processes of the API share their metrics."""

import subprocess
import sys


def test_the_server_starts_before_prometheus_client_is_imported() -> None:
    """prometheus_client reads at its import where the processes share their metrics."""
    code = "import sys, mnemolite.serve; sys.exit('prometheus_client' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], check=False)  # noqa: S603 - our own code
    assert ended.returncode == 0
