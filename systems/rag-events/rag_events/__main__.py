"""The modes of the image: `python -m rag_events api|ui|probe api|probe ui`.

Every mode is imported only when it is asked for, so that a probe costs milliseconds.
"""

import os
import sys
from pathlib import Path

from ragapp.environment import number, refuse

USAGE = """usage: python -m rag_events MODE

  api             serve the HTTP API on API_HOST:API_PORT
  ui              serve the Streamlit page on STREAMLIT_PORT
  probe api|ui    ask the service in this container whether it is alive
"""


def main(arguments: list[str]) -> int:
    """Run one mode and return its exit code."""
    try:
        match arguments:
            case ["api"]:
                from rag_events.server import serve

                return serve(os.environ.get("API_HOST") or "0.0.0.0", _port("API_PORT", 8000))  # noqa: S104
            case ["ui"]:
                _become_streamlit(_port("STREAMLIT_PORT", 8501))
            case ["probe", "api"]:
                from ragapp.probe import ask

                return ask("api", _port("API_PORT", 8000), "/health")
            case ["probe", "ui"]:
                from ragapp.probe import ask

                return ask("ui", _port("STREAMLIT_PORT", 8501), "/_stcore/health")
    except ValueError as error:
        refuse(error)
    sys.stderr.write(USAGE)
    return 2


def _port(name: str, default: int) -> int:
    return number(name, default, 1, 65535)


def _become_streamlit(port: int) -> None:
    """Replace this process, so that Streamlit gets the container's signals."""
    options = {
        "server.address": "0.0.0.0",  # noqa: S104 - the container's networks decide who reaches it
        "server.port": port,
        "server.headless": "true",
        "server.maxUploadSize": number("MAX_UPLOAD_MB", 25, 1, 1024),
        "server.fileWatcherType": "none",
        # Behind a gateway the browser's Origin is the gateway's name, which Streamlit cannot know: its check
        # would refuse every websocket.
        "server.enableCORS": "false",
        "server.enableXsrfProtection": "false",
        "browser.gatherUsageStats": "false",
        # Only printed; unset, Streamlit asks a server on the internet for the address of this machine.
        "browser.serverAddress": "localhost",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "logger.level": "warning",
    }
    script = Path(__file__).parent / "ui.py"
    flags = [f"--{name}={value}" for name, value in options.items()]
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", *flags, str(script)])  # noqa: S606


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
