"""A twin's decision is its original's, with the same share of the money."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.account import (
    Account,
    AgentKind,
    BracketPolicy,
    ForeignPolicy,
    Mode,
    ModelProvider,
    VenueKeys,
)
from trading.decision.repeat import repeat_decision
from trading.decision.twin_account import TwinWish, build_twin, renew_twins, why_no_pair
from trading.decisions import Action, TradeDecision
from trading.limits import RiskLimits
from trading.paper_terms import PaperFees, PaperTerms
from trading.timeframes import Timeframe

BUY = TradeDecision(
    symbol="BTCUSDT",
    action=Action.BUY,
    allocation_usd=Decimal(600),
    take_profit_price=Decimal(66_000),
    stop_price=Decimal(58_000),
    exit_plan="as planned",
    rationale="a reason",
    confidence=0.8,
    decided_by="momentum",
)
LIVE = Account(
    id="live",
    name="Trend",
    kind=AgentKind.RULE,
    strategy="momentum",
    assets=("BTC",),
    interval=Timeframe.M5,
    mode=Mode.LIVE,
    venue="aster",
    limits=RiskLimits(leverage=2),
    provider=ModelProvider(api_key="env:KEY"),
    venue_keys=VenueKeys(private_key="env:KEY"),
    foreign=ForeignPolicy.ADOPT,
    bracket=BracketPolicy.GROUP,
)
WISH = TwinWish(id="twin", name=None, initial_equity=Decimal(5_000), paper=PaperTerms())
money = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(10**9), places=2)


def repeat(
    decision: TradeDecision, *, theirs: Decimal | None, own: Decimal, smallest: str = "0.01"
) -> TradeDecision:
    return repeat_decision(
        decision,
        original_id="live",
        original_equity=theirs,
        own_equity=own,
        min_position_ratio=Decimal(smallest),
    )


def test_the_allocation_keeps_its_share_of_the_equity_and_all_else_stays() -> None:
    repeated = repeat(BUY, theirs=Decimal(9_000), own=Decimal(3_000))
    assert repeated == replace(BUY, allocation_usd=Decimal(200), decided_by="twin of live")


def test_it_is_rounded_down_to_cents_but_never_under_the_smallest_order() -> None:
    assert repeat(BUY, theirs=Decimal(7_000), own=Decimal(1_000)).allocation_usd == Decimal("85.71")
    smallest = replace(BUY, allocation_usd=Decimal("33.34"))  # 0.01 of 3333.33, rounded up
    repeated = repeat(smallest, theirs=Decimal("3333.33"), own=Decimal("9999.99"))
    assert repeated.allocation_usd == Decimal("100.02")
    tiny = repeat(smallest, theirs=Decimal(3_334), own=Decimal("1000.01"))
    assert tiny.allocation_usd == Decimal("10.01")


@given(allocation=money, theirs=money, own=money)
def test_the_share_is_that_of_the_original_to_a_cent(
    allocation: Decimal, theirs: Decimal, own: Decimal
) -> None:
    decision = replace(BUY, allocation_usd=allocation)
    repeated = repeat(decision, theirs=theirs, own=own, smallest="0.000000001")
    exact = allocation * own / theirs
    assert abs(repeated.allocation_usd - exact) <= Decimal("0.01")


@pytest.mark.parametrize("action", [Action.HOLD, Action.CLOSE])
def test_a_way_out_and_a_hold_need_no_size(action: Action) -> None:
    decision = replace(BUY, action=action, allocation_usd=Decimal(0))
    repeated = repeat(decision, theirs=None, own=Decimal(5_000))
    assert repeated == replace(decision, decided_by="twin of live")


@pytest.mark.parametrize(
    ("theirs", "own", "words"),
    [
        (None, Decimal(5_000), "its equity was not known, the twin's is 5000"),
        (Decimal(0), Decimal(5_000), "its equity was 0, the twin's is 5000"),
        (Decimal(9_000), Decimal(-3), "its equity was 9000, the twin's is -3"),
        (Decimal(9_000), Decimal("NaN"), "its equity was 9000, the twin's is NaN"),
    ],
)
def test_an_entry_that_cannot_be_sized_is_a_hold_that_says_why(
    theirs: Decimal | None, own: Decimal, words: str
) -> None:
    held = repeat(BUY, theirs=theirs, own=own)
    assert (held.action, held.allocation_usd, held.stop_price) == (Action.HOLD, 0, None)
    assert held.rationale == f"Nothing to repeat of live: its buy cannot be sized: {words}."


def test_a_twin_takes_all_from_its_original_but_id_money_and_paper_terms() -> None:
    terms = PaperTerms(fees=PaperFees(taker=Decimal("0.0004")))
    twin = build_twin(replace(WISH, name="Mine", paper=terms), LIVE)
    assert twin == replace(
        LIVE,
        id="twin",
        name="Mine",
        mode=Mode.PAPER,
        venue="paper",
        initial_equity=Decimal(5_000),
        paper=terms,
        provider=None,
        venue_keys=None,
        foreign=ForeignPolicy.IGNORE,
        bracket=BracketPolicy.SEPARATE,
        twin_of="live",
    )
    assert build_twin(WISH, LIVE).name == "Trend (on paper)"
    assert len(build_twin(WISH, replace(LIVE, name="x" * 80)).name) == 80


def test_a_twin_follows_its_original() -> None:
    twin = build_twin(WISH, LIVE)
    changed = replace(LIVE, limits=RiskLimits(leverage=4), assets=("ETH",))
    other = replace(LIVE, id="other", mode=Mode.PAPER)
    renewed = renew_twins((changed, twin, other))
    assert renewed == (changed, build_twin(replace(WISH, name=twin.name), changed), other)
    assert renew_twins((twin, other)) == (twin, other)


def test_a_pair_is_a_live_account_and_one_twin() -> None:
    twin, second = build_twin(WISH, LIVE), build_twin(replace(WISH, id="second"), LIVE)
    assert why_no_pair(twin, (LIVE, twin)) is None
    assert why_no_pair(twin, (twin,)) == (
        "account twin is the twin of live, which is not in the arena; keep live, or remove the"
        " twin: perpflow accounts remove twin"
    )
    assert why_no_pair(twin, (replace(LIVE, mode=Mode.PAPER), twin)) == (
        "account twin is the twin of live, which trades on paper; name a live account"
    )
    assert (
        why_no_pair(twin, (LIVE, second, twin)) == "live has two twins, second and twin; keep one"
    )
