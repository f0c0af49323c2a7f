"""TA-Lib's functions as a model may ask for them: inputs, outputs, parameters with their ranges.

Names, defaults, inputs and outputs are the library's own. Its ranges are not published by the Python
package: the least of a whole number is asked of the library itself, those of other numbers are in a
table here, and a test holds both against the library. Periods end at the candles that are ever read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import numpy as np
import talib
from talib import abstract

from trading.candles import FloatArray

MOST_CANDLES = 499
"""Closed candles an indicator is computed over; AsterDEX charges 2.5 times as much from 500 on."""
MOST_NUMBER = 1e6
"""Of a parameter that is not whole; TA-Lib's own end is 3e37, at which nothing means anything."""
MA_TYPES = ("SMA", "EMA", "WMA", "DEMA", "TEMA", "TRIMA", "KAMA", "MAMA", "T3", "HMA", "none",
            "the function's own", "ZLEMA", "RMA")  # fmt: skip
"""What the numbers of a parameter `..matype` stand for, from 0."""
_abstract = cast("Any", abstract)
"""Its stubs leave out `Function`."""
_RANGES = {
    "percentile": (0.0, 100.0),
    "vfactor": (0.0, 1.0),
    "fastlimit": (0.01, 0.99),
    "slowlimit": (0.01, 0.99),
    "startvalue": (-MOST_NUMBER, MOST_NUMBER),
    "nbdev": (-MOST_NUMBER, MOST_NUMBER),
    "nbdevup": (-MOST_NUMBER, MOST_NUMBER),
    "nbdevdn": (-MOST_NUMBER, MOST_NUMBER),
}
_NOT_NEGATIVE = (0.0, MOST_NUMBER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A setting of a function; both ends of its range are allowed."""

    name: str
    is_whole: bool
    default: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A function of TA-Lib."""

    name: str
    title: str
    inputs: tuple[str, ...]
    """`open`, `high`, `low`, `close`, `volume` in its order; `periods` of MAVP alone."""
    outputs: tuple[str, ...]
    """A function with one output calls it `real` or `integer`."""
    parameters: tuple[Parameter, ...]

    def run(
        self, inputs: tuple[FloatArray, ...], settings: Mapping[str, float]
    ) -> tuple[FloatArray, ...]:
        """What the library computes. Raises `Exception` where it refuses the settings together."""
        function = cast("Callable[..., Any]", getattr(talib, self.name))
        found = function(*inputs, **settings)
        return cast("tuple[FloatArray, ...]", found if isinstance(found, tuple) else (found,))

    def warm_up(self, settings: Mapping[str, float]) -> int:
        """Values at the start that say nothing."""
        function = _abstract.Function(self.name)
        function.parameters = dict(settings)
        return int(function.lookback)


INDICATORS: tuple[str, ...] = tuple(sorted(cast("list[str]", talib.get_functions())))
"""All of them, by name."""


@cache
def find_indicator(name: str) -> Indicator:
    """One of `INDICATORS`."""
    info = cast("dict[str, Any]", _abstract.Function(name).info)
    inputs: list[str] = []
    for source in info["input_names"].values():
        inputs += [source] if isinstance(source, str) else source
    bare = Indicator(
        name=name,
        title=info["display_name"],
        inputs=tuple(inputs),
        outputs=tuple(info["output_names"]),
        parameters=(),
    )
    parameters = tuple(_parameter(bare, *each) for each in info["parameters"].items())
    return Indicator(
        name=name,
        title=bare.title,
        inputs=bare.inputs,
        outputs=bare.outputs,
        parameters=parameters,
    )


def _parameter(function: Indicator, name: str, default: float) -> Parameter:
    if isinstance(default, float):
        lowest, highest = _RANGES.get(name, _NOT_NEGATIVE)
        return Parameter(name=name, is_whole=False, default=default, lowest=lowest, highest=highest)
    if name.endswith("matype"):
        highest = len(MA_TYPES) - 1
        return Parameter(name=name, is_whole=True, default=default, lowest=0, highest=highest)
    lowest = 1 if _takes(function, {name: 1}) else 2
    return Parameter(name=name, is_whole=True, default=default, lowest=lowest, highest=MOST_CANDLES)


def _takes(function: Indicator, settings: Mapping[str, float]) -> bool:
    nothing = tuple(np.ones(3) for _ in function.inputs)
    try:
        function.run(nothing, settings)
    except Exception:  # noqa: BLE001 - the library raises nothing narrower
        return False
    return True
