"""Blends of real strategies on the simulated market, and members that misbehave."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trading.simulated_views import simulated_view
from trading.account import Account, AgentKind
from trading.blend import opinion as opinions
from trading.blend.needs import candles_to_decide, strategies_of
from trading.blend.opinion import blend_opinion, opinion_document
from trading.blend.votes import Stand
from trading.blend_plan import BLEND, KNOWN_REGIMES, Blend, Member, Regime, RegimeRule
from trading.decision.from_signal import decide_from_signal
from trading.decisions import Action
from trading.errors import InvalidRecord, UnknownName
from trading.limits import RiskLimits
from trading.market import MarketView
from trading.model_agent import ModelAgent
from trading.positions import Direction
from trading.regime.detection import REGIME_CANDLES
from trading.scan_plan import Scan
from trading.signals import Signal, hold
from trading.strategies.catalogue import find_strategy
from trading.timeframes import Timeframe

START = datetime(2026, 11, 20, tzinfo=UTC)
NAMES = ("momentum", "mean_reversion", "grid", "ml_scalper")
VIEWS = [
    simulated_view(symbol, START + timedelta(hours=hours))
    for symbol in ("BTCUSDT", "SOLUSDT")
    for hours in (0, 30, 61)
]
FLAT, LONG = Direction.FLAT, Direction.LONG


def member(strategy: str, weight: int | str = 1, *regimes: Regime, **more: object) -> Member:
    values: dict[str, object] = {"name": strategy} | more
    return Member(strategy=strategy, weight=Decimal(weight), regimes=regimes, **values)


def blend(*members: Member, **more: object) -> Blend:
    return Blend(members=members or tuple(map(member, NAMES)), **more)


views = st.sampled_from(VIEWS)
held_sides = st.sampled_from(Direction)
weights = st.decimals("0.1", "100", places=1)
blends = st.lists(
    st.builds(
        member,
        st.sampled_from(NAMES),
        weights,
        name=st.sampled_from("abcdef"),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda each: each.name,
).map(lambda members: blend(*members))


@settings(max_examples=30, deadline=None)
@given(blends, views, held_sides)
def test_members_in_another_order_give_the_same_opinion(plan, view, held) -> None:
    turned = replace(plan, members=plan.members[::-1])
    assert blend_opinion(turned, view, held=held) == blend_opinion(plan, view, held=held)


@settings(max_examples=30, deadline=None)
@given(blends, views, held_sides, st.sampled_from([Decimal("0.5"), Decimal(3), Decimal("0.007")]))
def test_weights_times_a_constant_give_the_same_signal(plan, view, held, factor) -> None:
    more = replace(
        plan, members=tuple(replace(each, weight=each.weight * factor) for each in plan.members)
    )
    assert (
        blend_opinion(more, view, held=held).signal == blend_opinion(plan, view, held=held).signal
    )


@settings(max_examples=30, deadline=None)
@given(blends, views, held_sides)
def test_a_member_with_weight_zero_changes_nothing(plan, view, held) -> None:
    nobody = member("grid", 0, name="nobody")
    more = replace(plan, members=(*plan.members, nobody))
    assert blend_opinion(more, view, held=held) == blend_opinion(plan, view, held=held)


@settings(max_examples=40, deadline=None)
@given(blends, views, st.sampled_from([RiskLimits(), RiskLimits(min_confidence=0.0)]))
def test_members_together_never_ask_for_more_than_the_largest_position(plan, view, limits) -> None:
    capital = Decimal(10_000)
    decision = decide_from_signal(
        blend_opinion(plan, view, held=FLAT).signal,
        view=view,
        held=None,
        capital=capital,
        limits=limits,
        decided_by=BLEND,
    )
    assert decision.allocation_usd <= capital * limits.max_position_ratio
    assert decision.takes_stop


def test_a_blend_of_one_says_what_its_member_says() -> None:
    for view in VIEWS:
        for name in NAMES:
            strategy = find_strategy(name)
            alone = strategy.signal(view, strategy.parameters(), FLAT)
            told = blend_opinion(blend(member(name)), view, held=FLAT).signal
            assert replace(told, reason="") == replace(alone, reason="")


def view_in(regime: Regime) -> MarketView:
    for hours in range(0, 240, 6):
        view = simulated_view("BTCUSDT", START + timedelta(hours=hours))
        if blend_opinion(blend(), view, held=FLAT).regime.regime is regime:
            return view
    raise AssertionError(f"the market was never {regime}")


@pytest.mark.parametrize("regime", [Regime.TRENDING, Regime.SIDEWAYS, Regime.VOLATILE])
def test_members_are_active_in_their_regime_only_and_get_the_others_share(regime: Regime) -> None:
    plan = blend(
        *(member("grid", 1, each, name=each.value) for each in Regime if each is not Regime.UNKNOWN)
    )
    told = blend_opinion(plan, view_in(regime), held=FLAT)
    assert {vote.member: float(vote.share) for vote in told.votes} == {
        "sideways": 0.0,
        "trending": 0.0,
        "volatile": 0.0,
        regime.value: 1.0,
    }
    assert {vote.member for vote in told.votes if vote.stand is Stand.OFF} == {
        each.value for each in (Regime.TRENDING, Regime.SIDEWAYS, Regime.VOLATILE)
    } - {regime.value}
    assert f"regime {regime.value} (ADX" in told.signal.reason


def test_while_the_regime_is_unknown_only_members_for_every_regime_are_active() -> None:
    young = simulated_view("BTCUSDT", START, read={Timeframe.M5: 500, Timeframe.H1: 100})
    plan = blend(member("momentum"), member("grid", 1, *KNOWN_REGIMES))
    told = blend_opinion(plan, young, held=FLAT)
    assert told.regime.regime is Regime.UNKNOWN
    assert {vote.member: float(vote.share) for vote in told.votes} == {"momentum": 1.0, "grid": 0.0}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What each strategy answers instead of computing, and with which position it was asked."""
    said: dict[str, object] = {}

    def find(name: str):
        def signal(view: MarketView, parameters: object, held: Direction) -> Signal:
            said.setdefault("asked", {})[name] = held
            answer = said[name]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return replace(find_strategy(name), signal=signal)

    monkeypatch.setattr(opinions, "find_strategy", find)
    return said


