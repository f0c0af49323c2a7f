"""What a reply has outside of its reasoning: pieces of JSON, and lists that never close.

One pass from left to right. Tags and lists count outside of pieces only, because text inside of one
must not have an effect.
"""

from __future__ import annotations

import re

from trading.decision.reply.outcomes import Outcome, UnreadableReply
from trading.decision.reply.prose import is_prose
from trading.decision.reply.reasoning import (
    BEGINS,
    Tag,
    end_of_draft,
    end_of_reasoning,
    fold,
    tag_at,
)
from trading.decision.reply.tokens import (
    CLOSED_BRACES,
    CLOSED_LISTS,
    OPEN_BRACES,
    OPEN_LISTS,
    QUOTES,
    Document,
    Kind,
    read_beginning,
    read_document,
)
from trading.decision.reply.tool_calls import is_tool_call_at
from trading.decision.reply.words import quoted

MOST_DOCUMENTS = 500
"""Pieces in braces. A hostile reply may have thousands, and none of them is an answer."""
_MOST_OPEN_LISTS = 5
"""Each costs a look at the whole text; more than one is possible in prose and between closing tags."""


def _any_of(chars: frozenset[str]) -> str:
    return f"[{re.escape(''.join(sorted(chars)))}]"


_LIST = re.compile(
    _any_of(OPEN_LISTS)
    + rf"\s*(?:{_any_of(OPEN_LISTS | OPEN_BRACES | QUOTES)}|[0-9-]|true|false|null)"
)
"""A list of JSON. Any other square bracket is prose: a link, a box to tick."""
_INTERVAL = re.compile(r"\[\s{0,3}[-+$0-9.,]{1,40}%?\s{0,3}[,;]\s{0,3}[-+$0-9.,]{1,40}%?\s{0,3}\)")
"""A half-open one, as in `[0.5, 0.7)`: prose as well."""


class Pieces:
    """What was found of a text, from left to right.

    Raises
    ------
    UnreadableReply
        Reasoning that is never closed, brackets that do not match or never close, too many of them.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._folded = fold(text)
        self.documents: list[Document] = []
        """Objects, and lists with an object in them."""
        self.open_list: int | None = None
        """The place of a list that never closes: all behind it stands inside of that list."""
        self._open_lists = 0
        self.has_tool_call = False
        """Outside of reasoning: in there, one is a part of a draft."""
        self.has_reasoning = False
        self.answer_from = 0
        """Behind the last reasoning."""
        at = 0
        while at < len(text):
            at = self._step(at)

    def is_in_list(self, document: Document) -> bool:
        """A list, or inside of one that never closes, or with a bracket at its side."""
        if document.is_list or (self.open_list is not None and document.start > self.open_list):
            return True
        before, behind = document.start - 1, document.end
        # By place and not by slices: a reply may have thousands of documents.
        while before >= 0 and self.text[before].isspace():
            before -= 1
        while behind < len(self.text) and self.text[behind].isspace():
            behind += 1
        neighbours = self.text[max(before, 0)], self.text[behind : behind + 1]
        return neighbours[0] in OPEN_LISTS or neighbours[1] in CLOSED_LISTS

    def _step(self, at: int) -> int:
        char = self.text[at]
        if char in OPEN_BRACES:
            return self._document(at)
        if char in CLOSED_BRACES:
            return self._behind_draft(
                at,
                UnreadableReply(Outcome.NOT_JSON, "A } closes a bracket that was never opened."),
            )
        if char in OPEN_LISTS and self._begins_list(at):
            return self._list(at)
        if self._folded[at] not in BEGINS:
            return at + 1
        tag = tag_at(self._folded, at)
        if tag is not None:
            return self._pass_over(tag)
        self.has_tool_call = self.has_tool_call or is_tool_call_at(self._folded, at)
        return at + 1

    def _document(self, at: int) -> int:
        try:
            document = read_document(self.text, at)
        except UnreadableReply as unreadable:
            return self._behind_draft(at, unreadable)
        return self._keep(document)

    def _behind_draft(self, at: int, unreadable: UnreadableReply) -> int:
        """The place behind the draft that a broken bracket belongs to; else raises what is wrong.

        Some templates open the reasoning themselves, and a draft may break off anywhere.
        """
        tag = end_of_draft(self._folded, at)
        if tag is None or self._is_quoted(tag, at):
            raise unreadable
        return self._pass_over(tag)

    def _is_quoted(self, tag: Tag, bracket: int) -> bool:
        """Inside of a string that begins behind the bracket: words of a document that was cut.

        Not where the tag begins a line, as in every template: a quote in a draft may never close.
        """
        before = self.text[: tag.start].rstrip(" \t")
        if before.endswith("\n") or self.text[bracket] not in OPEN_BRACES:
            return False
        beginning = read_beginning(self.text, bracket, tag.start)
        is_read = beginning.end >= tag.start
        return not is_read or (
            beginning.end > tag.start and beginning.tokens[-1].kind is not Kind.WORD
        )

    def _keep(self, document: Document) -> int:
        self.documents.append(document)
        if len(self.documents) > MOST_DOCUMENTS:
            raise UnreadableReply(
                Outcome.NO_DOCUMENT, f"The reply has more than {MOST_DOCUMENTS} pairs of braces."
            )
        return document.end

    def _begins_list(self, at: int) -> bool:
        if self.open_list is not None:
            return False
        return _LIST.match(self.text, at) is not None and _INTERVAL.match(self.text, at) is None

    def _list(self, at: int) -> int:
        try:
            listed = read_document(self.text, at)
        except UnreadableReply:
            self._open_lists += 1
            if self._open_lists > _MOST_OPEN_LISTS:
                raise
            self.open_list = None if is_prose(self.text, at) else at
            return at + 1
        return self._keep(listed) if listed.keys else listed.end

    def _pass_over(self, tag: Tag) -> int:
        """The place behind the reasoning that begins or ends with this tag."""
        if not tag.is_opening and tag.is_whole:
            # Some templates open the reasoning themselves: all before its end is a draft.
            self.documents.clear()
            self.open_list, self.has_tool_call = None, False
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
