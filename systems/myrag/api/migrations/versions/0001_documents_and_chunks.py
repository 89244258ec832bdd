"""Documents, their chunks and the embedding space.

The embedding column gets its dimension and its index from `myrag.space`, because both follow the
settings.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False, unique=True),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            nullable=False,
            server_default=sa.text("now()"),
            index=True,
        ),
    )
    op.create_table(
        "chunks",
        sa.Column(
            "document_id", sa.Uuid, sa.ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("ordinal", sa.Integer, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.execute("ALTER TABLE chunks ADD COLUMN embedding vector NOT NULL")
    op.create_table(
        "embedding_space",
        sa.Column(
            "id", sa.Boolean, sa.CheckConstraint("id", name="embedding_space_one_row"), primary_key=True
        ),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("dimension", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("embedding_space")
    op.drop_table("chunks")
    op.drop_table("documents")
