"""The kinds of values that a configuration holds, each with its check and its words.

What a kind accepts does not depend on the shape of the input: a number may be written as text,
because a variable (`${NAME}`) can only give text. Checks say no by `ValueError`, which pydantic
gathers; the sentence for the operator comes from the field's description.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
)
from pydantic_core import CoreSchema, core_schema

from adapters.config.secret_shapes import is_secret_like
from trading.account import ACCOUNT_ID

REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/.+|block:[a-z0-9-]+/.+")
ADDRESS = re.compile(r"0x[0-9A-Fa-f]{40}")
ASSET = re.compile(r"[A-Z0-9]{1,20}")
NUMBER_TEXT = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
BASE_URL = re.compile(
    r"https://[^\s/@?#]+[^\s@?#]*|http://(localhost|127\.0\.0\.1)(:[0-9]+)?(/[^\s@?#]*)?"
)
"""In clear text only on this machine: a key must not cross a network that way."""

REFERENCE_FORMS = "a reference: ${NAME}, env:NAME, file:/path or block:aster-credentials/NAME"
_SWITCHES = {"true": True, "false": False}


def _as_number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("is a switch, not a number")  # noqa: TRY004 - pydantic collects ValueError only
    if isinstance(value, str) and NUMBER_TEXT.fullmatch(value.strip()) is None:
        raise ValueError("is not a number")
    return value


def _as_switch(value: Any) -> Any:
    if isinstance(value, str):
        value = _SWITCHES.get(value.strip().lower(), value)
    if value is not None and not isinstance(value, bool):
        raise ValueError("is not a switch")
    return value


def split_text(value: Any) -> Any:
    """The documents write lists as `[BTC, ETH]`, `BTC ETH` and `BTC,ETH`."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


class _Matching:
    """Text of one shape, checked here and named in the schema."""

    def __init__(self, shape: re.Pattern[str], what: str) -> None:
        self._shape, self._what = shape, what

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^({self._shape.pattern})$"}

    def _checked(self, text: str) -> str:
        if self._shape.fullmatch(text) is None:
            raise ValueError(f"is not {self._what}")
        return text


def _without_secret(text: str) -> str:
    if is_secret_like(text):
        raise ValueError("looks like a secret")
    return text


# Bounds stand before the check: behind it they would be missing from the schema.
Number = Annotated[float, Field(allow_inf_nan=False), BeforeValidator(_as_number)]
Whole = Annotated[int, BeforeValidator(_as_number)]
Amount = Annotated[Decimal, Field(allow_inf_nan=False), BeforeValidator(_as_number)]
Ratio = Annotated[
    Decimal,
    Field(gt=0, le=1, allow_inf_nan=False, description="a ratio above 0 and up to 1"),
    BeforeValidator(_as_number),
]
Multiple = Annotated[Decimal, Field(gt=0, le=125, allow_inf_nan=False), BeforeValidator(_as_number)]
"""Of the equity, as leverage is."""
Floor = Annotated[Decimal, Field(ge=0, le=100, allow_inf_nan=False), BeforeValidator(_as_number)]
"""Of a quotient; 0 asks for nothing."""
Switch = Annotated[bool, BeforeValidator(_as_switch)]
Words = Annotated[str, AfterValidator(_without_secret)]
"""Free text."""
AccountId = Annotated[str, _Matching(ACCOUNT_ID, "an account id"), AfterValidator(_without_secret)]
"""The pattern alone would let a private key in hex pass."""
Reference = Annotated[str, _Matching(REFERENCE, "a reference")]
AddressOrReference = Annotated[
    str, _Matching(re.compile(f"{ADDRESS.pattern}|{REFERENCE.pattern}"), "an address")
]
BaseUrl = Annotated[str, _Matching(BASE_URL, "a base address"), AfterValidator(_without_secret)]
Asset = Annotated[
    str,
    _Matching(ASSET, "an asset"),
    Field(description="a base asset in capitals such as BTC"),
]
Assets = Annotated[list[Asset], BeforeValidator(split_text)]
