"""From a situation to the one text that a model decides on: figures by code, words of others quoted.

The text is the same for the same records, to the byte. Everything stands in one marked block of
data; what others wrote (the model itself included) passes a whitelist of characters, so that it
cannot close the block, and stands under `quoted_words`. The defence does not rest on that: whatever
a model answers is read by `trading.decision.reply` and cut by the limits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from trading.decision.context.account_part import (
    account_part,
    fills_part,
    limits_part,
    outcomes_part,
    past_part,
    positions_part,
)
from trading.decision.context.figures import Json, render_json
from trading.decision.context.market_part import market_part, no_data_part
from trading.decision.context.outside_text import outside_name, outside_words
from trading.decision.context.situation import Situation
from trading.decision.context.trimming import (
    Extent,
    estimate_tokens,
    extents,
    full_extent,
    left_out,
)

DATA_BEGINS = "~~~~ data begins ~~~~"
DATA_ENDS = "~~~~ data ends ~~~~"
"""Tildes pass no whitelist, so nothing inside can look like them."""
DEFAULT_BUDGET = 12_000
"""Tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The text for the model."""

    text: str
    tokens: int
    """As estimated."""
    left_out: tuple[str, ...]
    """What was trimmed to fit."""
    fits: bool
    """False: even without all that may be left out it is over the budget."""


def build_context(situation: Situation, *, budget: int = DEFAULT_BUDGET) -> Context:
    """The fullest text within `budget` tokens, or the shortest there is when none is."""
    known = _until_now(situation)
    full = full_extent(known)
    context = None
    for extent in extents(full):
        context = _context(known, full, extent, budget)
        if context.fits:
            break
    assert context is not None  # noqa: S101 - there is always the full extent
    return context


def _until_now(situation: Situation) -> Situation:
    """Without anything that happened later: memory is keyed by when its outcome was known."""
    now = situation.as_of
    past = [
        each
        for each in situation.past
        if each.trade.closed_at is not None and each.trade.closed_at <= now
    ]
    return replace(
        situation,
        past=tuple(sorted(past, key=lambda each: (str(each.trade.closed_at), each.asset))),
        outcomes=tuple(
            sorted(
                (each for each in situation.outcomes if each.known_at <= now),
                key=lambda each: (each.known_at, each.asset, each.horizon),
            )
        ),
        fills=tuple(
            sorted(
                (fill for fill in situation.fills if fill.filled_at <= now),
                key=lambda fill: (fill.filled_at, fill.symbol, fill.trade_id),
            )
        ),
        announcements=tuple(
            sorted(
                (each for each in situation.announcements if each.at <= now),
                key=lambda each: (each.at, each.source),
            )
        ),
        markets=tuple(sorted(situation.markets, key=lambda brief: brief.asset)),
    )


def _context(situation: Situation, full: Extent, extent: Extent, budget: int) -> Context:
    trimmed = left_out(full, extent)
    parts = _parts(situation, extent, trimmed)
    lines = ",\n".join(f'"{name}": {render_json(part)}' for name, part in parts.items())
    text = f"{DATA_BEGINS}\n{{\n{lines}\n}}\n{DATA_ENDS}"
    tokens = estimate_tokens(text)
    return Context(text=text, tokens=tokens, left_out=trimmed, fits=tokens <= budget)


def _parts(situation: Situation, extent: Extent, trimmed: tuple[str, ...]) -> dict[str, Json]:
    fills = situation.fills[len(situation.fills) - extent.fills :]
    past = situation.past[len(situation.past) - extent.past :]
    return {
        "as_of": situation.as_of,
        "decides_every": str(situation.interval),
        "account": account_part(situation),
        "limits": limits_part(situation),
        "positions": positions_part(situation),
        "recent_fills": fills_part(fills),
        "past_trades": past_part(situation.past, past),
        **_outcomes(situation, extent),
        "markets": [
            market_part(
                brief,
                as_of=situation.as_of,
                interval=situation.interval,
                candles=extent.candles,
                timeframes=extent.timeframes,
            )
            for brief in situation.markets
        ],
        "no_data": no_data_part(situation.no_data),
        "quoted_words": _quoted_words(situation, extent),
        "left_out": list(trimmed),
    }


def _outcomes(situation: Situation, extent: Extent) -> dict[str, Json]:
    """A table of its own, for agents of which outcomes are kept."""
    known = situation.outcomes
    return {"outcomes": outcomes_part(known[len(known) - extent.outcomes :])} if known else {}


def _quoted_words(situation: Situation, extent: Extent) -> list[Json]:
    """Words of the model's own past and of others, each with what it is about."""
    words: list[Json] = [
        {"about": outside_name(each.asset), "what": what, "words": outside_words(text)}
        for each in sorted(situation.positions, key=lambda held: held.asset)
        for what, text in (("your exit plan", each.exit_plan), ("your rationale", each.rationale))
        if text
    ]
    newest = situation.announcements[len(situation.announcements) - extent.announcements :]
    words += [
        {
            "about": outside_name(each.source),
            "what": "announcement",
            "at": each.at,
            "words": outside_words(each.words),
        }
        for each in newest
    ]
    return words
