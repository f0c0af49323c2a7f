"""Seed 004's form: one decision in percentages, with a confidence.

Size is a percentage of capital (notional, never margin), stop and target are percentages of the
price; here they become amounts and prices. The leverage is read and checked, and has no effect: the
account's own limits decide it. Conditions that can be parsed may end the position later, the rest
stay words.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from trading.conditions import Condition, render
from trading.decision.contract import (
    CONDITIONS,
    CONFIDENCE_RANGE,
    LEVERAGE_RANGE,
    SINGLE_ACTIONS,
    SINGLE_FIELDS,
    SINGLE_FIELDS_TO_STAY,
    SIZE_PERCENT_RANGE,
    STOP_PERCENT_RANGE,
    TARGET_PERCENT_RANGE,
)
from trading.decision.reply.entries import (
    AssetVerdict,
    Entries,
    Wish,
    carry_out,
    closes,
    leave,
    stay,
)
from trading.decision.reply.fields import Fields, shown
from trading.decision.reply.levels import require_levels
from trading.decision.reply.mandate import Mandate, Tradable
from trading.decision.reply.outcomes import Outcome, RefusedEntry, UnreadableReply
from trading.decision.reply.values import Value, has_bad_number
from trading.decision.reply.words import clean_words, quoted
from trading.errors import InvalidRecord
from trading.exits.invalidation.plan import MOST_CONDITIONS, plan_conditions
from trading.orders import Side
from trading.positions import Direction
from trading.units import ONE, to_float

CENT = Decimal("0.01")
_HUNDRED = Decimal(100)
_MOST_TEXTS = 2 * MOST_CONDITIONS


def read_single(document: dict[str, Value], mandate: Mandate) -> Entries:
    """The one entry of the document; assets that it does not name are not mentioned.

    Raises
    ------
    UnreadableReply
        The action stands somewhere deeper than at the top.
    """
    if "action" not in document:
        raise UnreadableReply(Outcome.SCHEMA, "The action must stand at the top of the document.")
    entries = Entries()
    known = (*SINGLE_FIELDS, CONDITIONS)
    entries.dropped += [f"field {quoted(key)}" for key in document if key not in known]
    symbol = document.get("symbol")
    tradable = next((each for each in mandate.tradables if symbol in each.names), None)
    if not isinstance(symbol, str):
        entries.problems.append(
            (Outcome.SCHEMA, f"symbol is {shown(symbol)}, it must be a string.")
        )
    elif tradable is None:
        names = ", ".join(each.names[0] for each in mandate.tradables)
        entries.dropped.append(f"asset {quoted(symbol)}")
        entries.problems.append(
            (Outcome.UNKNOWN_ASSET, f"{quoted(symbol)} is none of the symbols {names}.")
        )
    else:
        _read(entries, document, tradable, mandate)
    return entries


def _read(
    entries: Entries, document: dict[str, Value], tradable: Tradable, mandate: Mandate
) -> None:
    try:
        entries.verdicts[tradable.asset] = _verdict(document, tradable, mandate)
    except RefusedEntry as refused:
        entries.refuse(tradable, mandate, refused.outcome, refused.sentence)


def _verdict(document: dict[str, Value], tradable: Tradable, mandate: Mandate) -> AssetVerdict:
    fields = Fields(document, tradable.asset)
    fields.require(SINGLE_FIELDS_TO_STAY)
    action = fields.choice("action", SINGLE_ACTIONS)
    rationale = fields.words("reasoning")
    if has_bad_number(document):
        raise fields.refusal(Outcome.BAD_NUMBER, "something in the entry is no number")
    if action in ("open_long", "open_short"):
        side = Side.BUY if action == "open_long" else Side.SELL
        return _opening(fields, tradable, mandate, side, rationale)
    remark = ""
    decision = stay(tradable, mandate, rationale=rationale)
    if action == "close" and tradable.held is not Direction.FLAT:
        decision = leave(tradable, mandate, rationale=rationale)
    elif action == "close":
        remark = f"{tradable.asset}: there is no position to close."
    return AssetVerdict(
        asset=tradable.asset, outcome=Outcome.ACCEPTED, sentence=remark, decision=decision
    )


def _opening(
    fields: Fields, tradable: Tradable, mandate: Mandate, side: Side, rationale: str
) -> AssetVerdict:
    fields.require(SINGLE_FIELDS)
    _within(fields, "leverage", fields.number("leverage"), LEVERAGE_RANGE)
    size = _within(
        fields, "position_size_percent", fields.number("position_size_percent"), SIZE_PERCENT_RANGE
    )
    confidence = _within(fields, "confidence", fields.number("confidence"), CONFIDENCE_RANGE)
    stop = _level(fields, "stop_loss_percent", STOP_PERCENT_RANGE, tradable, side)
    target = _level(fields, "take_profit_percent", TARGET_PERCENT_RANGE, tradable, side)
    conditions, words = _conditions(fields, mandate)
    if closes(tradable, side):
        allocation = Decimal(0)
    else:
        allocation = _allocation(fields, mandate, size)
        require_levels(
            fields,
            side,
            tradable.price,
            stop=("stop_loss_percent", stop),
            target=("take_profit_percent", target),
        )
    wish = Wish(
        side=side,
        allocation=allocation,
        stop=stop,
        target=target,
        exit_plan=words,
        rationale=rationale,
        confidence=to_float(confidence),
        conditions=conditions,
    )
    return carry_out(tradable, mandate, wish)


def _within(fields: Fields, name: str, number: Decimal, span: tuple[int, int]) -> Decimal:
    low, high = span
    if not low <= number <= high:
        raise fields.refusal(
            Outcome.OUT_OF_RANGE, f"{name} is {number}, allowed is {low} to {high}"
        )
    return number


def _level(
    fields: Fields, name: str, span: tuple[int, int], tradable: Tradable, side: Side
) -> Decimal | None:
    """The price that lies so many percent away; None where none is asked for or no price is known."""
    percent = fields.number_or_null(name)
    if percent is None:
        return None
    _within(fields, name, percent, span)
    return (
        None if tradable.price is None else tradable.price * (ONE + side.sign * percent / _HUNDRED)
    )


def _allocation(fields: Fields, mandate: Mandate, percent: Decimal) -> Decimal:
    capital = mandate.capital
    if capital is None or not capital.is_finite() or capital <= 0:
        raise fields.refusal(
            Outcome.NO_PRICE, "the capital is not known, so a percentage of it is no amount"
        )
    return (capital * percent / _HUNDRED).quantize(CENT, rounding=ROUND_DOWN)


def _conditions(fields: Fields, mandate: Mandate) -> tuple[tuple[Condition, ...], str]:
    """Those of the language, each once, and the words for the exit plan."""
    parsed: dict[Condition, None] = {}
    only_words: list[str] = []
    for text in fields.texts(CONDITIONS, _MOST_TEXTS):
        try:
            read = plan_conditions([text], mandate.candles_read)
        except InvalidRecord:
            read = ()
        if read and len(parsed) < MOST_CONDITIONS:
            parsed[read[0]] = None
        else:
            only_words.append(text)
    told = [f"Leaves when {render(condition)}." for condition in parsed]
    told += [f"In words only: {text}." for text in only_words]
    return tuple(parsed), clean_words(" ".join(told))
