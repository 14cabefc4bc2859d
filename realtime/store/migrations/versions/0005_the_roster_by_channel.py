"""An index on what connections listened to: a list by channel read them all."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("connections_by_channels", "connections", ["channels"], unique=False)