def long(confidence: float = 0.8) -> Signal:
    return Signal(direction=LONG, confidence=confidence, reason="up")


def leave() -> Signal:
    return Signal(direction=FLAT, confidence=1.0, reason="gone")


PAIR = blend(member("momentum"), member("grid"))


def test_a_member_that_raises_is_named_and_stops_nobody(answers) -> None:
    answers |= {"momentum": ZeroDivisionError("no candles"), "grid": long()}
    told = blend_opinion(PAIR, VIEWS[0], held=FLAT)
    assert (told.signal.direction, told.signal.confidence, told.signal.weight) == (LONG, 0.8, 0.5)
    assert told.failures == ("momentum failed (ZeroDivisionError: no candles)",)
    assert told.failures[0] in told.signal.reason


def test_a_member_in_its_warm_up_is_named_and_stops_nobody(answers) -> None:
    answers |= {"momentum": hold("3 of 72 closed 5m candles are there"), "grid": long()}
    told = blend_opinion(PAIR, VIEWS[0], held=FLAT)
    assert told.signal.direction is LONG
    assert "momentum no opinion: 3 of 72 closed 5m candles are there" in told.signal.reason
    assert told.failures == ()


def test_if_all_members_raise_nothing_changes_and_all_are_named(answers) -> None:
    answers |= {"momentum": ValueError("a" * 9_999), "grid": InvalidRecord("b")}
    told = blend_opinion(PAIR, VIEWS[0], held=LONG)
    assert told.signal.hold
    assert len(told.failures) == 2
    assert len(told.signal.reason) < 1_000


def test_wrong_parameters_fail_their_member_only(answers) -> None:
    answers |= {"momentum": long(), "grid": long()}
    plan = blend(member("momentum", parameters={"speed": 1.0}), member("grid"))
    told = blend_opinion(plan, VIEWS[0], held=FLAT)
    assert told.signal.direction is LONG
    assert "momentum failed (InvalidRecord: strategy momentum has no parameter" in told.failures[0]


def test_a_member_is_asked_with_the_position_that_is_its_own(answers) -> None:
    answers |= {"momentum": hold("x"), "grid": leave()}
    told = blend_opinion(PAIR, VIEWS[0], held=LONG, owners=frozenset({"momentum"}))
    assert answers["asked"] == {"momentum": LONG, "grid": FLAT}
    assert told.signal.hold
    told = blend_opinion(PAIR, VIEWS[0], held=LONG, owners=frozenset({"grid"}))
    assert told.signal.direction is FLAT
    assert not told.signal.hold


@pytest.mark.parametrize("owners", [None, frozenset(), frozenset({"removed"})])
def test_for_a_position_that_nobody_knows_of_every_member_answers(answers, owners) -> None:
    answers |= {"momentum": hold("x"), "grid": leave()}
    told = blend_opinion(PAIR, VIEWS[0], held=LONG, owners=owners)
    assert answers["asked"] == {"momentum": LONG, "grid": LONG}
    assert told.signal.direction is FLAT


