"""The paper twin of a live account: which account it is, and which pairs there may be.

A twin carries out the decisions of its original on the paper venue of the same market, so it takes
everything from it but its id, its name, its money and its paper terms. Changing the original
therefore changes the twin; `renew_twins` is what makes it so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from trading.account import Account, BracketPolicy, ForeignPolicy, Mode
from trading.paper_terms import PaperTerms

_LONGEST_NAME = 80
_PAPER_VENUE = "paper"


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinWish:
    """What a twin has of its own."""

    id: str
    name: str | None
    """None: that of the original, marked."""
    initial_equity: Decimal
    """Quote."""
    paper: PaperTerms


def build_twin(wish: TwinWish, original: Account) -> Account:
    """The twin of an original. It asks no model and holds no keys."""
    return replace(
        original,
        id=wish.id,
        name=wish.name or f"{original.name[: _LONGEST_NAME - 11]} (on paper)",
        mode=Mode.PAPER,
        venue=_PAPER_VENUE,
        initial_equity=wish.initial_equity,
        paper=wish.paper,
        provider=None,
        venue_keys=None,
        foreign=ForeignPolicy.IGNORE,
        bracket=BracketPolicy.SEPARATE,
        twin_of=original.id,
    )


def renew_twins(accounts: Sequence[Account]) -> tuple[Account, ...]:
    """The accounts with every twin built anew from its original, where that is among them."""
    by_id = {account.id: account for account in accounts}
    return tuple(_renewed(account, by_id.get(account.twin_of or "")) for account in accounts)


def _renewed(account: Account, original: Account | None) -> Account:
    if account.twin_of is None or original is None:
        return account
    wish = TwinWish(
        id=account.id,
        name=account.name,
        initial_equity=account.initial_equity,
        paper=account.paper,
    )
    return build_twin(wish, original)


def why_no_pair(twin: Account, others: Iterable[Account]) -> str | None:
    """Why the twin cannot stand beside these accounts, with the next step; None when it can."""
    listed = [each for each in others if each.id != twin.id]
    named = next((each for each in listed if each.id == twin.twin_of), None)
    if named is None:
        return (
            f"account {twin.id} is the twin of {twin.twin_of}, which is not in the arena; keep"
            f" {twin.twin_of}, or remove the twin: perpflow accounts remove {twin.id}"
        )
    if named.mode is not Mode.LIVE:
        kind = "is a twin itself" if named.twin_of else "trades on paper"
        return f"account {twin.id} is the twin of {named.id}, which {kind}; name a live account"
    second = next((each for each in listed if each.twin_of == named.id), None)
    if second is not None:
        return f"{named.id} has two twins, {' and '.join(sorted((second.id, twin.id)))}; keep one"
    return None
