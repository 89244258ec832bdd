"""Functions for tables with vectors in PostgreSQL. Extra: database."""

from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

if TYPE_CHECKING:
    # Imported for types only: myrag does not use the ORM and saves its memory.
    from sqlalchemy.orm import Session

# pgvector's HNSW index supports at most this many dimensions for the type `vector`.
MAX_DIMENSION = 2000

# pgvector's default of hnsw.ef_search. A search cannot return more rows than it examines.
MIN_CANDIDATES = 40


def widen_search(connection: "Connection | Session", k: int) -> None:
    """Make the searches of this transaction examine enough candidates for k results."""
    connection.execute(text(f"SET LOCAL hnsw.ef_search = {max(MIN_CANDIDATES, 2 * int(k))}"))


def index_chunks(connection: "Connection | Session", dimension: int) -> None:
    """Give chunks.embedding a dimension and an HNSW index for cosine distance."""
    connection.execute(text("DROP INDEX IF EXISTS chunks_embedding"))
    # A type cannot contain a bound parameter. The dimension is an integer from the application's
    # own table.
    connection.execute(text(f"ALTER TABLE chunks ALTER embedding TYPE vector({int(dimension)})"))
    connection.execute(
        text("CREATE INDEX chunks_embedding ON chunks USING hnsw (embedding vector_cosine_ops)")
    )
