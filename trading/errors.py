"""The errors of the rules of trading, drawn as a tree; each leaf says what the caller does next.

    TradingError
    ├── InvalidRecord      a value breaks its own range       -> fix the caller or the configuration
    │   └── InvalidCondition   a text that is no condition -> correct it at the column that is named
    ├── BadMarketData      candles with gaps, NaN, crossed    -> no entries for that instrument, exits go on
    ├── UnknownName        strategy, indicator, timeframe     -> choose one of the listed names
    ├── ToolRefused        a model's tool call is wrong       -> tell the model, who may ask again
    ├── DecisionFailed     the decider raised or was late     -> fail the cycle; exits were managed before
    ├── VenueError         the venue answered                 -> see the leaf
    │   ├── OrderRejected      a definite no with a code      -> refuse the intent, never resend it as it is
    │   ├── AccountBarred      keys, permission, liquidation  -> pause the account, raise an alarm
    │   ├── OutcomeUnknown     sent, but no definite answer   -> resolve by query, never resend
    │   └── VenueUnavailable   nothing was sent               -> retry reads, try the write next cycle
    │       ├── SettingRefused an account setting there       -> a person changes it at the venue, we never do
    │       └── WeightRefused  our own request budget         -> wait until `retry_at`, not sooner
    └── LeaseLost          another run owns the account       -> stop at once, send nothing

A refusal by our own risk rules is ordinary and therefore a value (`trading.risk`), not an error.
"""

from __future__ import annotations

from datetime import datetime


class TradingError(Exception):
    """Base of everything that this package raises on purpose."""


class InvalidRecord(TradingError, ValueError):
    """A record was built with a value outside its documented range."""


class InvalidCondition(InvalidRecord):
    """A text that is not a condition of the invalidation language; `column` counts from 1."""

    def __init__(self, text: str, column: int, reason: str) -> None:
        super().__init__(text, column, reason)
        self.text = text
        self.column = column
        self.reason = reason

    def __str__(self) -> str:
        """The reason, the text around the column, and a caret under it."""
        start = max(0, self.column - 1 - _CARET_CONTEXT)
        end = self.column - 1 + _CARET_CONTEXT
        # One visible character each, or the caret would stand under another one.
        shown = "".join(c if " " <= c <= "~" else "?" for c in self.text[start:end])
        before, after = "…" * (start > 0), "…" * (end < len(self.text))
        caret = " " * (len(before) + self.column - 1 - start) + "^"
        return f"{self.reason} (column {self.column})\n  {before}{shown}{after}\n  {caret}"


_CARET_CONTEXT = 60
"""Characters shown on each side of the column."""


class BadMarketData(TradingError):
    """Market data that must not be traded on; `symbol` and `reason` name the defect."""

    def __init__(self, symbol: str, reason: str) -> None:
        super().__init__(f"{symbol}: {reason}")
        self.symbol = symbol
        self.reason = reason


class UnknownName(TradingError, KeyError):
    """A name that is not in its catalogue; the message lists the valid ones."""

    def __init__(self, kind: str, name: str, known: tuple[str, ...]) -> None:
        super().__init__(kind, name, known)
        self.kind = kind
        self.name = name
        self.known = known

    def __str__(self) -> str:
        return f"unknown {self.kind} {self.name!r}; known: {', '.join(self.known)}"


class ToolRefused(TradingError):
    """What a model asked of a tool is not to be had; the message is for the model."""


class DecisionFailed(TradingError):
    """Who decides for the account raised or did not answer in time; the message names it."""


class VenueError(TradingError):
    """The venue, or the way to it, got in the way."""


class OrderRejected(VenueError):
    """The venue refused the order for good; `code` is the venue's, `text` its words."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text

    @property
    def may_be_sent_anew(self) -> bool:
        """Refused for its time or nonce alone, before it was looked at: sign it again, once."""
        return False

    @property
    def is_gone(self) -> bool:
        """There is no such open order; every other refusal leaves it where it was."""
        return self.code == _UNKNOWN_ORDER

    @property
    def bars_entries(self) -> bool:
        """The venue takes nothing from the account now but what reduces."""
        return False


_UNKNOWN_ORDER = -2011
"""As our own venue says it, in Aster's numbers."""


class AccountBarred(VenueError):
    """The venue takes nothing from this account until a person has looked at it."""


class OutcomeUnknown(VenueError):
    """The request may or may not have been executed; only the venue can tell."""


class VenueUnavailable(VenueError):
    """The venue could not be reached before anything was sent."""


class SettingRefused(VenueUnavailable):
    """A setting of the account at the venue is one that we do not trade under; nothing was sent.

    The message says which setting, and where a person changes it.
    """


class WeightRefused(VenueUnavailable):
    """The request budget of a venue's host has no room for it now, so nothing was sent."""

    def __init__(self, sentence: str, retry_at: datetime) -> None:
        super().__init__(sentence)
        self.retry_at = retry_at
        """Aware UTC, real time: before it the answer is the same."""


class LeaseLost(TradingError):
    """The lease of the account belongs to another run; this run must not send anything."""
