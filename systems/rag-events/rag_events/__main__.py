"""The modes of the image: `python -m rag_events api|ui|collect|collector|probe`.

Only the chosen mode is imported. A health check then costs milliseconds.
"""

import os
import sys
from pathlib import Path

from ragkit.environment import number, port, refuse

USAGE = """usage: python -m rag_events MODE

  api             serve the HTTP API on API_HOST:API_PORT
  ui              serve the Streamlit page on STREAMLIT_PORT
  collect         read the events of the agenda once, and index them
  collector       do so every OPENAGENDA_EVERY_SECONDS
  probe [api|ui|collector]
                  check the health of the service in this container, by default of the one that runs
"""


def main(arguments: list[str]) -> int:
    """Run one mode and return its exit code."""
    try:
        match arguments:
            case ["api"]:
                from rag_events.server import serve

                return serve(os.environ.get("API_HOST") or "0.0.0.0", port("API_PORT", 8000))  # noqa: S104 - the networks of the container decide who reaches it  # nosec B104
            case ["ui"]:
                _become_streamlit(port("STREAMLIT_PORT", 8501))
            case ["collect"]:
                from rag_events.collect import collect_once

                return collect_once()
            case ["collector"]:
                from rag_events.collect import collect_always

                return collect_always()
            case ["probe", "collector"]:
                from rag_events.promise import check

                return check()
            case ["probe"]:
                return main(["probe", _running()])
            case ["probe", "api"]:
                from ragkit.probe import ask

                return ask("api", port("API_PORT", 8000), "/health")
            case ["probe", "ui"]:
                from ragkit.probe import ask

                return ask("ui", port("STREAMLIT_PORT", 8501), "/_stcore/health")
    except ValueError as error:
        refuse(error)
    sys.stderr.write(USAGE)
    return 2


def _running() -> str:
    """Return the mode of the first process of the container."""
    command = Path("/proc/1/cmdline").read_bytes()
    if b"ragkit.page_server" in command:
        return "ui"
    return "collector" if command.endswith(b"\0collector\0") else "api"


def _become_streamlit(listen: int) -> None:
    """Replace this process with Streamlit, which then receives the signals of the container."""
    options = {
        "server.address": "0.0.0.0",  # noqa: S104 - the networks of the container decide who reaches it  # nosec B104
        "server.port": listen,
        "server.headless": "true",
        "server.maxUploadSize": number("MAX_UPLOAD_MB", 25, 1, 1024),
        "server.fileWatcherType": "none",
        # The ingress refuses WebSockets and uploads of other sites. Streamlit's own check would also
        # refuse the sites that `ragdock:ingress.origins` allows, and users of a proxy that changes
        # the host name.
        "server.enableCORS": "false",
        "server.enableXsrfProtection": "false",
        "browser.gatherUsageStats": "false",
        # Streamlit only prints it. When unset, Streamlit asks a server on the internet for this
        # address.
        "browser.serverAddress": "localhost",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "logger.level": "warning",
    }
    script = Path(__file__).parent / "ui.py"
    flags = [f"--{name}={value}" for name, value in options.items()]
    os.execv(sys.executable, [sys.executable, "-m", "ragkit.page_server", "run", *flags, str(script)])  # noqa: S606 - without a shell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
