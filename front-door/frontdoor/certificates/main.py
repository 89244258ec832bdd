"""The program `certificates`: serves until it is stopped. `probe` is its health check."""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from ragkit.probe import ask


def main(arguments: Sequence[str]) -> int:
    """Run the program. Return its exit code."""
    if list(arguments) == ["probe"]:
        return ask("certificates", 8000, "/health")
    if arguments:
        sys.stderr.write("usage: certificates [probe]\n")
        return 2
    return _run(Path("/certificates"))


def _run(root: Path) -> int:
    # The health check needs none of these, and they take a second to import.
    from frontdoor.certificates.folder import Folder
    from frontdoor.certificates.service import Service, serve
    from frontdoor.certificates.sources import source_named
    from ragkit.logs import configure_logs

    configure_logs()
    # nginx reads the files by their group.
    os.umask(0o027)
    signal.signal(signal.SIGTERM, _stop)
    name = os.environ.get("CERTIFICATES_SOURCE", "")
    service = Service(name, source_named(name, root), Folder(root))
    serve(service)
    service.run()
    return 0


def _stop(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)
