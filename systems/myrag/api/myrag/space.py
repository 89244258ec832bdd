"""The embedding space: vectors of different models must never be compared, so the model is on record."""

from sqlalchemy import Connection, text

from ragapp.errors import SpaceMismatch
from ragapp.providers import ModelSettings


def adopt(connection: Connection, embedding: ModelSettings) -> None:
    """Give the vector column the model's dimension, or refuse when vectors of another model are stored."""
    known = connection.execute(text("SELECT model, dimension FROM embedding_space")).one_or_none()
    if known and (known.model, known.dimension) == (embedding.model, embedding.dimension):
        return
    if known and connection.scalar(text("SELECT EXISTS (SELECT FROM chunks)")):
        raise SpaceMismatch(
            f"the stored vectors were made with {known.model} ({known.dimension} dimensions), the settings "
            f"name {embedding.model} ({embedding.dimension}): set EMBEDDING_PROVIDER and EMBEDDING_MODEL "
            "back, or delete all documents first and upload them again"
        )
    connection.execute(text("DROP INDEX IF EXISTS chunks_embedding"))
    # A type takes no bound parameter; the dimension is an int of our own table.
    connection.execute(text(f"ALTER TABLE chunks ALTER embedding TYPE vector({int(embedding.dimension)})"))
    connection.execute(
        text("CREATE INDEX chunks_embedding ON chunks USING hnsw (embedding vector_cosine_ops)")
    )
    connection.execute(
        text(
            "INSERT INTO embedding_space (id, model, dimension) VALUES (true, :model, :dimension) "
            "ON CONFLICT (id) DO UPDATE SET model = excluded.model, dimension = excluded.dimension"
        ),
        {"model": embedding.model, "dimension": embedding.dimension},
    )
