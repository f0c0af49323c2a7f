"""What is a number in a reply, and what is not: nothing is guessed.

A JSON number counts by its own digits. A string counts only when it is written as 1234, 1234.5 or
1,234.50, with or without a $ before it. `true` is not 1, digits of other scripts are no digits, and
"1.000" is nothing, since half of the world reads a thousand there.
"""

from __future__ import annotations

from decimal import Decimal

DIGITS = frozenset("0123456789")
LONGEST_NUMBER = 40
"""Characters; no price or amount has more."""
MOST_EXPONENT_DIGITS = 2
_GROUP = 3
"""Digits between two thousands separators."""


def is_json_number(text: str) -> bool:
    """Whether JSON's grammar knows the text as a number, whatever its size."""
    mantissa, mark, exponent = text.replace("E", "e").partition("e")
    whole, point, fraction = mantissa.removeprefix("-").partition(".")
    if not _is_digits(whole) or (whole.startswith("0") and whole != "0"):
        return False
    if point and not _is_digits(fraction):
        return False
    return not mark or _is_digits(_without_sign(exponent))


def json_number(text: str) -> Decimal | None:
    """The exact value of a JSON number; None where it has more digits than anything real."""
    exponent = text.replace("E", "e").partition("e")[2]
    is_endless = len(text) > LONGEST_NUMBER or (len(_without_sign(exponent)) > MOST_EXPONENT_DIGITS)
    return None if is_endless else Decimal(text)


def spelled_number(text: str) -> Decimal | None:
    """The value of a string that is written as an amount; None when it is written otherwise."""
    if len(text) > LONGEST_NUMBER:
        return None
    whole, point, fraction = text.removeprefix("$").partition(".")
    if point and not _is_digits(fraction):
        return None
    groups = whole.split(",")
    if not all(_is_digits(group) for group in groups) or not _are_groups(groups):
        return None
    could_be_a_thousand = len(fraction) == _GROUP and len(groups[-1]) <= _GROUP
    if could_be_a_thousand and len(groups) == 1 and whole != "0":
        return None
    digits = "".join(groups)
    if digits.startswith("0") and digits != "0":
        return None
    return Decimal(f"{digits}{point}{fraction}")


def _are_groups(groups: list[str]) -> bool:
    """One run of digits, or 1 to 3 of them followed by groups of exactly three."""
    if len(groups) == 1:
        return True
    return len(groups[0]) <= _GROUP and all(len(group) == _GROUP for group in groups[1:])


def _is_digits(text: str) -> bool:
    return bool(text) and all(char in DIGITS for char in text)


def _without_sign(exponent: str) -> str:
    return exponent[1:] if exponent[:1] in ("+", "-") else exponent
