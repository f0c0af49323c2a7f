"""The objects in a piece of JSON, each with what stands directly in it; broken syntax is borne."""

from __future__ import annotations

from dataclasses import dataclass, field

from trading.decision.reply.tokens import OPENING, Document, Kind, Token

Pair = tuple[str, tuple[Token, ...]]
"""A field: its name, and the tokens of its value."""


@dataclass(slots=True)
class Members:
    """One object."""

    pairs: list[Pair] = field(default_factory=list[Pair])
    """In their order; a name that is said twice is there twice."""
    scalars: list[Token] = field(default_factory=list[Token])
    """Values, also those in its lists, but not those in objects inside of it."""

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(key for key, _ in self.pairs)

    def named(self, keys: frozenset[str]) -> frozenset[str]:
        """The strings that stand under one of the names."""
        return frozenset(
            value[0].text
            for key, value in self.pairs
            if key in keys and len(value) == 1 and value[0].kind is Kind.STRING
        )


@dataclass(slots=True)
class _Open:
    """A bracket that has not closed yet."""

    members: Members
    """Of the object; in a list those of the object around it."""
    is_object: bool
    value_at: int | None = None
    """Where the value of the field begins whose colon came last."""


def objects_of(document: Document) -> tuple[Members, ...]:
    """Every object at any depth, the inner ones first."""
    tokens = document.tokens
    stray = Members()
    """Strings of a list around everything are nobody's; they are looked at like an object."""
    found: list[Members] = []
    opened: list[_Open] = []
    for at, token in enumerate(tokens):
        if token.kind is not Kind.MARK:
            if tokens[at + 1] != Token(Kind.MARK, ":"):
                opened[-1].members.scalars.append(token)
        elif token.text in OPENING:
            around = opened[-1].members if opened else stray
            is_object = token.text == "{"
            opened.append(_Open(Members() if is_object else around, is_object))
        elif token.text == ":":
            opened[-1].value_at = at + 1
        else:
            _end_value(opened[-1], tokens, at)
            if token.text != ",":
                closed = opened.pop()
                found += [closed.members] if closed.is_object else []
    return (*found, stray)


def _end_value(within: _Open, tokens: tuple[Token, ...], at: int) -> None:
    if within.is_object and within.value_at is not None:
        key = tokens[within.value_at - 2].text
        within.members.pairs.append((key, tokens[within.value_at : at]))
        within.value_at = None
