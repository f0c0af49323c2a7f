"""Tiers and pullback of an account: the rules' own by default, and nothing that could loosen a stop."""

from decimal import Decimal

import pytest

from trading.errors import InvalidRecord
from trading.exit_settings import EXIT_SETTING_NAMES, MOST_TIERS, ExitSettings, Tier


def tier(profit: str, stop: str) -> Tier:
    return Tier(profit=Decimal(profit), stop=Decimal(stop))


def test_the_defaults_are_those_of_the_rules():
    settings = ExitSettings()
    assert settings.tiers == (tier("0.08", "0.03"), tier("0.15", "0.08"), tier("0.25", "0.15"))
    assert settings.pullback == Decimal("0.3")


def test_tiers_and_pullback_can_be_left_out():
    assert ExitSettings(tiers=(), pullback=None) == ExitSettings(tiers=(), pullback=None)


@pytest.mark.parametrize(
    ("profit", "stop"),
    [("0", "0"), ("-0.1", "-0.2"), ("NaN", "0"), ("8", "3"), ("0.1", "0.1"), ("0.1", "-0.01"), ("0.1", "NaN")],
)  # fmt: skip
def test_a_tier_that_makes_no_sense_cannot_be_made(profit, stop):
    with pytest.raises(
        InvalidRecord, match=r"^tiers has a (profit|stop) of .*, allowed is a ratio"
    ):
        tier(profit, stop)


@pytest.mark.parametrize(
    ("first", "second"),
    [(("0.2", "0.1"), ("0.1", "0.05")), (("0.1", "0.05"), ("0.2", "0.05")), (("0.1", "0"), ("0.1", "0.05"))],
)  # fmt: skip
def test_a_later_tier_asks_for_more_profit_and_keeps_more_of_it(first, second):
    with pytest.raises(InvalidRecord, match=r"^tiers has .* after .*both rise$"):
        ExitSettings(tiers=(tier(*first), tier(*second)))


def test_the_number_of_tiers_is_bounded():
    many = tuple(tier(f"0.{number:02}", f"0.0{number:02}") for number in range(1, MOST_TIERS + 2))
    assert len(ExitSettings(tiers=many[:-1]).tiers) == MOST_TIERS
    with pytest.raises(InvalidRecord, match=f"^tiers has {MOST_TIERS + 1} entries"):
        ExitSettings(tiers=many)


@pytest.mark.parametrize("pullback", ["0", "-0.3", "1.01", "30", "NaN", "Infinity"])
def test_a_pullback_is_a_share_of_the_peak(pullback):
    with pytest.raises(InvalidRecord, match=r"^pullback is .*, allowed is a ratio above 0"):
        ExitSettings(pullback=Decimal(pullback))


def test_every_refusal_begins_with_the_name_of_its_key():
    assert set(EXIT_SETTING_NAMES) == set(ExitSettings.__dataclass_fields__)
