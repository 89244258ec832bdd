"""The ingestion worker: `python ingestion.py`. With `--probe` it checks the health of the running
worker."""

import sys

from mnemolite import heartbeat


def main(arguments: list[str]) -> int:
    """Work until SIGTERM, or check the health. Return the exit code."""
    if arguments == ["--probe"]:
        return heartbeat.probe()
    if arguments:
        sys.stderr.write("usage: ingestion.py [--probe]\n")
        return 2
    # Imported here: the health check runs every few seconds and does not need it.
    from mnemolite.worker import work

    return work()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
