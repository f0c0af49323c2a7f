"""What the processes of one host share about a venue."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SCHEMA = "app"


def upgrade():
    op.create_table(
        "signer_nonces",
        sa.Column("signer", sa.Text(collation="C"), nullable=False),
        sa.Column("last_nonce", sa.BigInteger(), nullable=False),
        sa.Column(
            "real_used_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("last_nonce > 0", name=op.f("ck_signer_nonces_nonce_positive")),
        sa.PrimaryKeyConstraint("signer", name=op.f("pk_signer_nonces")),
        schema=SCHEMA,
    )


def downgrade():
    op.drop_table("signer_nonces", schema=SCHEMA)
