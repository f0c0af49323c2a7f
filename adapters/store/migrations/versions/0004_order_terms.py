"""What the matching engine keeps of an order and a book: terms of orders, margin mode, policies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SCHEMA = "app"
KEY = sa.Text(collation="C")
REQUESTS = ("intents", "orders", "paper_orders")
ORDERS = ("orders", "paper_orders")
POSITIVE = "ck_intents_quantity_positive"


def upgrade() -> None:
    for table in REQUESTS:
        _add(table, "time_in_force", sa.Text(), "'gtc'")
        _add(table, "close_position", sa.Boolean(), "false")
        _add(table, "terms", postgresql.JSONB(), "'{}'")
    for table in ORDERS:
        op.add_column(table, sa.Column("group_id", KEY, nullable=True), schema=SCHEMA)
        op.add_column(table, sa.Column("group_role", sa.Text(), nullable=True), schema=SCHEMA)
    _replace_quantity_check("quantity > 0 or (close_position and quantity = 0)")
    _books()


def downgrade() -> None:
    """Refused while a close-position order is stored: the old columns cannot say what it is."""
    _replace_quantity_check("quantity > 0")
    op.drop_constraint("ck_paper_positions_margin_mode", "paper_positions", schema=SCHEMA)
    op.drop_column("paper_positions", "margin_mode", schema=SCHEMA)
    for name in ("slippage_policy", "volume_share"):
        op.drop_constraint(f"ck_paper_wallets_{name}", "paper_wallets", schema=SCHEMA)
    for name in ("margin_modes", "marks", "slippage_policy", "volume_share"):
        op.drop_column("paper_wallets", name, schema=SCHEMA)
    for table in ORDERS:
        op.drop_column(table, "group_role", schema=SCHEMA)
        op.drop_column(table, "group_id", schema=SCHEMA)
    for table in REQUESTS:
        for name in ("terms", "close_position", "time_in_force"):
            op.drop_column(table, name, schema=SCHEMA)


def _books() -> None:
    _add("paper_wallets", "margin_modes", postgresql.JSONB(), "'{}'")
    _add("paper_wallets", "marks", postgresql.JSONB(), "'{}'")
    _add("paper_wallets", "slippage_policy", sa.Text(), "'fixed'")
    op.add_column(
        "paper_wallets", sa.Column("volume_share", sa.Numeric(), nullable=True), schema=SCHEMA
    )
    _check("paper_wallets", "slippage_policy", "slippage_policy in ('fixed', 'spread', 'depth')")
    _check("paper_wallets", "volume_share", "volume_share > 0 and volume_share <= 1")
    _add("paper_positions", "margin_mode", sa.Text(), "'isolated'")
    _check("paper_positions", "margin_mode", "margin_mode in ('isolated', 'cross')")


def _add(table, name, kind, default) -> None:
    column = sa.Column(name, kind, nullable=False, server_default=sa.text(default))
    op.add_column(table, column, schema=SCHEMA)


def _check(table, name, condition) -> None:
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition, schema=SCHEMA)


def _replace_quantity_check(condition) -> None:
    op.drop_constraint(op.f(POSITIVE), "intents", schema=SCHEMA)
    op.create_check_constraint(op.f(POSITIVE), "intents", condition, schema=SCHEMA)
