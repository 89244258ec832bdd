"""The embedding space: vectors of different models must never be compared."""

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from ragapp.models import Chunk, Document, EmbeddingSpace
from ragapp.settings import Settings
from ragkit.errors import SpaceMismatch, Unavailable
from ragkit.pgvector import index_chunks


def check_space(session: Session, settings: Settings) -> None:
    """Raise SpaceMismatch unless the stored vectors have the model, dimension and store of the
    settings."""
    space = session.get(EmbeddingSpace, True)
    if space is None:
        raise Unavailable("database", "the schema is not ready; run `python -m ragapp migrate`")
    if (space.model, space.dimension, space.store) != _wanted(settings):
        raise SpaceMismatch(
            f"the stored vectors are of {space.model} ({space.dimension} dimensions, in {space.store}), "
            f"the settings name {settings.embedding_model} ({settings.embedding_dimension} dimensions, "
            f"in {settings.vector_store}); restore the settings, or embed all documents again with "
            "`python -m ragapp reindex` (or RAG_EMBEDDING_CHANGE=reindex for the migrations)"
        )


def adopt_space(session: Session, settings: Settings) -> None:
    """Record the embedding space of the settings. Raises SpaceMismatch when there are vectors of
    another space."""
    space = session.get(EmbeddingSpace, True)
    if space is not None and session.scalar(select(func.count()).select_from(Chunk)):
        check_space(session, settings)
        return
    if space is None or (space.model, space.dimension, space.store) != _wanted(settings):
        _replace_space(session, settings)


def reset_space(session: Session, settings: Settings) -> int:
    """Delete all chunks, record the embedding space, queue all documents. Return their number."""
    session.execute(text("TRUNCATE chunks"))
    _replace_space(session, settings)
    return len(
        session.execute(
            update(Document)
            .values(state="queued", reason=None, attempts=0, claim=None, lease_until=None, due_at=func.now())
            .returning(Document.id)
        ).all()
    )


def _wanted(settings: Settings) -> tuple[str, int, str]:
    return settings.embedding_model, settings.embedding_dimension, settings.vector_store


def _replace_space(session: Session, settings: Settings) -> None:
    model, dimension, store = _wanted(settings)
    session.execute(delete(EmbeddingSpace))
    session.add(EmbeddingSpace(id=True, model=model, dimension=dimension, store=store))
    session.flush()
    if store == "pgvector":
        index_chunks(session, dimension)
    else:
        session.execute(text("DROP INDEX IF EXISTS chunks_embedding"))
