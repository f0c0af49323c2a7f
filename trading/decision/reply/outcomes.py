"""What can become of a model's reply, and which rule of reading each outcome belongs to.

Every outcome but `accepted` means hold: for the whole reply, or for one asset where the others may
stand. The order of `Rule` is the order of reading; the first rule that fails ends it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trading.errors import TradingError


class Rule(StrEnum):
    """The steps of reading, in their order."""

    LENGTH = "length"
    FINISH = "finish"
    REASONING = "reasoning"
    DOCUMENT = "document"
    SYNTAX = "syntax"
    SCHEMA = "schema"
    ASSETS = "assets"
    NUMBERS = "numbers"
    LEVELS = "levels"


class Outcome(StrEnum):
    """`accepted`, or why nothing is done; see `ABOUT`."""

    ACCEPTED = "accepted"
    TOO_LONG = "too_long"
    TRUNCATED = "truncated"
    REFUSAL = "refusal"
    UNFINISHED = "unfinished"
    EMPTY = "empty"
    UNCLOSED_REASONING = "unclosed_reasoning"
    PROVIDER_ERROR = "provider_error"
    NO_DOCUMENT = "no_document"
    SEVERAL_DOCUMENTS = "several_documents"
    TOO_DEEP = "too_deep"
    NOT_JSON = "not_json"
    DUPLICATE_KEY = "duplicate_key"
    SCHEMA = "schema"
    UNKNOWN_ASSET = "unknown_asset"
    DUPLICATE_ASSET = "duplicate_asset"
    NOT_MENTIONED = "not_mentioned"
    BAD_NUMBER = "bad_number"
    OUT_OF_RANGE = "out_of_range"
    WRONG_SIDE = "wrong_side"
    NO_PRICE = "no_price"

    @property
    def rule(self) -> Rule | None:
        """The rule that was broken; None for `accepted`."""
        return None if self is Outcome.ACCEPTED else ABOUT[self][0]


ABOUT: dict[Outcome, tuple[Rule, str]] = {
    Outcome.TOO_LONG: (Rule.LENGTH, "more than 64 KiB of UTF-8"),
    Outcome.TRUNCATED: (
        Rule.FINISH,
        "the provider stopped it at its length limit, or its brackets never close",
    ),
    Outcome.REFUSAL: (Rule.FINISH, "the model or the provider's filter declined to answer"),
    Outcome.UNFINISHED: (
        Rule.FINISH,
        "it ended for a reason that is no proper end of an answer, or still asks for a tool",
    ),
    Outcome.EMPTY: (Rule.FINISH, "nothing in it, or nothing after its reasoning"),
    Outcome.UNCLOSED_REASONING: (Rule.REASONING, "a reasoning tag is never closed"),
    Outcome.PROVIDER_ERROR: (
        Rule.DOCUMENT,
        "an error of the provider in the place of an answer, or beside it",
    ),
    Outcome.NO_DOCUMENT: (Rule.DOCUMENT, "no JSON document of the contract in it"),
    Outcome.SEVERAL_DOCUMENTS: (Rule.DOCUMENT, "more than one, and they differ"),
    Outcome.TOO_DEEP: (Rule.SYNTAX, "brackets more than 32 deep"),
    Outcome.NOT_JSON: (Rule.SYNTAX, "its syntax is broken beyond what may be repaired"),
    Outcome.DUPLICATE_KEY: (Rule.SYNTAX, "an object says the same key twice"),
    Outcome.SCHEMA: (Rule.SCHEMA, "a field is missing, or is not of its type or list of values"),
    Outcome.UNKNOWN_ASSET: (Rule.ASSETS, "it names an asset that the account does not trade"),
    Outcome.DUPLICATE_ASSET: (Rule.ASSETS, "it decides the same asset twice"),
    Outcome.NOT_MENTIONED: (Rule.ASSETS, "it says nothing about the asset"),
    Outcome.BAD_NUMBER: (Rule.NUMBERS, "a number is not written as one"),
    Outcome.OUT_OF_RANGE: (Rule.LEVELS, "a number lies outside of its range"),
    Outcome.WRONG_SIDE: (Rule.LEVELS, "stop or target lies on the wrong side of the price"),
    Outcome.NO_PRICE: (Rule.LEVELS, "the price, or the capital, is not known"),
}
"""By outcome: its rule, and its meaning for people."""


class Step(StrEnum):
    """What had to be done to read a reply; the parse path is a tuple of these."""

    PLAIN = "plain"
    FENCED = "fenced"
    IN_PROSE = "in prose"
    REASONING_REMOVED = "reasoning removed"
    REPEATED = "document repeated"
    TRAILING_COMMA = "repaired trailing comma"
    QUOTES = "repaired quotes"
    COMMENT = "repaired comment"
    UNQUOTED_KEY = "repaired unquoted key"
    PUNCTUATION = "repaired punctuation"
    RAW_NEWLINE = "repaired raw newline"

    @property
    def is_repair(self) -> bool:
        """The document was no JSON before it."""
        return self.value.startswith("repaired")


class UnreadableReply(TradingError):
    """Ends the reading of a whole reply; caught by `read_reply`, never seen outside."""

    def __init__(self, outcome: Outcome, sentence: str) -> None:
        super().__init__(sentence)
        self.outcome = outcome
        self.sentence = sentence


class RefusedEntry(TradingError):
    """Ends the reading of one entry; its asset is held, the others stand."""

    def __init__(self, outcome: Outcome, sentence: str) -> None:
        super().__init__(sentence)
        self.outcome = outcome
        self.sentence = sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVerdict:
    """How one rule of reading went."""

    rule: Rule
    passed: bool | None
    """None: the reading ended before it."""
    sentence: str
    """What broke it; empty otherwise."""


def render_outcomes() -> str:
    """The outcomes as a table for the documents."""
    rows = [f"| `{outcome}` | {rule} | {words} |" for outcome, (rule, words) in ABOUT.items()]
    return "\n".join(
        ["| outcome | rule | the reply or entry is held because |", "|---|---|---|", *rows]
    )
