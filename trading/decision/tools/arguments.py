"""Arguments of a tool call, read strictly: known fields, the right types, ranges, names that exist.

What is wrong becomes one sentence that the model can act on, with the names that are near the one it
wrote. Nothing that a model wrote is quoted at length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from trading.errors import ToolRefused

LONGEST_QUOTE = 40
"""Characters of a model's word that are said back to it."""
_MOST_NAMES = 20
_LARGE = 10**18


def require_known(given: Mapping[str, object], fields: Sequence[str], owner: str) -> None:
    """Refuse a field that is not one of `fields`."""
    for name in given:
        if name not in fields:
            raise ToolRefused(f"{owner} has no argument {quoted(name)}; {_there_are(name, fields)}")


def read_name(given: Mapping[str, object], field: str, known: Sequence[str]) -> str:
    """A name out of `known`; capital letters do not matter where the name is clear without them."""
    value = given.get(field)
    if not isinstance(value, str):
        raise ToolRefused(f"{field} must be a text, not {_kind(value)}; {_there_are('', known)}")
    if value in known:
        return value
    same = [each for each in known if each.upper() == value.upper()]
    if len(same) == 1:
        return same[0]
    raise ToolRefused(f"there is no {field} {quoted(value)}; {_there_are(value, known)}")


def read_count(given: Mapping[str, object], field: str, default: int, most: int) -> int:
    """How many values are wanted, from 1 to `most`."""
    value = given.get(field)
    return default if value is None else whole(value, field, 1, most)


def whole(value: object, field: str, lowest: int, highest: int) -> int:
    """A whole number within its range; 14.0 is one, true and "14" are not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ToolRefused(f"{field} must be a whole number, not {_kind(value)}")
    if not lowest <= value <= highest:
        raise ToolRefused(f"{field} is {_number(value)}; allowed is {lowest} to {highest}")
    return value


def real(value: object, field: str, lowest: float, highest: float) -> float:
    """A number within its range."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ToolRefused(f"{field} must be a number, not {_kind(value)}")
    # Compared before the conversion: a huge whole number has no float.
    if not lowest <= value <= highest:
        raise ToolRefused(f"{field} is {_number(value)}; allowed is {lowest:g} to {highest:g}")
    return float(value)


def quoted(text: str) -> str:
    """A model's word as it may stand in a sentence: short, one line, ASCII."""
    shown = "".join(char if " " <= char <= "~" else "?" for char in text[:LONGEST_QUOTE])
    return f"'{shown}'" + ("..." if len(text) > LONGEST_QUOTE else "")


def _there_are(asked: str, known: Sequence[str]) -> str:
    by_capitals = {each.upper(): each for each in known}
    near = get_close_matches(asked[:LONGEST_QUOTE].upper(), by_capitals, n=5, cutoff=0.5)
    if near:
        return f"near it: {', '.join(by_capitals[each] for each in near)}"
    if not known:
        return "there is none"
    more = f" and {len(known) - _MOST_NAMES} more" if len(known) > _MOST_NAMES else ""
    return f"there are: {', '.join(known[:_MOST_NAMES])}{more}"


def _number(value: float) -> str:
    # A whole number of thousands of digits cannot even be written down.
    return f"{value:.12g}" if abs(value) < _LARGE else "far too large"


def _kind(value: object) -> str:
    kinds: dict[type, str] = {
        bool: "true or false",
        str: "a text",
        list: "a list",
        dict: "an object",
        float: "a number with digits behind the point",
        int: "a whole number",
    }
    return "nothing" if value is None else kinds.get(type(value), "that")
