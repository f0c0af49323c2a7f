"""Contract filters and margin tables for instruments that no venue described to us.

Used by the simulated and the recorded market; a live venue's own answer always goes first.
Prices are quote per base, notionals quote. Margin tables are continuous at every floor.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from trading.instruments import Instrument, MaintenanceBracket
from trading.units import ONE, ZERO

BracketRow = tuple[int, int, str]
"""(notional floor in quote, largest leverage, maintenance ratio)."""

MAJOR_ROWS: tuple[BracketRow, ...] = (
    (0, 125, "0.004"),
    (50_000, 100, "0.005"),
    (600_000, 50, "0.01"),
    (3_000_000, 20, "0.025"),
    (12_000_000, 10, "0.05"),
    (70_000_000, 5, "0.10"),
    (150_000_000, 2, "0.25"),
)
MINOR_ROWS: tuple[BracketRow, ...] = (
    (0, 75, "0.0065"),
    (20_000, 50, "0.01"),
    (100_000, 25, "0.02"),
    (500_000, 10, "0.05"),
    (2_000_000, 5, "0.10"),
    (5_000_000, 2, "0.25"),
)

MIN_NOTIONAL_BY_QUOTE = {
    "USDT": Decimal(5),
    "USDC": Decimal(5),
    "USD": Decimal(5),
    "BTC": Decimal("0.0001"),
    "ETH": Decimal("0.002"),
    "BNB": Decimal("0.01"),
}
"""The quotes that are known, with the smallest order in each."""

_MULTIPLIER_UP, _MULTIPLIER_DOWN = Decimal("1.05"), Decimal("0.95")
"""PERCENT_PRICE of the live rows that are known: a limit at most 5 % beyond the mark."""
_STEPS_PER_MIN_NOTIONAL = 10
_MAX_STEPS = 10_000_000


def build_brackets(
    rows: Sequence[BracketRow], *, scale: Decimal = ONE
) -> tuple[MaintenanceBracket, ...]:
    """The margin table with the cumulative amounts that make it continuous.

    `scale` is the worth of one USDT in the instrument's quote and multiplies the floors.
    """
    brackets: list[MaintenanceBracket] = []
    cumulative, ratio_before = ZERO, ZERO
    for floor, max_leverage, ratio_text in rows:
        ratio, notional_floor = Decimal(ratio_text), floor * scale
        cumulative += notional_floor * (ratio - ratio_before)
        brackets.append(
            MaintenanceBracket(
                notional_floor=notional_floor,
                max_leverage=max_leverage,
                maintenance_ratio=ratio,
                cumulative=cumulative,
            )
        )
        ratio_before = ratio
    return tuple(brackets)


def _perpetual(
    base: str, tick: str, step: str, max_quantity: int, rows: Sequence[BracketRow]
) -> Instrument:
    return Instrument(
        symbol=f"{base}USDT",
        base=base,
        quote="USDT",
        tick_size=Decimal(tick),
        step_size=Decimal(step),
        min_quantity=Decimal(step),
        max_quantity=Decimal(max_quantity),
        max_market_quantity=Decimal(max_quantity) / 5,
        min_notional=MIN_NOTIONAL_BY_QUOTE["USDT"],
        brackets=build_brackets(rows),
        multiplier_up=_MULTIPLIER_UP,
        multiplier_down=_MULTIPLIER_DOWN,
    )


KNOWN_INSTRUMENTS = {
    instrument.symbol: instrument
    for instrument in (
        _perpetual("BTC", "0.1", "0.001", 1_000, MAJOR_ROWS),
        _perpetual("ETH", "0.01", "0.001", 10_000, MAJOR_ROWS),
        _perpetual("SOL", "0.01", "0.01", 200_000, MINOR_ROWS),
        _perpetual("BNB", "0.01", "0.01", 50_000, MINOR_ROWS),
        _perpetual("XRP", "0.0001", "0.1", 10_000_000, MINOR_ROWS),
        _perpetual("DOGE", "0.00001", "1", 100_000_000, MINOR_ROWS),
    )
}
"""By symbol, with a funding interval of 8 hours."""


def derive_instrument(
    symbol: str, *, base: str, quote: str, tick_size: Decimal, price: Decimal
) -> Instrument:
    """Filters for an unknown instrument: a step worth at most a tenth of the smallest order.

    `price` is a usual price of the instrument. Raises `KeyError` for a quote that is not in
    `MIN_NOTIONAL_BY_QUOTE`.
    """
    min_notional = MIN_NOTIONAL_BY_QUOTE[quote]
    largest_step = min_notional / _STEPS_PER_MIN_NOTIONAL / price
    step = ONE.scaleb(largest_step.adjusted())
    return Instrument(
        symbol=symbol,
        base=base,
        quote=quote,
        tick_size=tick_size,
        step_size=step,
        min_quantity=step,
        max_quantity=step * _MAX_STEPS,
        max_market_quantity=step * _MAX_STEPS / 5,
        min_notional=min_notional,
        brackets=build_brackets(MINOR_ROWS, scale=min_notional / MIN_NOTIONAL_BY_QUOTE["USDT"]),
        multiplier_up=_MULTIPLIER_UP,
        multiplier_down=_MULTIPLIER_DOWN,
    )
