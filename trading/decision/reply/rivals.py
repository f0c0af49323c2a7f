"""Whether a piece of JSON beside the document says another thing about a decision.

It may say a part of what the document says, in the same words and about the same asset. Figures of
an asset, a call of a tool and a position that is held are no decision. In doubt it is one: a hold
costs less than a trade that was taken back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from trading.decision.contract import PORTFOLIO_FIELDS, SINGLE_FIELDS, Contract
from trading.decision.reply.numerals import is_json_number
from trading.decision.reply.objects import Members, objects_of
from trading.decision.reply.tokens import Document, Kind, Token
from trading.positions import Direction

_NAMES = frozenset({"asset", "symbol"})
"""Fields that say whom it is about; other JSON has them as well."""
_WORDS = frozenset({"exit_plan", "rationale", "reasoning", "confidence", "leverage"})
"""Fields without an effect, which other JSON has too."""
_LEVELS = frozenset({"tp_price", "sl_price", "take_profit_percent", "stop_loss_percent"})
_DECIDING = (
    frozenset({*PORTFOLIO_FIELDS, *SINGLE_FIELDS, *(contract.anchor for contract in Contract)})
    - _WORDS
    - _NAMES
)
"""Who says one of these speaks of a decision, whomever it is about."""
_ENTRY = frozenset({"entry", "entry_price"})
"""What a position has and a decision has not."""
_ACTING = re.compile(r"(?:buy|sell|long|short|clos|hold|exit|flat|reduc|enter|cancel)")
"""How words begin that say what to do, in whatever form."""
_SIZING = re.compile(r"(?:sl|tp)$|stop|take|profit|target|alloc|size|side|decision|amount|quantity")
"""How words begin that say how much and until where, under other names than ours."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_TIMEFRAME = re.compile(r"[0-9]{1,3}[mhdwMHDW]")


class Rivals:
    """The pieces beside one document that contradict it."""

    def __init__(self, document: Document, held: Mapping[str, Direction]) -> None:
        self._document = document
        self._held = held
        self._parts = document.parts
        self._entries = [(each, frozenset(each.pairs)) for each in objects_of(document)]

    def is_rival(self, piece: Document) -> bool:
        """Whether it speaks of a decision and says what the document does not say."""
        return not self.is_agreeing(piece) and self._speaks(piece)

    def is_agreeing(self, piece: Document) -> bool:
        """Whether it is a part of the document, or of whatever the document says of one asset."""
        is_one_object = not piece.is_list and piece.tokens.count(Token(Kind.MARK, "{")) == 1
        said = objects_of(piece)[0] if is_one_object else Members()
        names = said.named(_NAMES)
        if not names:
            return piece.tokens in self._parts
        about = [pairs for each, pairs in self._entries if names & each.named(_NAMES)]
        return bool(about) and all(pairs.issuperset(said.pairs) for pairs in about)

    def _speaks(self, piece: Document) -> bool:
        is_before = piece.start < self._document.start
        told = [
            each
            for each in objects_of(piece)
            if not (is_before and _is_held_position(each, self._held))
        ]
        if any(key.lower() in _DECIDING for each in told for key in each.keys):
            return True
        return any(_names_an_asset(each) for each in told) and not all(map(_is_data, told))


def _names_an_asset(told: Members) -> bool:
    return any(key.lower() in _NAMES for key in told.keys)


def _is_held_position(told: Members, held: Mapping[str, Direction]) -> bool:
    """A position as the account has it: behind the document it may be a plan, and elsewhere as well."""
    names = told.named(_NAMES)
    directions = {held[name] for name in names if name in held}
    sides = {token.text.lower() for token in told.scalars if _has(_ACTING, token.text)}
    return (
        len(names) == len(directions) == 1
        and not told.keys.isdisjoint(_ENTRY)
        and all(key.lower() not in _DECIDING - _LEVELS for key in told.keys)
        and sides <= {str(direction) for direction in directions}
    )


def _is_data(told: Members) -> bool:
    """Figures with the name of an asset, or what stands around them: nothing that anybody could do."""
    if any(_has(_ACTING, key) for key in told.keys):
        return False
    if not _names_an_asset(told):
        return not any(_has(_ACTING, token.text) for token in told.scalars)
    names = told.named(_NAMES)
    return not any(_has(_SIZING, key) for key in told.keys) and all(
        token.text in names or _is_figure(token) for token in told.scalars
    )


def _is_figure(token: Token) -> bool:
    if token.kind is Kind.STRING:
        return _TIMEFRAME.fullmatch(token.text) is not None
    return token.text == "null" or is_json_number(token.text)


def _has(beginning: re.Pattern[str], text: str) -> bool:
    return any(beginning.match(word.lower()) for word in _WORD.findall(text))
