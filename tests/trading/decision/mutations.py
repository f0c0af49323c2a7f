"""Replies broken at random, and a slow second reader to compare with.

The second reader is the standard library's: where our reader needed no repair, both must have read
the same entries. Where it repaired, every number that it trades on must stand in the text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

from tests.trading.decision.corpus import BUY, HOLD, document, entry, mandate
from trading.decision.reply.mandate import Reply
from trading.decision.reply.outcomes import Outcome
from trading.decision.reply.read import Reading, read_reply
from trading.decisions import Action, TradeDecision

SELL_ETH = (
    '{"asset": "ETH", "action": "sell", "allocation_usd": "$2,500.50", "tp_price": 2400.5,'
    ' "sl_price": 2600, "exit_plan": "x [1] {a} \\" \'", "rationale": "// no # comment"}'
)
BASES = (
    document(),
    '{"trade_decisions": [' + entry() + ", " + SELL_ETH + "]}",
    '{\n  "reasoning": "r",\n  "trade_decisions": [\n    '
    + entry()
    + ",\n    "
    + HOLD
    + "\n  ]\n}",
)
"""Accepted as they are."""
_VALUES = (
    "true",
    "null",
    "NaN",
    "[1]",
    "{}",
    '"x"',
    '"1k"',
    '"1.000"',
    "-1",
    "1e400",
    "'buy'",
    "0",
)
_SIGNS = "{}[]:,\"'\\/#*$.-+eE0159 \n\t\u201c\uff1a\u0661\x00<>"


def cut(rng: Random, text: str) -> str:
    """The beginning of it, at least one character short of the last brace."""
    return text[: rng.randrange(len(text) - 1)]


def swap(rng: Random, text: str) -> str:
    """Two characters exchanged, near to one another or anywhere."""
    first = rng.randrange(len(text))
    second = min(len(text) - 1, first + 1) if rng.random() < 0.7 else rng.randrange(len(text))
    chars = list(text)
    chars[first], chars[second] = chars[second], chars[first]
    return "".join(chars)


def insert_sign(rng: Random, text: str) -> str:
    """A bracket, quote, digit or other sign too many."""
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(_SIGNS) + text[at:]


def drop(rng: Random, text: str) -> str:
    """A few characters too few."""
    at = rng.randrange(len(text))
    return text[:at] + text[at + rng.choice((1, 1, 1, 2, 5)) :]


def change_value(rng: Random, text: str) -> str:
    """A field of another type or value."""
    name = rng.choice(list(BUY))
    begin = text.find(f'"{name}": ', rng.randrange(len(text) // 2))
    if begin < 0:
        return drop(rng, text)
    begin += len(name) + 4
    end = min(at for at in (text.find(",", begin), text.find("}", begin)) if at >= 0)
    return text[:begin] + rng.choice(_VALUES) + text[end:]


def repeat_key(rng: Random, text: str) -> str:
    """A key of the BTC entry or of the ETH entry said twice."""
    name = rng.choice(list(BUY))
    begin = text.find(f'"{name}": ', rng.randrange(len(text) // 2))
    if begin < 0:
        return insert_sign(rng, text)
    return f'{text[:begin]}"{name}": {rng.choice(_VALUES)}, {text[begin:]}'


MUTATIONS: tuple[Callable[[Random, str], str], ...] = (
    cut,
    swap,
    insert_sign,
    drop,
    change_value,
    repeat_key,
)


def check_one(seed: int) -> str:
    """Mutate, read, and raise when a broken reply became a trade; the outcome for the statistics."""
    rng = Random(seed)
    base = rng.choice(BASES)
    mutation = rng.choice(MUTATIONS)
    text = mutation(rng, base)
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        text = rng.choice(MUTATIONS[1:4])(rng, text or "{")
    reading = read_reply(Reply(content=text, finish_reason="stop"), mandate())
    traded = [each for each in reading.decisions if each.action is not Action.HOLD]
    for decision in traded:
        _require_within_rules(decision, text, seed)
    if traded:
        _require_same_reading(reading, text, seed)
    return str(reading.outcome)


def _require_within_rules(decision: TradeDecision, text: str, seed: int) -> None:
    price = {"BTCUSDT": Decimal(45000), "ETHUSDT": Decimal(2500)}[decision.symbol]
    sign = 1 if decision.action is Action.BUY else -1
    assert decision.action in (Action.BUY, Action.SELL), (seed, text)
    assert 0 <= decision.allocation_usd <= Decimal("1e12"), (seed, text)
    for level, side in ((decision.stop_price, -1), (decision.take_profit_price, 1)):
        if level is not None:
            assert (level - price) * side * sign > 0, (seed, text)
            assert price / 2 <= level <= price * 3 / 2, (seed, text)


def _require_same_reading(reading: Reading, text: str, seed: int) -> None:
    if any(step.is_repair for step in reading.path):
        written = "".join(char for char in text if char not in "$,_")
        for decision in reading.decisions:
            for number in (decision.allocation_usd, decision.stop_price):
                if number is not None and decision.action is not Action.HOLD:
                    digits = "".join(map(str, number.as_tuple().digits))
                    assert digits in written.replace(".", ""), (seed, text)
        return
    found = [each for each in _documents(text) if "trade_decisions" in each]
    assert found, (seed, text)
    entries = found[0]["trade_decisions"]
    for verdict in reading.verdicts:
        if verdict.outcome is Outcome.ACCEPTED and verdict.decision.action is not Action.HOLD:
            own = [
                each
                for each in entries
                if isinstance(each, dict) and each.get("asset") == verdict.asset
            ]
            assert len(own) == 1, (seed, text)
            _require_equal(verdict.decision, own[0], (seed, text))


def _require_equal(decision: TradeDecision, own: dict[str, Any], about: object) -> None:
    assert own["action"].lower() == decision.action, about
    pairs = (
        ("allocation_usd", decision.allocation_usd),
        ("tp_price", decision.take_profit_price),
        ("sl_price", decision.stop_price),
    )
    for name, number in pairs:
        written = own[name]
        if isinstance(written, str):
            written = Decimal(written.replace("$", "").replace(",", ""))
        assert not isinstance(written, bool), about
        assert written == number, about


def _documents(text: str) -> list[Any]:
    """Every object that the standard library can read somewhere, strictly."""
    decoder = json.JSONDecoder(
        object_pairs_hook=_no_repeats,
        parse_float=Decimal,
        parse_int=Decimal,
        parse_constant=str,
    )
    found: list[Any] = []
    for at, char in enumerate(text):
        if char == "{":
            try:
                found.append(decoder.raw_decode(text, at)[0])
            except ValueError:
                continue
    return found


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key is said twice")
    return dict(pairs)
