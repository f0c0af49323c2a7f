"""What is left out, and in which order, when a context is larger than its budget of tokens.

First older candles, then older past trades and outcomes of decisions, then secondary timeframes,
then announcements and fills. Account, limits, positions and the documents of the markets are never left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from trading.decision.context.market_part import MOST_CANDLES, secondary_timeframes
from trading.decision.context.situation import Situation
from trading.timeframes import Timeframe

MOST_FILLS = 20
MOST_PAST = 20
MOST_OUTCOMES = 20
MOST_ANNOUNCEMENTS = 10
CHARACTERS_PER_TOKEN = 4
"""Of English and figures, the usual rule of thumb; a character of another script counts as one."""
_STEPS = (10, 5, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much of each part that may be cut is shown."""

    candles: int
    past: int
    outcomes: int
    timeframes: tuple[Timeframe, ...]
    announcements: int
    fills: int


def estimate_tokens(text: str) -> int:
    """Tokens of a text, without knowing the model: an estimate, on the high side for figures."""
    plain = sum(1 for char in text if char < "\x80")
    return -(-plain // CHARACTERS_PER_TOKEN) + len(text) - plain


def full_extent(situation: Situation) -> Extent:
    """All that there is, up to what is ever shown."""
    windows = (brief.view.windows.get(situation.interval) for brief in situation.markets)
    most = max((0 if window is None else len(window) for window in windows), default=0)
    read = {each for brief in situation.markets for each in secondary_timeframes(brief)}
    return Extent(
        candles=min(MOST_CANDLES, most),
        past=min(MOST_PAST, len(situation.past)),
        outcomes=min(MOST_OUTCOMES, len(situation.outcomes)),
        timeframes=tuple(each for each in Timeframe if each in read),
        announcements=min(MOST_ANNOUNCEMENTS, len(situation.announcements)),
        fills=min(MOST_FILLS, len(situation.fills)),
    )


def extents(full: Extent) -> Iterator[Extent]:
    """From everything to the least, in the fixed order."""
    yield full
    now = full
    for name in ("candles", "past", "outcomes"):
        for count in _STEPS:
            if count < getattr(now, name):
                now = replace(now, **{name: count})
                yield now
    while now.timeframes:
        now = replace(now, timeframes=now.timeframes[1:])  # the finest goes first
        yield now
    for name in ("announcements", "fills"):
        if getattr(now, name):
            now = replace(now, **{name: 0})
            yield now


def left_out(full: Extent, shown: Extent) -> tuple[str, ...]:
    """What was trimmed, in words for the model and for the record."""
    words = [
        f"{name}: the newest {kept} of {there} are shown" if kept else f"{name}: none of {there}"
        for name, kept, there in (
            ("candles", shown.candles, full.candles),
            ("past_trades", shown.past, full.past),
            ("outcomes", shown.outcomes, full.outcomes),
            ("announcements", shown.announcements, full.announcements),
            ("fills", shown.fills, full.fills),
        )
        if kept < there
    ]
    gone = [str(each) for each in full.timeframes if each not in shown.timeframes]
    return (*words, *([f"timeframes left out: {', '.join(gone)}"] if gone else []))
