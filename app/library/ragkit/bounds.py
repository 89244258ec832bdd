"""Bounds of what one document may take. The settings import this module, so it imports no other
module.
"""

from dataclasses import dataclass

# The vectors of this many passages take 31 MB with 384 dimensions, and 123 MB with 1536. Their
# texts have about 14 million characters.
MAX_PASSAGES = 20_000


@dataclass(frozen=True)
class Bound:
    """The largest number of passages of a file, and the setting that the error names."""

    most: int
    setting: str
