"""Limits the size of request bodies, and how many requests run at a time. Extra: api."""

from collections.abc import Collection

from fastapi import FastAPI

from ragkit.api.body_limit import BodyLimit, Uploads
from ragkit.api.overload import Limits, LoadLimit

NO_UPLOADS = Uploads((), 0, "")


def install(
    app: FastAPI,
    *,
    questions: Collection[str],
    uploads: Uploads = NO_UPLOADS,
    limits: Limits | None = None,
) -> None:
    """Limit how many questions and uploads run at once, and the size of all bodies."""
    # The middleware that is added last runs first. So the body limit also counts the bodies that
    # the load limit discards.
    app.add_middleware(LoadLimit, questions, uploads.paths, limits or Limits())
    app.add_middleware(BodyLimit, uploads)
