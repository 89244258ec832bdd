"""What one client, or many at once, may take: the size of bodies, and requests at a time. Extra:
api."""

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
    """Limit the routes at the paths of questions and uploads, and all other bodies."""
    # The last one added runs first: a body that is discarded is limited too.
    app.add_middleware(LoadLimit, questions, uploads.paths, limits or Limits())
    app.add_middleware(BodyLimit, uploads)
