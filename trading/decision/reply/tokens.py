"""From the first bracket of a document to the one that closes it: words, strings, punctuation.

One pass, each character looked at a bounded number of times, whatever the text is; nesting is
refused before anything is parsed. What is no JSON but may be repaired (quotes, comments,
punctuation, raw newlines) is read as what it stands for and noted. Brackets that never close end
the reading of the whole reply: it was cut, and a cut reply is never completed.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

from trading.decision.reply.escapes import unescape
from trading.decision.reply.outcomes import Outcome, Step, UnreadableReply

DEEPEST = 32
"""Brackets inside brackets. The contract needs four."""
PUNCTUATION = {char: char for char in "{}[]:,"} | dict(zip("｛｝［］：，", "{}[]:,", strict=True))  # noqa: RUF001 - the full-width twins are what is repaired
"""What a character stands for between strings."""
OPENING = {"{": "}", "[": "]"}


def spellings(plain: str) -> frozenset[str]:
    """The characters that stand for a piece of punctuation: itself, and its full-width twin."""
    return frozenset(char for char, means in PUNCTUATION.items() if means == plain)


OPEN_BRACES, CLOSED_BRACES = spellings("{"), spellings("}")
OPEN_LISTS, CLOSED_LISTS = spellings("["), spellings("]")
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "＂": "＂"}  # noqa: RUF001 - as above
"""Each quote with the one that closes it."""
QUOTES = frozenset(_QUOTES)
"""What begins a string."""
_ESCAPE = "\\"


class Kind(Enum):
    """What a token is."""

    MARK = auto()
    """One of `{}[]:,`."""
    STRING = auto()
    WORD = auto()
    """Anything else without a space in it: a number, `true`, a key without quotes."""
    BROKEN = auto()
    """A string with an escape that is none; its text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token; strings are unescaped and without their quotes."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """The tokens of one candidate, its brackets included."""

    start: int
    end: int
    """Of its last character, plus one."""
    tokens: tuple[Token, ...]
    repairs: frozenset[Step]

    @property
    def is_list(self) -> bool:
        return self.tokens[0].text == "["

    @property
    def keys(self) -> frozenset[str]:
        """Names of fields, at any depth; what was cut out of a string is none."""
        colon = Token(Kind.MARK, ":")
        return frozenset(
            token.text
            for token, behind in pairwise(self.tokens)
            if behind == colon and token.kind is not Kind.MARK
        )

    @property
    def parts(self) -> frozenset[tuple[Token, ...]]:
        """The tokens of every object and list in it, itself included."""
        starts: list[int] = []
        parts: set[tuple[Token, ...]] = set()
        for at, token in enumerate(self.tokens):
            if token.kind is Kind.MARK and token.text in OPENING:
                starts.append(at)
            elif token.kind is Kind.MARK and token.text in "}]":
                parts.add(self.tokens[starts.pop() : at + 1])
        return frozenset(parts)


def read_document(text: str, start: int) -> Document:
    """The candidate that begins with the bracket at `start`.

    Raises
    ------
    UnreadableReply
        Its brackets never close, do not match, or are nested too deep.
    """
    reader = _Reader(text, start)
    while not reader.is_closed:
        reader.step()
    return reader.document()


def read_beginning(text: str, start: int, until: int) -> Document:
    """What begins between a bracket and a place, whether its brackets close or not.

    It ends behind the place where a string or a word stands around that, and before the place where
    it can be read no further.
    """
    reader = _Reader(text, start)
    with suppress(UnreadableReply):
        while not reader.is_closed and reader.at < until:
            reader.step()
    return reader.document()


class _Reader:
    """The place in the text, the brackets that are open, and what was found."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._start = start
        self.at = start
        self._open: list[str] = []
        self._tokens: list[Token] = []
        self._repairs: set[Step] = set()
        self.is_closed = False

    def document(self) -> Document:
        return Document(self._start, self.at, tuple(self._tokens), frozenset(self._repairs))

    def step(self) -> None:
        """Read one token, comment or space."""
        if self.at >= len(self._text):
            raise _cut()
        char = self._text[self.at]
        if char.isspace() or char == "\ufeff":
            self._space(char)
        elif char in PUNCTUATION:
            self._mark(char)
        elif char == '"' or (char in _QUOTES and self._expects_token()):
            self._string(char)
        elif self._starts_comment():
            self._comment()
        else:
            self._word()

    def _space(self, char: str) -> None:
        if char not in " \t\r\n":
            self._repairs.add(Step.PUNCTUATION)
        self.at += 1

    def _mark(self, char: str) -> None:
        mark = PUNCTUATION[char]
        if mark != char:
            self._repairs.add(Step.PUNCTUATION)
        if mark in OPENING:
            self._open.append(OPENING[mark])
            if len(self._open) > DEEPEST:
                raise UnreadableReply(
                    Outcome.TOO_DEEP, f"Brackets are nested more than {DEEPEST} deep."
                )
        elif mark in "}]":
            if self._open.pop() != mark:
                raise UnreadableReply(
                    Outcome.NOT_JSON, f"A {mark} closes a bracket of the other kind."
                )
            self.is_closed = not self._open
        self._tokens.append(Token(Kind.MARK, mark))
        self.at += 1

    def _expects_token(self) -> bool:
        """Only here may a quote other than " open a string: elsewhere it is an apostrophe."""
        last = self._tokens[-1]
        return last.kind is Kind.MARK and last.text in "{[,:"

    def _string(self, quote: str) -> None:
        if quote != '"':
            self._repairs.add(Step.QUOTES)
        closing, begin, end = _QUOTES[quote], self.at + 1, self.at + 1
        while end < len(self._text) and self._text[end] != closing:
            end += 2 if self._text[end] == _ESCAPE else 1
        if end >= len(self._text):
            raise _cut()
        raw = self._text[begin:end]
        if any(char < " " for char in raw):
            self._repairs.add(Step.RAW_NEWLINE)
        value = unescape(raw, quote)
        self._tokens.append(Token(Kind.BROKEN, raw) if value is None else Token(Kind.STRING, value))
        self.at = end + 1

    def _starts_comment(self) -> bool:
        return self._text[self.at] == "#" or self._text[self.at : self.at + 2] in ("//", "/*")

    def _comment(self) -> None:
        self._repairs.add(Step.COMMENT)
        is_block = self._text.startswith("/*", self.at)
        end = self._text.find("*/" if is_block else "\n", self.at + 2 * is_block)
        if end < 0:
            raise _cut()
        self.at = end + (2 if is_block else 1)

    def _word(self) -> None:
        begin = self.at
        self.at += 1
        while self.at < len(self._text) and not self._ends_word():
            self.at += 1
        self._tokens.append(Token(Kind.WORD, self._text[begin : self.at]))

    def _ends_word(self) -> bool:
        char = self._text[self.at]
        return char.isspace() or char in PUNCTUATION or char == '"' or self._starts_comment()


def _cut() -> UnreadableReply:
    return UnreadableReply(
        Outcome.TRUNCATED, "The brackets of the document never close: the reply was cut."
    )
