"""Which document of a reply is the answer: one that stands alone and that nothing contradicts.

Prose and fences have no meaning. Several documents of the contract are one when they say the same,
else none; and whatever else speaks of a decision has to say what the document says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trading.decision.reply.outcomes import Outcome, Step, UnreadableReply
from trading.decision.reply.pieces import Pieces
from trading.decision.reply.rivals import Rivals
from trading.decision.reply.tokens import Document
from trading.positions import Direction

_FENCES = ("```", "```json", "```json5", "```jsonc", "~~~", "~~~json")


@dataclass(frozen=True, slots=True)
class Found:
    """The document of a reply and the steps that led to it."""

    document: Document
    steps: tuple[Step, ...]


def find_document(text: str, anchor: str, held: Mapping[str, Direction]) -> Found:
    """The one document that has the key `anchor`; `held` are the open positions, by every name.

    Raises
    ------
    UnreadableReply
        Reasoning that is never closed, nothing beside it, a call of a tool, no document, several that differ,
        brackets that do not match or never close.
    """
    pieces = Pieces(text)
    if pieces.has_reasoning and not text[pieces.answer_from :].strip() and not pieces.documents:
        raise UnreadableReply(Outcome.EMPTY, "The reply has nothing behind its reasoning.")
    if pieces.has_tool_call:
        raise UnreadableReply(
            Outcome.UNFINISHED,
            "The reply still asks for a tool, in its text: its decision is open.",
        )
    anchored = [document for document in pieces.documents if anchor in document.keys]
    if not anchored:
        raise _missing(pieces.documents, anchor)
    if any(pieces.is_in_list(document) for document in anchored):
        raise UnreadableReply(
            Outcome.NOT_JSON, "A square bracket stands around the document: send the object alone."
        )
    # A short form of it, as the other contract allows, may stand before the whole one.
    whole = max(anchored, key=lambda each: len(each.tokens))
    if len(pieces.documents) > 1:
        _require_agreement(pieces.documents, anchored, anchor, Rivals(whole, held))
    return Found(whole, _steps(pieces, whole, len(anchored)))


def _missing(documents: list[Document], anchor: str) -> UnreadableReply:
    if any("error" in document.keys for document in documents):
        return UnreadableReply(
            Outcome.PROVIDER_ERROR, "An error of the provider stands in the place of an answer."
        )
    return UnreadableReply(Outcome.NO_DOCUMENT, f"The reply has no JSON document with {anchor}.")


def _require_agreement(
    documents: list[Document], anchored: list[Document], anchor: str, rivals: Rivals
) -> None:
    """A piece before or behind the document may be a second thought, or the first one."""
    if not all(rivals.is_agreeing(each) for each in anchored):
        raise UnreadableReply(
            Outcome.SEVERAL_DOCUMENTS,
            f"The reply has {len(anchored)} documents with {anchor}, and they differ.",
        )
    if any(rivals.is_rival(each) for each in documents):
        raise UnreadableReply(
            Outcome.SEVERAL_DOCUMENTS,
            "The reply speaks of a decision beside its document, and says something else there:"
            " send one object and nothing else.",
        )


def _steps(pieces: Pieces, document: Document, count: int) -> tuple[Step, ...]:
    before = pieces.text[pieces.answer_from : document.start].strip()
    behind = pieces.text[document.end :].strip()
    is_fenced = before.lower().endswith(_FENCES)
    how = Step.FENCED if is_fenced else Step.IN_PROSE if before or behind else Step.PLAIN
    steps = [Step.REASONING_REMOVED] if pieces.has_reasoning else []
    steps += [how]
    steps += [Step.REPEATED] if count > 1 else []
    return tuple(steps)
