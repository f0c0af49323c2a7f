"""A model's reply becomes one decision per asset, and a verdict per rule. Nothing is guessed.

The ladder of reading: length, proper end, reasoning, the one document, its syntax, its form, its
assets, numbers and levels. A reply that fails as a whole holds every asset; an entry that fails
holds its own. Never raises for what a model wrote.
"""

from __future__ import annotations

from dataclasses import dataclass

from trading.decision.contract import Contract
from trading.decision.reply.entries import AssetVerdict, Entries, held
from trading.decision.reply.envelope import open_envelope
from trading.decision.reply.mandate import Mandate, Reply
from trading.decision.reply.outcomes import Outcome, Rule, RuleVerdict, Step, UnreadableReply
from trading.decision.reply.portfolio import REASONING, read_portfolio
from trading.decision.reply.scan import find_document
from trading.decision.reply.single import read_single
from trading.decision.reply.values import Value, parse_values
from trading.decision.reply.words import clean_words
from trading.decisions import TradeDecision

LONGEST_REASONING = 4_000
"""Characters of the words beside the decisions."""
_MOST_NAMED = 50
"""Problems and dropped names that are kept; a hostile reply may have thousands."""
_NO_ERROR = frozenset({"", "none", "no error"})
"""What a model writes into a field for errors when there was none. Anything longer is an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was made of a reply."""

    outcome: Outcome
    """`accepted` when at least one entry stands; else why everything is held."""
    sentence: str
    """The same in words, empty when accepted."""
    path: tuple[Step, ...]
    """What had to be done to read it; empty when no document was found."""
    verdicts: tuple[AssetVerdict, ...]
    """One per asset of the mandate, in its order."""
    corrections: tuple[str, ...]
    """What the model should be told so that it can do better, in the order of the reply."""
    dropped: tuple[str, ...] = ()
    """Assets and fields that mean nothing here."""
    reasoning: str = ""
    """The model's words beside its decisions."""
    failures: tuple[tuple[Outcome, str], ...]
    """Each outcome but `accepted`, of the whole reply or of entries, with its sentence."""
    has_entries: bool
    """Whether the reading came as far as the entries."""

    @property
    def decisions(self) -> tuple[TradeDecision, ...]:
        return tuple(verdict.decision for verdict in self.verdicts)

    @property
    def is_clean(self) -> bool:
        """Nothing to correct: the model's decisions stand as it gave them."""
        return not self.corrections

    @property
    def rules(self) -> tuple[RuleVerdict, ...]:
        """The verdict per rule, in the order of reading; none after the one that ended it."""
        broken = {outcome.rule: sentence for outcome, sentence in reversed(self.failures)}
        ended_at = None if self.has_entries else self.outcome.rule
        verdicts: list[RuleVerdict] = []
        is_over = False
        for rule in Rule:
            passed = None if is_over else rule not in broken
            verdicts.append(RuleVerdict(rule=rule, passed=passed, sentence=broken.get(rule, "")))
            is_over = is_over or rule is ended_at
        return tuple(verdicts)


def read_reply(reply: Reply, mandate: Mandate, contract: Contract = Contract.PORTFOLIO) -> Reading:
    """The decisions that a reply stands for."""
    path: tuple[Step, ...] = ()
    try:
        found = find_document(open_envelope(reply), contract.anchor, mandate.held)
        path = found.steps
        document, repairs = parse_values(found.document)
        path += tuple(step for step in Step if step in repairs)
        _require_no_error(document)
        entries = _READERS[contract](document, mandate)
    except UnreadableReply as unreadable:
        return _held_whole(unreadable, mandate, path)
    return _reading(document, entries, mandate, path)


_READERS = {Contract.PORTFOLIO: read_portfolio, Contract.SINGLE: read_single}


def _require_no_error(document: dict[str, Value]) -> None:
    """Decisions beside an error may be what was left of an answer."""
    error = document.get("error")
    if isinstance(error, str) and error.strip().lower() in _NO_ERROR:
        return
    if error:
        raise UnreadableReply(
            Outcome.PROVIDER_ERROR, "An error stands beside the answer, in the same document."
        )


def _held_whole(unreadable: UnreadableReply, mandate: Mandate, path: tuple[Step, ...]) -> Reading:
    outcome, sentence = unreadable.outcome, unreadable.sentence
    return Reading(
        outcome=outcome,
        sentence=sentence,
        path=path,
        verdicts=tuple(held(each, mandate, outcome, sentence) for each in mandate.tradables),
        corrections=(sentence,),
        failures=((outcome, sentence),),
        has_entries=False,
    )


def _reading(
    document: dict[str, Value], entries: Entries, mandate: Mandate, path: tuple[Step, ...]
) -> Reading:
    for tradable in mandate.tradables:
        if tradable.asset not in entries.verdicts:
            # No mistake: the schema asks for one entry, not for one of each asset.
            sentence = f"{tradable.asset} is not mentioned."
            entries.verdicts[tradable.asset] = held(
                tradable, mandate, Outcome.NOT_MENTIONED, sentence
            )
    problems = tuple(entries.problems[:_MOST_NAMED])
    verdicts = tuple(entries.verdicts[asset] for asset in mandate.assets)
    stands = any(verdict.outcome is Outcome.ACCEPTED for verdict in verdicts)
    outcome, sentence = (Outcome.ACCEPTED, "") if stands else problems[0]
    told = document.get(REASONING)
    return Reading(
        outcome=outcome,
        sentence=sentence,
        path=path,
        verdicts=verdicts,
        corrections=tuple(sentence for _, sentence in problems),
        dropped=tuple(entries.dropped[:_MOST_NAMED]),
        reasoning=clean_words(told, LONGEST_REASONING) if isinstance(told, str) else "",
        failures=problems,
        has_entries=True,
    )
