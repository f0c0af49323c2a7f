"""A blend as a JSON document, members by name, so that a change names the member it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from trading.blend_plan import Allocation, Blend, Member, Regime, RegimeRule
from trading.timeframes import parse_timeframe


def blend_to_json(blend: Blend) -> dict[str, Any]:
    """Values for `to_document`; what is empty in a member is left out."""
    return {
        "members": {member.name: _member_to_json(member) for member in blend.members},
        "allocation": blend.allocation,
        "max_share": blend.max_share,
        "regime": asdict(blend.regime),
    }


def blend_from_json(document: Mapping[str, Any]) -> Blend:
    """The blend of a stored document. Raises `KeyError`, `TypeError`, `ValueError`, `ArithmeticError`."""
    regime = dict(document["regime"])
    return Blend(
        members=tuple(_member_from_json(name, each) for name, each in document["members"].items()),
        allocation=Allocation(document["allocation"]),
        max_share=Decimal(document["max_share"]),
        regime=RegimeRule(timeframe=parse_timeframe(regime.pop("timeframe")), **regime),
    )


def _member_to_json(member: Member) -> dict[str, Any]:
    values = {"strategy": member.strategy, "weight": member.weight}
    parameters = {name: float(value) for name, value in member.parameters.items()}
    return (
        values
        | ({"parameters": parameters} if parameters else {})
        | ({"regimes": list(member.regimes)} if member.regimes else {})
    )


def _member_from_json(name: str, document: Mapping[str, Any]) -> Member:
    return Member(
        name=name,
        strategy=document["strategy"],
        weight=Decimal(document["weight"]),
        parameters={key: float(value) for key, value in document.get("parameters", {}).items()},
        regimes=tuple(Regime(each) for each in document.get("regimes", ())),
    )
