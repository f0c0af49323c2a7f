"""Which document of a reply is the answer: one that stands alone and that nothing contradicts.

Prose and fences have no meaning. Several documents of the contract are one when they say the same,
else none; and whatever else speaks of assets and actions has to say what the document says.
"""

from __future__ import annotations

from dataclasses import dataclass

from trading.decision.contract import PORTFOLIO_FIELDS, SINGLE_FIELDS, Contract
from trading.decision.reply.outcomes import Outcome, Step, UnreadableReply
from trading.decision.reply.pieces import Pieces
from trading.decision.reply.tokens import Document, Token

_FENCES = ("```", "```json", "```json5", "```jsonc", "~~~", "~~~json")
_WORDS = frozenset({"exit_plan", "rationale", "reasoning", "confidence", "leverage"})
"""Fields without an effect, which other JSON has as well."""
_DECIDING = frozenset(
    {*PORTFOLIO_FIELDS, *SINGLE_FIELDS, *(contract.anchor for contract in Contract)} - _WORDS
)
"""A piece with one of these fields speaks of a decision."""


@dataclass(frozen=True, slots=True)
class Found:
    """The document of a reply and the steps that led to it."""

    document: Document
    steps: tuple[Step, ...]


def find_document(text: str, anchor: str) -> Found:
    """The one document that has the key `anchor`.

    Raises
    ------
    UnreadableReply
        Reasoning that is never closed, nothing beside it, no document, several that differ,
        brackets that do not match or never close.
    """
    pieces = Pieces(text)
    if pieces.has_reasoning and not text[pieces.answer_from :].strip() and not pieces.documents:
        raise UnreadableReply(Outcome.EMPTY, "The reply has nothing behind its reasoning.")
    anchored = [document for document in pieces.documents if anchor in document.keys]
    if not anchored:
        raise _missing(pieces.documents, anchor)
    if any(pieces.is_in_list(document) for document in anchored):
        raise UnreadableReply(
            Outcome.NOT_JSON, "A square bracket stands around the document: send the object alone."
        )
    first = anchored[0]
    _require_agreement(first, anchored, anchor)
    _require_no_rival(first, pieces.documents)
    return Found(first, _steps(pieces, first, len(anchored)))


def _missing(documents: list[Document], anchor: str) -> UnreadableReply:
    if any("error" in document.keys for document in documents):
        return UnreadableReply(
            Outcome.PROVIDER_ERROR, "An error of the provider stands in the place of an answer."
        )
    return UnreadableReply(Outcome.NO_DOCUMENT, f"The reply has no JSON document with {anchor}.")


def _require_agreement(first: Document, anchored: list[Document], anchor: str) -> None:
    if any(other.tokens != first.tokens for other in anchored):
        raise UnreadableReply(
            Outcome.SEVERAL_DOCUMENTS,
            f"The reply has {len(anchored)} documents with {anchor}, and they differ.",
        )


def _require_no_rival(first: Document, documents: list[Document]) -> None:
    """An entry before or behind the document may be a second thought, or the first one."""
    others = [each for each in documents if each is not first and _speaks_of_a_decision(each)]
    parts = first.parts if others else frozenset[tuple[Token, ...]]()
    if any(each.tokens not in parts for each in others):
        raise UnreadableReply(
            Outcome.SEVERAL_DOCUMENTS,
            "The reply speaks of a decision beside its document, and says something else there:"
            " send one object and nothing else.",
        )


def _speaks_of_a_decision(document: Document) -> bool:
    return any(key.lower() in _DECIDING for key in document.keys)


def _steps(pieces: Pieces, document: Document, count: int) -> tuple[Step, ...]:
    before = pieces.text[pieces.answer_from : document.start].strip()
    behind = pieces.text[document.end :].strip()
    is_fenced = before.lower().endswith(_FENCES)
    how = Step.FENCED if is_fenced else Step.IN_PROSE if before or behind else Step.PLAIN
    steps = [Step.REASONING_REMOVED] if pieces.has_reasoning else []
    steps += [how]
    steps += [Step.REPEATED] if count > 1 else []
    return tuple(steps)
