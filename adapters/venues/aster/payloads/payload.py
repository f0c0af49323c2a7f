"""What all answers of the venue share: its spelling, its loose types, and unknown fields.

Numbers come as text or as JSON numbers and become Decimal or int; ids that come as text are ints as
well. Fields that are not listed are ignored; a listed one without default must be there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

_MOST_FIELDS = 5


class WrongAnswer(ValueError):
    """A readable answer that does not belong to the question."""


class MissingFields(WrongAnswer):
    """Fields are missing or of the wrong kind; `fields` names the first ones."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(f"missing or unreadable in the answer: {', '.join(fields)}")
        self.fields = fields


class Payload(BaseModel):
    """A JSON object of the venue; attribute names are ours in form, the venue's in words."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        coerce_numbers_to_str=True,
        hide_input_in_errors=True,
    )


Row = TypeVar("Row", bound=Payload)


def list_in(document: object) -> list[object]:
    """A list; a single object stands for a list of one, as the venue answers for one symbol."""
    if isinstance(document, list):
        return cast("list[object]", document)
    return [document]


def rows_of(model: type[Row]) -> Callable[[object], tuple[Row, ...]]:
    """Reader of a list of such objects, or of a single one; a defect is named by its row."""

    def read(document: object) -> tuple[Row, ...]:
        return tuple(
            _row(model, number, row) for number, row in enumerate(list_in(document), start=1)
        )

    return read


def sound_rows_of(model: type[Row]) -> Callable[[object], tuple[Row, ...]]:
    """Reader of a list about many symbols: what cannot be read of one is left out, the others stay.

    It refuses a list without any readable row.
    """

    def read(document: object) -> tuple[Row, ...]:
        rows: list[Row] = []
        defect: MissingFields | None = None
        for number, row in enumerate(list_in(document), start=1):
            try:
                rows.append(_row(model, number, row))
            except MissingFields as error:
                defect = error
        if defect is not None and not rows:
            raise defect
        return tuple(rows)

    return read


def _row(model: type[Row], number: int, document: object) -> Row:
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise MissingFields(tuple(f"row {number} {name}" for name in fields_in(error))) from None


def fields_in(error: ValidationError) -> tuple[str, ...]:
    """The first fields that are missing or of the wrong kind, by the venue's names."""
    places = [".".join(map(str, each["loc"])) or "everything" for each in error.errors()]
    return tuple(places[:_MOST_FIELDS])
