"""What a model may ask for before it decides, and its question read into a record.

Three tools, all of them only look: an indicator, candles, the history of open interest. Assets are
those of the account, candles are closed ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trading.decision.tools.arguments import (
    read_count,
    read_name,
    real,
    require_known,
    whole,
)
from trading.decision.tools.catalogue import INDICATORS, MA_TYPES, Indicator, find_indicator
from trading.errors import ToolRefused
from trading.timeframes import Timeframe

GET_INDICATOR = "get_indicator"
GET_CANDLES = "get_candles"
GET_OPEN_INTEREST = "get_open_interest_history"
MOST_VALUES = 50
"""Of each output of an indicator."""
MOST_CANDLE_ROWS = 100
MOST_INTEREST_ROWS = 100
_USUAL_VALUES, _USUAL_ROWS = 10, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What an account's model may ask about."""

    assets: tuple[str, ...]
    timeframes: tuple[Timeframe, ...]
    """Those that the market has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorRequest:
    """Values of one function over candles."""

    asset: str
    timeframe: Timeframe
    indicator: Indicator
    settings: Mapping[str, float]
    """All parameters, the defaults included."""
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CandlesRequest:
    """The newest closed candles."""

    asset: str
    timeframe: Timeframe
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInterestRequest:
    """The newest readings of open interest."""

    asset: str
    last: int


ToolRequest = IndicatorRequest | CandlesRequest | OpenInterestRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpecification:
    """A tool as a model is told of it."""

    name: str
    description: str
    parameters: Mapping[str, object]
    """JSON schema of its arguments."""


def specifications(offer: Offer) -> tuple[ToolSpecification, ...]:
    """The tools, with the assets and timeframes that there are; none without an asset."""
    if not offer.assets:
        return ()
    asset = {"type": "string", "enum": list(offer.assets)}
    timeframe = {"type": "string", "enum": [str(each) for each in offer.timeframes]}
    types = ", ".join(f"{number} {name}" for number, name in enumerate(MA_TYPES))
    return (
        ToolSpecification(
            name=GET_INDICATOR,
            description=(
                "Newest values (oldest first) of any TA-Lib function over closed candles. Inputs are"
                " TA-Lib's defaults, e.g. close. null: not known yet."
                f" Moving average types: {types}."
            ),
            parameters=_object(
                {
                    "asset": asset,
                    "timeframe": timeframe,
                    "name": {"type": "string", "description": "TA-Lib's name, e.g. RSI, BBANDS"},
                    "parameters": {
                        "type": "object",
                        "description": 'TA-Lib\'s own names, e.g. {"timeperiod": 14}; '
                        "what is left out has its default",
                        "additionalProperties": {"type": "number"},
                    },
                    "last": _count(MOST_VALUES, _USUAL_VALUES),
                },
                required=("asset", "timeframe", "name"),
            ),
        ),
        ToolSpecification(
            name=GET_CANDLES,
            description="Newest closed candles, oldest first, without a gap.",
            parameters=_object(
                {
                    "asset": asset,
                    "timeframe": timeframe,
                    "last": _count(MOST_CANDLE_ROWS, _USUAL_ROWS),
                },
                required=("asset", "timeframe"),
            ),
        ),
        ToolSpecification(
            name=GET_OPEN_INTEREST,
            description="Newest stored readings of open interest (base quantity), oldest first.",
            parameters=_object(
                {"asset": asset, "last": _count(MOST_INTEREST_ROWS, _USUAL_ROWS)},
                required=("asset",),
            ),
        ),
    )


def read_request(name: str, given: Mapping[str, object], offer: Offer) -> ToolRequest:
    """A tool call as a record.

    Raises
    ------
    ToolRefused
        An unknown tool, asset, timeframe, indicator or argument, or a value out of its range.
    """
    if name == GET_INDICATOR:
        return _indicator(given, offer)
    if name == GET_CANDLES:
        require_known(given, ("asset", "timeframe", "last"), name)
        return CandlesRequest(
            asset=read_name(given, "asset", offer.assets),
            timeframe=_timeframe(given, offer),
            last=read_count(given, "last", _USUAL_ROWS, MOST_CANDLE_ROWS),
        )
    if name == GET_OPEN_INTEREST:
        require_known(given, ("asset", "last"), name)
        return OpenInterestRequest(
            asset=read_name(given, "asset", offer.assets),
            last=read_count(given, "last", _USUAL_ROWS, MOST_INTEREST_ROWS),
        )
    names = (GET_INDICATOR, GET_CANDLES, GET_OPEN_INTEREST)
    raise ToolRefused(f"there is no such tool; there are: {', '.join(names)}")


def _indicator(given: Mapping[str, object], offer: Offer) -> IndicatorRequest:
    fields = ("asset", "timeframe", "name", "parameters", "last")
    require_known(given, fields, GET_INDICATOR)
    asset, timeframe = read_name(given, "asset", offer.assets), _timeframe(given, offer)
    indicator = find_indicator(read_name({"indicator": given.get("name")}, "indicator", INDICATORS))
    return IndicatorRequest(
        asset=asset,
        timeframe=timeframe,
        indicator=indicator,
        settings=_settings(indicator, given.get("parameters")),
        last=read_count(given, "last", _USUAL_VALUES, MOST_VALUES),
    )


def _settings(indicator: Indicator, given: object) -> dict[str, float]:
    known = [each.name for each in indicator.parameters]
    wanted = _members(given)
    if wanted and not known:
        raise ToolRefused(f"{indicator.name} has no parameters")
    require_known(wanted, known, indicator.name)
    settings: dict[str, float] = {}
    for each in indicator.parameters:
        value, field = wanted.get(each.name), f"{indicator.name} {each.name}"
        if value is None:
            settings[each.name] = each.default
        elif each.is_whole:
            settings[each.name] = whole(value, field, int(each.lowest), int(each.highest))
        else:
            settings[each.name] = real(value, field, each.lowest, each.highest)
    return settings


def _members(given: object) -> dict[str, object]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ToolRefused('parameters must be an object, e.g. {"timeperiod": 14}')
    return {str(name): value for name, value in given.items()}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _timeframe(given: Mapping[str, object], offer: Offer) -> Timeframe:
    return Timeframe(read_name(given, "timeframe", [str(each) for each in offer.timeframes]))


def _object(properties: Mapping[str, object], required: tuple[str, ...]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _count(most: int, usual: int) -> dict[str, object]:
    return {"type": "integer", "minimum": 1, "maximum": most, "default": usual}
