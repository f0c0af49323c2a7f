"""Tokens and money out of a provider's `usage`: what it counted, never what we guess.

Counts are whole numbers, money is a decimal; anything else a server writes there is as good as nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from adapters.llm.prices import Price, PriceTable
from adapters.llm.records import Billing, CostSource, Usage

_MOST_TOKENS = 1_000_000_000
_MOST_MONEY = Decimal(100_000)
"""USD of one answer; more is no price but a mistake."""


def read_usage(document: Mapping[str, object]) -> Usage | None:
    """The tokens of an answer; None if it has no usage."""
    found = document.get("usage")
    if not isinstance(found, Mapping):
        return None
    # A prompt of zero tokens is a server that does not count: something was asked.
    prompt = _count(found.get("prompt_tokens")) or None
    answer = _count(found.get("completion_tokens"))
    total = _count(found.get("total_tokens"))
    if total is not None and prompt is not None and answer is not None and total > prompt + answer:
        # xAI counts reasoning beside the answer instead of in it, and bills both.
        answer = total - prompt
    usage = Usage(
        prompt=prompt,
        answer=answer,
        cached=_detail(found, "prompt_tokens_details", "cached_tokens")
        or _count(found.get("prompt_cache_hit_tokens")),
        reasoning=_detail(found, "completion_tokens_details", "reasoning_tokens"),
    )
    return None if usage == Usage() else usage


def read_cost(document: Mapping[str, object]) -> Decimal | None:
    """USD as OpenRouter bills it; None if it does not say.

    With a key of one's own at the computing provider that one bills too, and is added.
    """
    found = document.get("usage")
    if not isinstance(found, Mapping):
        return None
    cost = _money(found.get("cost"))
    if cost is None or found.get("is_byok") is not True:
        return cost
    details = found.get("cost_details")
    upstream = (
        _money(details.get("upstream_inference_cost")) if isinstance(details, Mapping) else None
    )
    return None if upstream is None else cost + upstream


def cost_of(
    billing: Billing,
    told: Decimal | None,
    usage: Usage | None,
    own: Price | None,
    listed: Price | None,
) -> tuple[Decimal | None, CostSource]:
    """USD of one request and who says so: the provider, else our prices, else nobody."""
    if told is not None:
        return told, CostSource.PROVIDER
    if billing is Billing.NO:
        return Decimal(0), CostSource.NOT_BILLED
    price = own or listed
    cost = None if price is None else price.cost(usage)
    return (None, CostSource.UNKNOWN) if cost is None else (cost, CostSource.TABLE)


def listed_price(table: PriceTable, host: str, asked: str, used: str | None) -> Price | None:
    """The dearer of the two if the answer names another model than the one asked."""
    found = [table.find(host, name) for name in {asked, used or asked}]
    known = [each for each in found if each is not None]
    return (
        max(known, key=lambda each: each.input + each.output) if len(known) == len(found) else None
    )


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _MOST_TOKENS else None


def _detail(usage: Mapping[str, object], group: str, name: str) -> int | None:
    found = usage.get(group)
    return _count(found.get(name)) if isinstance(found, Mapping) else None


def _money(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    money = Decimal(value)
    return money if money.is_finite() and 0 <= money <= _MOST_MONEY else None
