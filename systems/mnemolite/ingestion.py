"""The ingestion worker: `python ingestion.py`, and with `--probe` the health check of the one that runs."""

import sys

from mnemolite import heartbeat


def main(arguments: list[str]) -> int:
    """Work until SIGTERM, or probe; the exit code says how it went."""
    if arguments == ["--probe"]:
        return heartbeat.probe()
    if arguments:
        sys.stderr.write("usage: ingestion.py [--probe]\n")
        return 2
    # Imported here: the probe runs every few seconds and needs none of it.
    from mnemolite.worker import work

    return work()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
