"""The embedding space: vectors of different models must never be compared. The database records the
model."""

from sqlalchemy import Connection, text

from ragkit.errors import SpaceMismatch
from ragkit.pgvector import index_chunks
from ragkit.providers import ModelSettings


def adopt(connection: Connection, embedding: ModelSettings) -> None:
    """Give the vector column the dimension of the model. Raises SpaceMismatch when there are
    vectors of another model."""
    known = connection.execute(text("SELECT model, dimension FROM embedding_space")).one_or_none()
    if known and (known.model, known.dimension) == (embedding.model, embedding.dimension):
        return
    if known and connection.scalar(text("SELECT EXISTS (SELECT FROM chunks)")):
        raise SpaceMismatch(
            f"the stored vectors are of {known.model} ({known.dimension} dimensions), the settings "
            f"name {embedding.model} ({embedding.dimension}): restore EMBEDDING_PROVIDER and "
            "EMBEDDING_MODEL, or delete all documents first and upload them again"
        )
    index_chunks(connection, embedding.dimension)
    connection.execute(
        text(
            "INSERT INTO embedding_space (id, model, dimension) VALUES (true, :model, :dimension) "
            "ON CONFLICT (id) DO UPDATE SET model = excluded.model, dimension = excluded.dimension"
        ),
        {"model": embedding.model, "dimension": embedding.dimension},
    )
