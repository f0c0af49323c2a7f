"""Whether a bracket that never closes is prose: `[44000 - 46000)`, `[2.1% max, so ...`."""

from __future__ import annotations

from itertools import pairwise

from trading.decision.reply.numerals import is_json_number
from trading.decision.reply.tokens import OPEN_BRACES, Kind, Token, read_beginning

_FENCES = ("```", "~~~")
"""They have no meaning, so they are no words of prose either."""
_JSON_WORDS = frozenset({"true", "false", "null"})


def is_prose(text: str, bracket: int) -> bool:
    """Whether two words stand side by side between the bracket and the next brace, without a string.

    A list of JSON that was cut may lack a comma between two numbers, have a word that is none of
    JSON's, or a string with quotes in it. Two words and no quote are a sentence.
    """
    braces = [at for at in (text.find(brace, bracket) for brace in OPEN_BRACES) if at >= 0]
    beginning = read_beginning(text, bracket, min(braces, default=len(text)))
    tokens = [token for token in beginning.tokens if not token.text.startswith(_FENCES)]
    has_string = any(token.kind in (Kind.STRING, Kind.BROKEN) for token in tokens)
    return not has_string and any(
        token.kind is behind.kind is Kind.WORD and (_is_foreign(token) or _is_foreign(behind))
        for token, behind in pairwise(tokens)
    )


def _is_foreign(word: Token) -> bool:
    """None of JSON's."""
    return word.text not in _JSON_WORDS and not is_json_number(word.text)
