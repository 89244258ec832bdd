"""The programs of the image: `python -m frontdoor auth`, or `certificates`."""

import importlib
import sys

PROGRAMS = ("auth", "certificates")


def main() -> int:
    """Run the program that the first argument names."""
    name, *arguments = sys.argv[1:] or [""]
    if name not in PROGRAMS:
        print(f"usage: python -m frontdoor {'|'.join(PROGRAMS)}", file=sys.stderr)  # noqa: T201
        return 2
    program = importlib.import_module(f"frontdoor.{name}.main")
    return int(program.main(arguments))


if __name__ == "__main__":
    sys.exit(main())
