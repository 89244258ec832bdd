"""The ways in which work can fail, each with words for the person who asked for it."""


class Unavailable(Exception):
    """A dependency does not answer at the moment; the same request may succeed later."""

    def __init__(self, dependency: str, detail: str) -> None:
        super().__init__(f"{dependency}: {detail}")
        self.dependency = dependency


class Refused(Exception):
    """A model provider refuses the request itself (a wrong key, an unknown model); a retry would not help."""


class SpaceMismatch(Exception):
    """The stored vectors were made with another model or dimension than the settings name."""


class Unreadable(Exception):
    """A document cannot be read; the message says why."""
