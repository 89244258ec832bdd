"""The image's entry point: `serve` with one process, `serve --production` with gunicorn, `health`."""

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
    modes.add_parser("health", help="exit 0 if the service in this container is well")
    arguments = parser.parse_args()
    # Imported only when asked for, so that a health check costs milliseconds.
    if arguments.mode == "health":
        from ragapp.probe import ask

        return ask("financerag", 8000, "/health")
    if arguments.production:
        # In place of this process, so that gunicorn gets the container's signals.
        os.execvp("gunicorn", ["gunicorn", "-c", "gunicorn.conf.py"])  # noqa: S606, S607
    from financerag.app import create
    from ragapp.api.draining import serve_one

    return serve_one(create(), "0.0.0.0", 8000)  # noqa: S104 - the networks decide who reaches it


if __name__ == "__main__":
    sys.exit(main())
