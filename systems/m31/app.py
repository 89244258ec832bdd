"""The entry point of the image: `--serve` answers questions, `--health` checks the service."""

import argparse
import sys


def main() -> int:
    """Run one mode and return its exit code."""
    parser = argparse.ArgumentParser(description="Answers questions from its own documents.")
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--serve", action="store_true", help="serve the HTTP API on PORT")
    mode.add_argument(
        "--health", action="store_true", help="exit 0 if the service in this container is healthy"
    )
    # Only the chosen mode is imported. A health check then costs milliseconds.
    if parser.parse_args().health:
        from m31.health import check

        return check()
    from m31.api import serve

    return serve()


if __name__ == "__main__":
    sys.exit(main())
