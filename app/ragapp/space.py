"""The embedding space: vectors of different models must never be compared with each other."""

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from ragapp.errors import SpaceMismatch, Unavailable
from ragapp.models import Chunk, Document, EmbeddingSpace
from ragapp.settings import Settings


def check_space(session: Session, settings: Settings) -> None:
    """Raise SpaceMismatch unless the stored vectors were made as the settings say."""
    space = session.get(EmbeddingSpace, True)
    if space is None:
        raise Unavailable("database", "the schema is not ready; run `python -m ragapp migrate`")
    if (space.model, space.dimension, space.store) != _wanted(settings):
        raise SpaceMismatch(
            f"the stored vectors are of {space.model} ({space.dimension} dimensions, in {space.store}), "
            f"the settings name {settings.embedding_model} ({settings.embedding_dimension} dimensions, "
            f"in {settings.vector_store}); set those back, or make the vectors again with "
            "`python -m ragapp reindex` (or RAG_EMBEDDING_CHANGE=reindex for the migrations)"
        )


def adopt_space(session: Session, settings: Settings) -> None:
    """Record the settings' embedding space, or raise SpaceMismatch when vectors of another one are stored."""
    space = session.get(EmbeddingSpace, True)
    if space is not None and session.scalar(select(func.count()).select_from(Chunk)):
        check_space(session, settings)
        return
    if space is None or (space.model, space.dimension, space.store) != _wanted(settings):
        _replace_space(session, settings)


def reset_space(session: Session, settings: Settings) -> int:
    """Drop all chunks, record the settings' embedding space, queue every document, return their number."""
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
    session.execute(text("DROP INDEX IF EXISTS chunks_embedding"))
    if store == "pgvector":
        session.execute(text(f"ALTER TABLE chunks ALTER COLUMN embedding TYPE vector({int(dimension)})"))
        session.execute(
            text("CREATE INDEX chunks_embedding ON chunks USING hnsw (embedding vector_cosine_ops)")
        )
