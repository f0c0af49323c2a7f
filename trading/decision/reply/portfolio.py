"""Seed 002's form: `{"trade_decisions": [...]}`, one entry per asset, each read on its own.

An entry that fails is a hold for its asset, the others stand. Unknown assets and fields are dropped
and named; an asset that is decided twice is held.
"""

from __future__ import annotations

from trading.decision.contract import PORTFOLIO_ACTIONS, PORTFOLIO_FIELDS
from trading.decision.reply.entries import (
    AssetVerdict,
    Entries,
    Wish,
    carry_out,
    closes,
    stay,
)
from trading.decision.reply.fields import Fields, shown
from trading.decision.reply.levels import require_allocation, require_levels
from trading.decision.reply.mandate import Mandate, Tradable
from trading.decision.reply.outcomes import Outcome, RefusedEntry, UnreadableReply
from trading.decision.reply.values import Value, has_bad_number
from trading.decision.reply.words import quoted
from trading.orders import Side

_LIST = "trade_decisions"
REASONING = "reasoning"
"""May stand beside the list; words that are kept, nothing more."""
_MOST_DROPPED_FIELDS = 20


def read_portfolio(document: dict[str, Value], mandate: Mandate) -> Entries:
    """All entries of the document.

    Raises
    ------
    UnreadableReply
        The list is missing, no list, or empty; or a NaN stands outside of it.
    """
    listed = _listed(document)
    entries = Entries()
    entries.dropped += [f"field {quoted(key)}" for key in document if key not in (_LIST, REASONING)]
    by_asset = {each.asset: each for each in mandate.tradables}
    for number, entry in enumerate(listed, start=1):
        if not isinstance(entry, dict) or not isinstance(entry.get("asset"), str):
            what = shown(entry) if not isinstance(entry, dict) else "without an asset"
            entries.problems.append(
                (Outcome.SCHEMA, f"Entry {number} is {what}; each must be an object with an asset.")
            )
            continue
        name = str(entry["asset"])
        tradable = by_asset.get(name)
        if tradable is None:
            _drop_asset(entries, name, mandate)
        else:
            _read(entries, entry, tradable, mandate)
    return entries


def _listed(document: dict[str, Value]) -> list[Value]:
    listed = document.get(_LIST)
    if not isinstance(listed, list) or not listed:
        raise UnreadableReply(
            Outcome.SCHEMA, f"{_LIST} must be a list with an entry for each asset, at the top."
        )
    if any(has_bad_number(value) for key, value in document.items() if key != _LIST):
        raise UnreadableReply(Outcome.BAD_NUMBER, f"Something beside {_LIST} is no number.")
    return listed


def _drop_asset(entries: Entries, name: str, mandate: Mandate) -> None:
    entries.dropped.append(f"asset {quoted(name)}")
    entries.problems.append(
        (
            Outcome.UNKNOWN_ASSET,
            f"{quoted(name)} is none of the assets {', '.join(mandate.assets)}.",
        )
    )


def _read(entries: Entries, entry: dict[str, Value], tradable: Tradable, mandate: Mandate) -> None:
    asset = tradable.asset
    if asset in entries.verdicts:
        entries.refuse(
            tradable, mandate, Outcome.DUPLICATE_ASSET, f"{asset} is decided more than once."
        )
        return
    unknown = [key for key in entry if key not in PORTFOLIO_FIELDS][:_MOST_DROPPED_FIELDS]
    entries.dropped += [f"field {quoted(key)} of {asset}" for key in unknown]
    try:
        entries.verdicts[asset] = _verdict(entry, tradable, mandate)
    except RefusedEntry as refused:
        entries.refuse(tradable, mandate, refused.outcome, refused.sentence)


def _verdict(entry: dict[str, Value], tradable: Tradable, mandate: Mandate) -> AssetVerdict:
    fields = Fields(entry, tradable.asset)
    fields.require(PORTFOLIO_FIELDS)
    action = fields.choice("action", PORTFOLIO_ACTIONS)
    exit_plan, rationale = fields.words("exit_plan"), fields.words("rationale")
    allocation = fields.number("allocation_usd")
    target, stop = fields.number_or_null("tp_price"), fields.number_or_null("sl_price")
    if has_bad_number(entry):
        raise fields.refusal(Outcome.BAD_NUMBER, "something in the entry is no number")
    require_allocation(fields, allocation)
    if action == "hold":
        return AssetVerdict(
            asset=tradable.asset,
            outcome=Outcome.ACCEPTED,
            sentence="",
            decision=stay(tradable, mandate, rationale=rationale, exit_plan=exit_plan),
        )
    side = Side(action)
    if not (closes(tradable, side) and tradable.price is None):
        require_levels(
            fields,
            side,
            tradable.price,
            stop=("sl_price", stop),
            target=("tp_price", target),
        )
    wish = Wish(
        side=side,
        allocation=allocation,
        stop=stop,
        target=target,
        exit_plan=exit_plan,
        rationale=rationale,
    )
    return carry_out(tradable, mandate, wish)
