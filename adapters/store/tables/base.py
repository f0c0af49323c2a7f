"""What all tables share: schema, naming of constraints, column types.

Money, prices and quantities are NUMERIC without scale, times are timestamptz (market time unless
the name starts with `real_`), keys that are compared or paged are text COLLATE "C". CHECKs stand
in `Table(...)` arguments with a name, because Alembic drops those given inside a column.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Column, DateTime, MetaData, Numeric, Text, TypeDecorator

SCHEMA = "app"

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    },
)

Key = Text(collation="C")


class FiniteNumeric(TypeDecorator[Decimal]):
    """NUMERIC that takes finite Decimals only: PostgreSQL's own NaN would pass every `> 0` check."""

    impl = Numeric
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Decimal | None:
        del dialect
        if value is None:
            return None
        if not isinstance(value, Decimal | int) or not Decimal(value).is_finite():
            raise ValueError(f"money must be a finite Decimal, not {value!r}")
        return Decimal(value)


Money = FiniteNumeric(asdecimal=True)
Instant = DateTime(timezone=True)


def account_column(*, primary_key: bool = False) -> Column[str]:
    """`account_id` of an account row; never null."""
    return Column("account_id", Key, primary_key=primary_key, nullable=False)