def test_an_owner_is_heard_about_its_position_also_outside_its_regime(answers) -> None:
    answers |= {"momentum": hold("x"), "grid": leave()}
    young = simulated_view("BTCUSDT", START, read={Timeframe.H1: 10})
    plan = blend(member("momentum"), member("grid", 1, Regime.TRENDING))
    told = blend_opinion(plan, young, held=LONG, owners=frozenset({"grid"}))
    assert told.signal.direction is FLAT
    answers["grid"] = long()
    told = blend_opinion(plan, young, held=LONG, owners=frozenset({"grid"}))
    assert told.signal.hold  # it keeps its position, but it may not enter
    answers.pop("asked")
    blend_opinion(plan, young, held=FLAT)
    assert answers["asked"] == {"momentum": FLAT}


def test_the_document_names_regime_votes_and_those_who_brought_it_about(answers) -> None:
    answers |= {"momentum": ValueError("no"), "grid": long()}
    document = opinion_document(blend_opinion(PAIR, VIEWS[0], held=FLAT))
    assert document["agreeing"] == ["grid"]
    assert document["regime"]["name"] in {"trending", "sideways", "volatile"}
    assert document["votes"][0] == {
        "member": "grid",
        "strategy": "grid",
        "stand": "long",
        "confidence": 0.8,
        "share": 0.5,
        "reason": "up",
    }
    assert document["votes"][1]["reason"] == "ValueError: no"
    answers["grid"] = leave()
    assert opinion_document(blend_opinion(PAIR, VIEWS[0], held=LONG))["agreeing"] == []


def test_a_max_share_leaves_the_rest_of_the_size_unused(answers) -> None:
    answers |= {"momentum": long(), "grid": hold("x")}
    plan = blend(member("momentum", 9), member("grid"), max_share=Decimal("0.4"))
    assert blend_opinion(plan, VIEWS[0], held=FLAT).signal.weight == 0.4


def test_a_decision_holds_below_the_smallest_order_instead_of_rounding_it_up(answers) -> None:
    answers |= {"momentum": long(0.55), "grid": hold("x")}
    plan = blend(member("momentum"), member("grid", 9))
    decision = decide_from_signal(
        blend_opinion(plan, VIEWS[0], held=FLAT).signal,
        view=VIEWS[0],
        held=None,
        capital=Decimal(10_000),
        limits=RiskLimits(),
        decided_by=BLEND,
    )
    assert decision.action is Action.HOLD


def account(**changes: object) -> Account:
    values: dict[str, object] = {
        "id": "x", "name": "x", "kind": AgentKind.RULE, "strategy": BLEND, "assets": ("BTC",),
        "interval": Timeframe.H1, "blend": PAIR,
    }  # fmt: skip
    return Account(**(values | changes))


def test_an_account_reads_what_all_of_its_members_and_the_regime_read() -> None:
    mixed = account(blend=blend(member("momentum"), member("grid"), member("ml_scalper", 0)))
    assert [each.name for each in strategies_of(mixed)] == ["grid", "momentum"]
    assert candles_to_decide(mixed) == {Timeframe.M5: 360, Timeframe.H1: REGIME_CANDLES}
    slow = account(blend=blend(member("grid"), regime=RegimeRule(timeframe=Timeframe.H4)))
    assert candles_to_decide(slow)[Timeframe.H4] == REGIME_CANDLES
    alone = account(strategy="grid", blend=None)
    assert candles_to_decide(alone) == dict(find_strategy("grid").timeframes)
    model = account(strategy="llm", blend=None, kind=AgentKind.LLM, model="m")
    assert candles_to_decide(model) == {}
    falling = replace(model, model_agent=ModelAgent(fallback="grid"))
    assert candles_to_decide(falling) == dict(find_strategy("grid").timeframes)
    with pytest.raises(UnknownName):
        strategies_of(account(strategy="nothing", blend=None))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"blend": None}, "strategy 'blend' and a blend go together"),
        ({"strategy": "grid"}, "strategy 'blend' and a blend go together"),
        ({"parameters": {"x": 1.0}}, "parameters of a blend belong to its members"),
        ({"assets": ()}, "has no assets"),
    ],
)
def test_an_account_that_contradicts_itself_is_refused(changes, words) -> None:
    with pytest.raises(InvalidRecord, match=words):
        account(**changes)


def test_what_an_account_trades_is_said_in_words() -> None:
    assert account(assets=("BTC", "ETH")).traded == "BTC ETH"
    assert account(assets=(), scan=Scan(count=5)).traded == "scan(5)"
    assert account(assets=("BTC", "ETH"), scan=Scan(count=1)).traded == "scan(1) of BTC ETH"
