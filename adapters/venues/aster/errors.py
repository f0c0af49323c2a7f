"""The errors of Aster's client; `action` of each says what the caller does.

    VenueError
    ├── OrderRejected
    │   └── Refused             a definite no with a code         -> the table in codes.py
    │       ├── ClockRefused    -1021, -4225                      -> resync, sign anew, once
    │       └── AccountRefused  key, signature, permission        -> stop the account
    ├── OutcomeUnknown
    │   └── Unsettled           a write without a definite answer -> reconcile, never resend
    └── VenueUnavailable
        └── Unreachable         nothing was changed               -> retry reads, writes next cycle
            ├── Unusable        a read's answer is broken         -> retry
            │   └── MissingField    the field is named            -> retry, then look at the release notes
            └── Blocked         429, 418, 403                     -> back off until `retry_at`

Messages hold neither keys nor signatures; what the venue wrote is cut and cleaned.
"""

from __future__ import annotations

import re
from datetime import datetime

from adapters.venues.aster.codes import Action, CodeMeaning
from trading.errors import AccountBarred, OrderRejected, OutcomeUnknown, VenueUnavailable

EXCERPT = 2048
"""Characters of a strange answer that are kept for who looks into it."""
_IN_MESSAGE = 160
_SIGNATURE = re.compile(r"(signature=)[^&\s\"'<>]+|\b(0x)?[0-9a-fA-F]{64,}\b")


def cleaned(text: str, limit: int = _IN_MESSAGE) -> str:
    """Foreign text for a message: one line, printable, no signature or key, not longer than that."""
    # Cut before as well as after: cleaning megabytes of a broken page would take its time.
    text = _SIGNATURE.sub(lambda m: f"{m[1] or ''}[removed]", text[: 4 * limit + 256])
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


class Refused(OrderRejected):
    """A definite no: nothing was executed."""

    def __init__(self, what: str, code: int, text: str, meaning: CodeMeaning) -> None:
        super().__init__(code, cleaned(text))
        self.what = what
        """The request, e.g. `POST /fapi/v3/order`."""
        self.meaning = meaning.meaning
        self.action = meaning.action

    @property
    def is_gone(self) -> bool:
        """By the table of codes."""
        return self.action is Action.GONE

    @property
    def bars_entries(self) -> bool:
        """By the table of codes."""
        return self.action is Action.NO_ENTRIES

    def __str__(self) -> str:
        """Request, code, the venue's words and ours."""
        return f"{self.what}: {self.code} {self.text!r} ({self.meaning}); {self.action.value}"


class ClockRefused(Refused):
    """Our time was outside the venue's window; the client has marked its clock for a new reading."""

    @property
    def may_be_sent_anew(self) -> bool:
        """The venue judges the time before the order."""
        return True


class AccountRefused(Refused, AccountBarred):
    """Nothing of this account will be accepted until somebody has looked at its keys."""


class Unsettled(OutcomeUnknown):
    """A write that may or may not have been executed."""

    action = Action.RECONCILE

    def __init__(self, what: str, reason: str, excerpt: str = "", code: int | None = None) -> None:
        super().__init__(f"{what}: outcome unknown ({cleaned(reason)}); {self.action.value}")
        self.what = what
        self.code = code
        """The venue's, when it gave one."""
        self.excerpt = cleaned(excerpt, EXCERPT)


class Unreachable(VenueUnavailable):
    """Nothing was changed at the venue."""

    action = Action.RETRY

    def __init__(self, what: str, reason: str, excerpt: str = "") -> None:
        super().__init__(f"{what}: {cleaned(reason)}; {self.action.value}")
        self.what = what
        self.excerpt = cleaned(excerpt, EXCERPT)


class Unusable(Unreachable):
    """The answer to a read is not what the venue documents."""


class MissingField(Unusable):
    """Fields of an answer are missing or of the wrong kind; `fields` names them."""

    def __init__(self, what: str, fields: tuple[str, ...]) -> None:
        super().__init__(what, f"missing or unreadable in the answer: {', '.join(fields)}")
        self.fields = fields


class Blocked(Unreachable):
    """The host takes no more requests from this address until `retry_at` (real time, aware UTC)."""

    action = Action.BACK_OFF

    def __init__(self, what: str, reason: str, retry_at: datetime | None = None) -> None:
        until = "" if retry_at is None else f" until {retry_at:%Y-%m-%dT%H:%M:%SZ}"
        super().__init__(what, f"{reason}{until}")
        self.retry_at = retry_at
