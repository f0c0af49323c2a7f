"""Why risk refused or shrank an entry: the codes, as they are stored and shown.

A code is never renamed, because stored decisions carry it. Each says what it means, which limits of
an account move it, and where the rule comes from.
"""

from __future__ import annotations

from enum import StrEnum


class DenialCode(StrEnum):
    """One reason; in the order of the documents."""

    meaning: str
    """The sentence shown in the documents."""
    limits: tuple[str, ...]
    """Names of the limits that decide it; empty for what no account can change."""
    source: str

    def __new__(
        cls, code: str, meaning: str, limits: str = "", source: str = "rules 3"
    ) -> DenialCode:
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        member.limits = tuple(limits.split())
        member.source = source
        return member

    OPERATOR_HALT = (
        "operator_halt",
        "The operator has halted the account (`perpflow panic`); ways out still go.",
        "",
        "seed 004",
    )
    EQUITY_UNKNOWN = (
        "equity_unknown",
        "Equity, available balance, stored peak, the equity at day start, fee or slippage is"
        " missing, not a number or out of range; this counts as halted.",
    )
    TRADING_STATE = (
        "trading_state",
        "The account's trading state is reducing or halted, so nothing may be opened.",
        "reduce_at_drawdown halt_at_drawdown",
        "seed 004",
    )
    DRAWDOWN = (
        "drawdown",
        "Equity has fallen too far from its stored peak; released by itself when it recovers.",
        "reduce_at_drawdown halt_at_drawdown",
        "seed 004",
    )
    DAILY_LOSS = (
        "daily_loss",
        "The loss since 00:00 UTC reached the daily limit; entries wait for the next day.",
        "max_daily_loss_ratio",
        "seed 004",
    )
    DAILY_ENTRIES = (
        "daily_entries",
        "The account has made all the entries allowed for one day, or their number is unknown.",
        "max_daily_entries",
        "seed 004",
    )
    SYMBOL_FROZEN = (
        "symbol_frozen",
        "The venue's state of this symbol is not settled: an order without a known outcome, a"
        " position that differs from our record, or one that is not the account's own.",
        "",
        "costly bugs 3 and 16",
    )
    LATE = (
        "late",
        "It was decided so late that the account's next slot had begun: it is of a market that is"
        " past, and the next decision is due.",
        "",
        "faults L21",
    )
    DATA_PROBLEM = (
        "data_problem",
        "Market data, filters or a position are stale, have gaps, are crossed or no number;"
        " exits go on.",
        "",
        "seed 003",
    )
    QUOTE_STALE = (
        "quote_stale",
        "The quote is older (or newer) than the cycle by more than is allowed.",
        "max_quote_age_seconds",
        "seed 003",
    )
    PRICE_OFF_MARK = (
        "price_off_mark",
        "The last price is too far from the mark price to trust either of them.",
        "",
        "seed 003",
    )
    SPREAD = (
        "spread",
        "Bid and ask are too far apart: the way in and out would cost more than a fee.",
        "max_spread_ratio",
        "seed 003",
    )
    OPPOSITE_POSITION = (
        "opposite_position",
        "The symbol is held in the other direction; it has to be closed before a new entry.",
        "",
        "FR-018",
    )
    COOLDOWN = (
        "cooldown",
        "The symbol was closed a short while ago; entries into it wait.",
        "cooldown_minutes",
        "FR-016",
    )
    MAX_POSITIONS = (
        "max_positions",
        "The account holds as many positions as it may.",
        "max_positions",
        "seed 001",
    )
    CONFIDENCE = (
        "confidence",
        "The confidence is below the account's threshold or is not a ratio between 0 and 1.",
        "min_confidence",
        "seed 004",
    )
    DIRECTION_CHANGE = (
        "direction_change",
        "The symbol was last held the other way round, and a change of direction needs more"
        " confidence than an entry.",
        "min_confidence turn_confidence_margin turn_hours",
        "FR-018",
    )
    ALLOCATION_INVALID = (
        "allocation_invalid",
        "The asked notional is negative or not a finite number.",
        "",
        "FR-019",
    )
    STOP_MISSING = (
        "stop_missing",
        "The decision has no stop and no default stop can be computed because ATR is unknown.",
        "requires_stop stop_atr_multiple",
        "seed 003",
    )
    LEVEL_TOO_FAR = (
        "level_too_far",
        "Stop or take profit is not a positive price within half of the price.",
        "",
        "rules 5",
    )
    LEVEL_WRONG_SIDE = (
        "level_wrong_side",
        "Stop or take profit lies on the wrong side of the price and would trigger at once.",
    )
    REWARD_TO_RISK = (
        "reward_to_risk",
        "From the price, the target is too near for what the stop puts at risk.",
        "min_reward_to_risk",
    )
    FUNDING = (
        "funding",
        "The side that is entered would pay too much funding within the holding time, as much as"
        " its target earns, or the rate is unknown.",
        "max_funding_ratio max_holding_hours",
        "FR-017",
    )
    ORDER_SIZE = (
        "order_size",
        "The order is larger than one order may be.",
        "max_order_ratio max_position_ratio",
        "seed 001",
    )
    SYMBOL_EXPOSURE = (
        "symbol_exposure",
        "The position after the order would exceed the exposure allowed for one symbol.",
        "max_position_ratio",
        "seed 004",
    )
    CONFIDENCE_SIZE = (
        "confidence_size",
        "The position would be larger than its confidence carries.",
        "min_confidence min_position_ratio max_position_ratio",
        "seed 004",
    )
    CORRELATED_EXPOSURE = (
        "correlated_exposure",
        "Positions that move together would exceed the exposure allowed for one bet.",
        "max_correlated_ratio correlation_threshold",
        "seed 003",
    )
    GROSS_EXPOSURE = (
        "gross_exposure",
        "Gross exposure after the order would exceed max leverage times equity.",
        "max_leverage",
        "FR-059",
    )
    LEVERAGE = (
        "leverage",
        "The leverage is above the account's cap, the venue's bracket or what volatility allows.",
        "leverage max_leverage max_atr_of_margin",
        "seed 003",
    )
    MARGIN = (
        "margin",
        "The available balance does not pay for margin, fees and slippage.",
        "",
        "FR-019",
    )
    MARGIN_USE = (
        "margin_use",
        "The margin of all positions, with the order's fees, would take too much of the equity.",
        "max_margin_ratio",
        "FR-019",
    )
    VENUE_MAXIMUM = (
        "venue_maximum",
        "The quantity exceeds the venue's largest market order.",
        "",
        "venue",
    )
    SIZE_BELOW_MINIMUM = (
        "size_below_minimum",
        "What may be opened is smaller than the account's smallest position.",
        "min_position_ratio",
        "seed 004",
    )
    VENUE_MINIMUM = (
        "venue_minimum",
        "Entry, stop or target would be under the venue's smallest quantity or notional.",
        "",
        "venue",
    )
    LIQUIDATION = (
        "liquidation",
        "The position would be liquidated before its stop is reached.",
    )
