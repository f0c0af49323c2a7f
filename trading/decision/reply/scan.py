"""Where the one document of a reply is: reasoning passed over, prose and fences without meaning.

One pass from left to right. Tags count outside of documents only, because text inside of one must
not have an effect. Several documents of the contract are one when they say the same; else none.
"""

from __future__ import annotations

from dataclasses import dataclass

from trading.decision.reply.outcomes import Outcome, Step, UnreadableReply
from trading.decision.reply.reasoning import BEGINS, Tag, end_of_reasoning, fold, tag_at
from trading.decision.reply.tokens import Document, Kind, Token, read_document
from trading.decision.reply.words import quoted

MOST_DOCUMENTS = 500
"""Pieces in braces. A hostile reply may have thousands, and none of them is an answer."""
_FENCES = ("```", "```json", "```json5", "```jsonc", "~~~", "~~~json")
_BRACES = "{｛"  # noqa: RUF001 - the full-width brace is what is repaired


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
    scan = _Scan(text)
    scan.run()
    if scan.has_reasoning and not text[scan.answer_from :].strip() and not scan.documents:
        raise UnreadableReply(Outcome.EMPTY, "The reply has nothing behind its reasoning.")
    anchored = [document for document in scan.documents if _has_key(document, anchor)]
    if not anchored:
        raise _missing(scan.documents, anchor)
    first = anchored[0]
    if any(other.tokens != first.tokens for other in anchored[1:]):
        raise UnreadableReply(
            Outcome.SEVERAL_DOCUMENTS,
            f"The reply has {len(anchored)} documents with {anchor}, and they differ.",
        )
    for document in anchored:
        _require_alone(text, document)
    return Found(first, _steps(scan, first, len(anchored)))


class _Scan:
    """What stands outside of brackets, from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._folded = fold(text)
        self.documents: list[Document] = []
        self.has_reasoning = False
        self.answer_from = 0
        """Behind the last reasoning."""

    def run(self) -> None:
        at = 0
        while at < len(self.text):
            at = self._step(at)

    def _step(self, at: int) -> int:
        char = self.text[at]
        if char in _BRACES:
            document = read_document(self.text, at)
            self.documents.append(document)
            if len(self.documents) > MOST_DOCUMENTS:
                raise UnreadableReply(
                    Outcome.NO_DOCUMENT,
                    f"The reply has more than {MOST_DOCUMENTS} pairs of braces.",
                )
            return document.end
        if char in "}｝":  # noqa: RUF001 - as above
            raise UnreadableReply(Outcome.NOT_JSON, "A } closes a bracket that was never opened.")
        tag = tag_at(self._folded, at) if self._folded[at] in BEGINS else None
        return at + 1 if tag is None else self._pass_over(tag)

    def _pass_over(self, tag: Tag) -> int:
        """The place behind the reasoning that begins or ends with this tag."""
        if not tag.is_opening and tag.is_whole:
            # Some templates open the reasoning themselves: all before its end is a draft.
            self.documents.clear()
            return self._answer_begins(tag.end)
        end = end_of_reasoning(self._folded, tag) if tag.is_opening else None
        if end is None:
            raise UnreadableReply(
                Outcome.UNCLOSED_REASONING, f"The reasoning tag {quoted(tag.text)} is never closed."
            )
        return self._answer_begins(end)

    def _answer_begins(self, at: int) -> int:
        self.has_reasoning, self.answer_from = True, at
        return at


def _has_key(document: Document, key: str) -> bool:
    tokens, colon = document.tokens, Token(Kind.MARK, ":")
    # The last token is a bracket, so there is always one behind a key.
    return any(
        token.text == key and token.kind is not Kind.MARK and tokens[index + 1] == colon
        for index, token in enumerate(tokens[:-1])
    )


def _missing(documents: list[Document], anchor: str) -> UnreadableReply:
    if any(_has_key(document, "error") for document in documents):
        return UnreadableReply(
            Outcome.PROVIDER_ERROR, "An error of the provider stands in the place of an answer."
        )
    return UnreadableReply(Outcome.NO_DOCUMENT, f"The reply has no JSON document with {anchor}.")


def _require_alone(text: str, document: Document) -> None:
    """A document inside a list, or with a bracket too many behind it, is not the contract's."""
    before, behind = document.start - 1, document.end
    # By place and not by slices: a reply may have thousands of documents.
    while before >= 0 and text[before].isspace():
        before -= 1
    while behind < len(text) and text[behind].isspace():
        behind += 1
    if text[max(before, 0)] == "[" or text[behind : behind + 1] == "]":
        raise UnreadableReply(
            Outcome.NOT_JSON, "A square bracket stands around the document: send the object alone."
        )


def _steps(scan: _Scan, document: Document, count: int) -> tuple[Step, ...]:
    before = scan.text[scan.answer_from : document.start].strip()
    behind = scan.text[document.end :].strip()
    is_fenced = before.lower().endswith(_FENCES)
    how = Step.FENCED if is_fenced else Step.IN_PROSE if before or behind else Step.PLAIN
    steps = [Step.REASONING_REMOVED] if scan.has_reasoning else []
    steps += [how]
    steps += [Step.REPEATED] if count > 1 else []
    return tuple(steps)
