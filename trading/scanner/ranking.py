"""Which of the candidates an account trades now: the n best, and every one that it holds.

An instrument that was chosen last time keeps its place until another one is better by `MARGIN`, so
that the list does not churn around a tie. Equal scores go by symbol: the same market and the same
list before give the same list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from trading.market import MarketView
from trading.scan_plan import Scan
from trading.scanner.scores import ScanScore, score_instrument

MARGIN = 0.03
"""Of a score between 0 and 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """The ranking of one instant and what was made of it."""

    ranked: tuple[ScanScore, ...]
    """By score, the best first."""
    chosen: tuple[str, ...]
    """Symbols, the best first; at most as many as the scan asks for."""
    held: tuple[str, ...]
    """Symbols that stay only because a position is open in them, in alphabetical order."""
    unranked: dict[str, str] = field(default_factory=dict[str, str])
    """Why a candidate has no score, by symbol."""
    before: frozenset[str] | None = None
    """What was chosen last time; None at the first scan."""

    @property
    def is_new(self) -> bool:
        """Whether the list is another one than last time."""
        return self.before != frozenset(self.chosen)

    @property
    def kept(self) -> tuple[str, ...]:
        """What the account looks at, in the order in which it decides."""
        return self.chosen + self.held

    def rank(self, symbol: str) -> int | None:
        """Place by score, from 1; None without a score."""
        places = (place for place, each in enumerate(self.ranked, 1) if each.symbol == symbol)
        return next(places, None)


def scan_instruments(
    views: Iterable[MarketView],
    scan: Scan,
    *,
    before: frozenset[str] | None,
    held: Set[str],
    unusable: Mapping[str, str],
) -> ScanResult:
    """Score, rank and choose.

    `before` are the symbols chosen last time (None: there was no last time), `held` those with an
    open position, `unusable` the candidates without a view and why. A candidate without a score
    is never chosen, but one that is held stays.
    """
    scored: list[ScanScore] = []
    unranked = dict(unusable)
    for view in views:
        score = score_instrument(view)
        if isinstance(score, str):
            unranked[view.symbol] = score
        else:
            scored.append(score)
    chosen = choose(scored, scan.count, before or frozenset())
    return ScanResult(
        ranked=tuple(sorted(scored, key=lambda each: (-each.total, each.symbol))),
        chosen=chosen,
        held=tuple(sorted(held - set(chosen))),
        unranked=dict(sorted(unranked.items())),
        before=before,
    )


def choose(scored: Iterable[ScanScore], count: int, before: Set[str]) -> tuple[str, ...]:
    """The symbols of the `count` best, where those of last time have an advantage of `MARGIN`."""

    def place(each: ScanScore) -> tuple[float, str]:
        return -round(each.total + (MARGIN if each.symbol in before else 0.0), 9), each.symbol

    return tuple(each.symbol for each in sorted(scored, key=place)[:count])


def scan_words(result: ScanResult, symbol: str) -> str:
    """Why an instrument is looked at, for its decision's rationale."""
    rank = result.rank(symbol)
    score = next((each for each in result.ranked if each.symbol == symbol), None)
    if rank is None or score is None:
        return f"Scan: held, without a score ({result.unranked.get(symbol, 'no usable data')})."
    why = "chosen" if symbol in result.chosen else "held, not chosen"
    return f"Scan: {why}, rank {rank} of {len(result.ranked)}, {score.words}."


def scan_document(result: ScanResult) -> dict[str, Any]:
    """The table as it is stored and shown: ratios and measures as numbers."""
    return {
        "chosen": list(result.chosen),
        "held": list(result.held),
        "unranked": dict(result.unranked),
        "table": [
            {
                "rank": rank,
                "symbol": each.symbol,
                "asset": each.asset,
                "score": each.total,
                "parts": dict(each.parts),
                "adx": each.adx,
                "move": each.move,
                "turnover": each.turnover,
                "spread_bps": each.spread_bps,
                "funding_per_8h": each.funding_per_8h,
            }
            for rank, each in enumerate(result.ranked, 1)
        ],
    }
