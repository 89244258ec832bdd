"""The entry point of the image: `serve` with one process, `serve --production` with gunicorn,
`health`."""

import argparse
import os
import sys


def main() -> int:
    """Run one mode and return its exit code."""
    parser = argparse.ArgumentParser(description="Answers questions about financial documents.")
    modes = parser.add_subparsers(dest="mode", required=True)
    serving = modes.add_parser("serve", help="serve the HTTP API on :8000")
    serving.add_argument(
        "--production", action="store_true", help="with gunicorn and WEB_CONCURRENCY workers"
    )
    modes.add_parser("health", help="exit 0 if the service in this container is healthy")
    arguments = parser.parse_args()
    # Only the chosen mode is imported. A health check then costs milliseconds.
    if arguments.mode == "health":
        from ragkit.probe import ask

        return ask("financerag", 8000, "/health")
    if arguments.production:
        # Replaces this process, so that gunicorn receives the signals of the container.
        os.execvp("gunicorn", ["gunicorn", "-c", "gunicorn.conf.py"])  # noqa: S606, S607 - the image decides what PATH has  # nosec B607
    from financerag.app import create
    from ragkit.api import server

    return server.serve(create(), 8000)


if __name__ == "__main__":
    sys.exit(main())
