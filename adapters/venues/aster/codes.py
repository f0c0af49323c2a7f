"""What each of Aster's error codes means and what the caller does about it.

One row per line of the venue's list as we use it (reference: aster 3.4); the table in docs/aster.md
is made from here. A code that is not listed is final for that request: never sent again blindly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Action(Enum):
    """What the caller does after an error; the value is the sentence for people."""

    RETRY = "nothing was changed: a read may be asked again, a write in the next cycle"
    BACK_OFF = "wait until the named time, then ask again"
    RESYNC = "refused before execution: measure the clock, sign anew, send once more"
    RECONCILE = "ask the venue what is true before anything else is sent"
    STOP_ACCOUNT = "pause the account and raise an alarm"
    RENEW_STREAM = "take a new listen key and read the account again; no second time in a row"
    GIVE_UP = "final for this request; do not send it again as it is"
    ALREADY_SO = "success: it was so before"
    GONE = "treat the order as gone; read open orders and fills"
    SKIP_CYCLE = "no order in this cycle"
    SKIP_SYMBOL = "leave the instrument alone until exchangeInfo says TRADING"
    CLOSE_NOW = "a stop: close at market, reduce-only; a target: it is reached"
    CANCEL_STALE = "cancel orders that are left over, then try again"
    LOWER = "lower the size or the leverage"
    KEEP_SETTING = "go on with the venue's setting and use it in the risk figures"
    REREAD_MODE = "read position mode and margin mode again; remedy for the operator"
    SPLIT = "ask in smaller parts"
    NO_ENTRIES = "no entries until an operator has looked; ways out go on"


@dataclass(frozen=True, slots=True)
class CodeMeaning:
    """One line of the table."""

    codes: tuple[int, ...]
    meaning: str
    action: Action


def _row(action: Action, meaning: str, *codes: int | range) -> CodeMeaning:
    return CodeMeaning(tuple(_flat(codes)), meaning, action)


def _flat(codes: Iterable[int | range]) -> Iterable[int]:
    for code in codes:
        if isinstance(code, range):
            yield from code
        else:
            yield code


UNKNOWN_CODE = -1000
"""Says three things: unknown error, no such agent, bad signature; the words tell which."""
INTERNAL = -1001
TIMED_OUT = (-1006, -1007)
TOO_MANY_REQUESTS = -1003
TOO_MANY_ORDERS = -1015
BAD_TIMESTAMP = -1021
BAD_NONCE = -4225

TABLE: tuple[CodeMeaning, ...] = (
    _row(Action.RECONCILE, "execution status unknown (a read: ask again)", *TIMED_OUT, INTERNAL),
    _row(Action.BACK_OFF, "too many requests or orders", TOO_MANY_REQUESTS, TOO_MANY_ORDERS),
    _row(Action.RESYNC, "timestamp or nonce outside the window", BAD_TIMESTAMP, BAD_NONCE),
    _row(Action.STOP_ACCOUNT, "key, signature or permission refused", -1002, -1022, -2014, -2015),
    _row(Action.RENEW_STREAM, "listen key unknown or expired", -1125),
    _row(Action.STOP_ACCOUNT, "the service is shutting down", -1016),
    _row(Action.STOP_ACCOUNT, "the account is being liquidated", -2023),
    _row(Action.GIVE_UP, "unknown error in an answer that is final", UNKNOWN_CODE),
    _row(
        Action.GIVE_UP,
        "malformed request or wrong precision: a defect of ours",
        range(-1100, -1107, -1),
        -1111,
        range(-1114, -1120, -1),
        -1128,
        -1130,
        -1136,
    ),
    _row(Action.GIVE_UP, "no such timeframe or symbol", -1120, -1121),
    _row(Action.SPLIT, "time span too long", -1127, -4165),
    _row(Action.GIVE_UP, "order rejected", -2010),
    _row(Action.GONE, "no such order", -2011, -2013),
    _row(Action.GIVE_UP, "balance or margin insufficient", -2018, -2019, -4050, -4051),
    _row(Action.SKIP_CYCLE, "cannot be filled: the book is thin or away", -2020, -4131),
    _row(Action.CLOSE_NOW, "would trigger at once", -2021, -4142),
    _row(Action.RECONCILE, "reduce-only refused: no such position", -2022, -2024, -4118),
    _row(Action.CANCEL_STALE, "too many open or conditional orders", -2025, -4045),
    _row(Action.LOWER, "size or leverage beyond the bracket", -2027, -2028, -4028),
    _row(Action.KEEP_SETTING, "leverage cannot be changed under a position", -2030, -4161),
    _row(
        Action.GIVE_UP,
        "a filter refused price, quantity or notional",
        range(-4002, -4025, -1),
        -4164,
        -4183,
        -4184,
        -5060,
        -5076,
    ),
    _row(Action.ALREADY_SO, "nothing to change", -4046, -4059),
    _row(
        Action.KEEP_SETTING,
        "mode cannot be changed with orders or positions",
        -4047,
        -4048,
        -4067,
        -4068,
    ),
    _row(Action.REREAD_MODE, "conflicts with the position mode", -4061, -4062),
    _row(Action.REREAD_MODE, "multi-assets mode allows no isolated margin", -4168),
    _row(Action.SPLIT, "the batch is too large or failed", -4082, -4083),
    _row(Action.NO_ENTRIES, "reduce-only allowed, or no permission for orders", -4087, -4088),
    _row(Action.SKIP_SYMBOL, "the symbol is not traded now", -4140, -4141, -2016),
)

UNLISTED = CodeMeaning((), "a code that the venue does not explain", Action.GIVE_UP)

_BY_CODE = {code: row for row in TABLE for code in row.codes}


def meaning_of(code: int) -> CodeMeaning:
    """The row of a code; `UNLISTED` for one that is not in the table."""
    return _BY_CODE.get(code, UNLISTED)


def render_codes() -> str:
    """The table as Markdown, consecutive codes as a range."""
    lines = ["| code | meaning | what is done |", "|---|---|---|"]
    lines += [f"| {_spans(row.codes)} | {row.meaning} | {row.action.value} |" for row in TABLE]
    lines.append(f"| any other | {UNLISTED.meaning} | {UNLISTED.action.value} |")
    return "\n".join(lines)


def _spans(codes: tuple[int, ...]) -> str:
    spans: list[list[int]] = []
    for code in codes:
        if spans and spans[-1][-1] - 1 == code:
            spans[-1].append(code)
        else:
            spans.append([code])
    parts: list[str] = []
    for span in spans:
        parts += [str(span[0]), str(span[1])] if len(span) == 2 else [_span(span)]
    return ", ".join(parts)


def _span(span: list[int]) -> str:
    return str(span[0]) if len(span) == 1 else f"{span[0]} to {span[-1]}"
