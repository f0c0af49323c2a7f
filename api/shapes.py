"""Building blocks of response models: exact numbers, and the page every list answers with.

A response model lists its fields by name. Nothing reaches the network because a record has it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

Exact = Annotated[Decimal, WithJsonSchema({"type": "number"})]
"""A Decimal that is written as a JSON number with all its digits."""

Item = TypeVar("Item", bound=BaseModel)


class Shape(BaseModel):
    """Built from a record of the store by field name."""

    model_config = ConfigDict(from_attributes=True)


class PageShape(BaseModel, Generic[Item]):
    """One page of a list, newest first."""

    items: list[Item]
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page.")
    has_more: bool
