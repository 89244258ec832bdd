"""The owners of documents. Documents that are stored already have none."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("documents", sa.Column("owner", sa.Text))


def downgrade() -> None:
    op.drop_column("documents", "owner")
