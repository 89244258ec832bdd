"""The errors of the library. Each message is meant for the person who asked for the work."""


class Unavailable(Exception):
    """A dependency does not answer at the moment. The same request may succeed later."""

    def __init__(self, dependency: str, detail: str) -> None:
        super().__init__(f"{dependency}: {detail}")
        self.dependency = dependency


class Refused(Exception):
    """A model provider refuses the request (a wrong key, an unknown model). A retry would not
    help."""


class SpaceMismatch(Exception):
    """The stored vectors were made with another model or dimension than the settings name."""


class Unreadable(Exception):
    """A document cannot be read. The message says why."""
