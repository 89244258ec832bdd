"""The image's entry point: `--serve` answers questions, `--health` asks whether that goes well."""

import argparse
import sys


def main() -> int:
    """Run one mode and return its exit code."""
    parser = argparse.ArgumentParser(description="Answers questions out of its own documents.")
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--serve", action="store_true", help="serve the HTTP API on PORT")
    mode.add_argument("--health", action="store_true", help="exit 0 if the service in this container is well")
    # Imported only when asked for, so that a health check costs milliseconds.
    if parser.parse_args().health:
        from m31.health import check

        return check()
    from m31.server import serve

    return serve()


if __name__ == "__main__":
    sys.exit(main())
