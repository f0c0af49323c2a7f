"""What risk answers: approved, shrunk or denied. A refusal is a value with its numbers.

Notional is quote, quantity is base, prices are quote per base. A verdict never asks for more than
the decision did: `notional <= asked` holds in each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trading.orders import Side


class DenialCode(StrEnum):
    """Why risk refused or shrank an entry; `meaning` is the sentence shown in the documents."""

    meaning: str

    def __new__(cls, code: str, meaning: str) -> DenialCode:
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    OPERATOR_HALT = (
        "operator_halt",
        "The operator has halted the account (`perpflow panic`); ways out still go.",
    )
    EQUITY_UNKNOWN = (
        "equity_unknown",
        "Equity, available balance, stored peak or the equity at day start is missing, not a"
        " number or not positive; this counts as halted.",
    )
    TRADING_STATE = (
        "trading_state",
        "The account's trading state is reducing or halted, so nothing may be opened.",
    )
    DRAWDOWN = (
        "drawdown",
        "Equity has fallen too far from its stored peak; released by itself when it recovers.",
    )
    DAILY_LOSS = (
        "daily_loss",
        "The loss since 00:00 UTC reached the daily limit; entries wait for the next day.",
    )
    DAILY_ENTRIES = ("daily_entries", "The account has made all the entries allowed for one day.")
    DATA_PROBLEM = (
        "data_problem",
        "Market data is stale, has gaps, is crossed or not a number; exits go on.",
    )
    PRICE_OFF_MARK = (
        "price_off_mark",
        "The last price is too far from the mark price to trust either of them.",
    )
    OPPOSITE_POSITION = (
        "opposite_position",
        "The symbol is held in the other direction; it has to be closed before a new entry.",
    )
    MAX_POSITIONS = ("max_positions", "The account holds as many positions as it may.")
    CONFIDENCE = (
        "confidence",
        "The confidence is below the account's threshold or is not a ratio between 0 and 1.",
    )
    ALLOCATION_INVALID = (
        "allocation_invalid",
        "The asked notional is negative or not a finite number.",
    )
    STOP_MISSING = (
        "stop_missing",
        "The decision has no stop and no default stop can be computed because ATR is unknown.",
    )
    LEVEL_WRONG_SIDE = (
        "level_wrong_side",
        "Stop or take profit lies on the wrong side of the price and would trigger at once.",
    )
    LEVEL_TOO_FAR = (
        "level_too_far",
        "Stop or take profit is not a positive price within half of the price.",
    )
    ORDER_SIZE = ("order_size", "The order is larger than the largest position allowed.")
    SYMBOL_EXPOSURE = (
        "symbol_exposure",
        "The position after the order would exceed the exposure allowed for one symbol.",
    )
    GROSS_EXPOSURE = (
        "gross_exposure",
        "Gross exposure after the order would exceed max leverage times equity.",
    )
    LEVERAGE = (
        "leverage",
        "The position's leverage is above the account's cap or the venue's bracket.",
    )
    MARGIN = ("margin", "The available balance does not pay for margin, fees and slippage.")
    VENUE_MAXIMUM = ("venue_maximum", "The quantity exceeds the venue's largest market order.")
    SIZE_BELOW_MINIMUM = (
        "size_below_minimum",
        "What may be opened is smaller than the account's smallest position.",
    )
    VENUE_MINIMUM = (
        "venue_minimum",
        "Entry, stop or target would be under the venue's smallest quantity or notional.",
    )
    LIQUIDATION = (
        "liquidation",
        "The position would be liquidated before its stop is reached.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """An entry (or a close) that may be sent as it stands."""

    symbol: str
    side: Side
    asked: Decimal
    """Notional of the decision, quote."""
    notional: Decimal
    """Quantity times `price`, quote; never above `asked`."""
    quantity: Decimal
    """Base; a multiple of the step, rounded down."""
    price: Decimal
    """Reference: ask for a buy, bid for a sell."""
    leverage: int
    """What the venue is to be told for the symbol."""
    stop_price: Decimal | None
    take_profit_price: Decimal | None
    stop_is_default: bool = False
    """True: the decision had no stop, the account's ATR stop was added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk(Approved):
    """Approved, but smaller than asked; the limit named is the one that binds."""

    code: DenialCode
    limit: str
    actual: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """Refused by us; no message leaves the house."""

    symbol: str
    code: DenialCode
    limit: str
    """The allowed value as text, as it was then."""
    actual: str
    """The value found, as text; `unknown` when it was missing."""
    sentence: str


Verdict = Approved | Shrunk | Denied
