"""Accounts of every kind, for property tests."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import strategies as st

from trading.account import (
    LANGUAGE_MODEL,
    Account,
    AgentKind,
    BracketPolicy,
    ForeignPolicy,
    Mode,
    ModelProvider,
    Network,
    VenueKeys,
)
from trading.blend_plan import BLEND, KNOWN_REGIMES, Allocation, Blend, Member, Regime, RegimeRule
from trading.exit_settings import ExitSettings, Tier
from trading.limits import RiskLimits
from trading.paper_terms import PaperExecution, PaperFees, PaperTerms, SlippagePolicy
from trading.scan_plan import Scan
from trading.timeframes import Timeframe

ratios = st.decimals("0.001", "1", places=6, allow_nan=False)


@st.composite
def limits(draw: st.DrawFn) -> RiskLimits:
    smallest, largest = sorted([draw(ratios), draw(ratios)])
    reduce_at, halt_at = sorted([draw(ratios), draw(ratios)])
    leverage, max_leverage = sorted([draw(st.integers(1, 125)), draw(st.integers(1, 125))])
    return RiskLimits(
        max_leverage=max_leverage,
        leverage=leverage,
        min_position_ratio=smallest,
        max_position_ratio=largest,
        max_order_ratio=draw(st.none() | st.just(largest)),
        max_correlated_ratio=draw(st.none() | st.just(largest * 3)),
        correlation_threshold=draw(st.floats(0.01, 1)),
        turn_confidence_margin=draw(st.floats(0, 1)),
        min_reward_to_risk=draw(st.decimals("0", "100", places=3)),
        cooldown_minutes=draw(st.integers(0, 600)),
        min_confidence=draw(st.floats(0, 0.99)),
        reduce_at_drawdown=reduce_at,
        halt_at_drawdown=halt_at,
        stop_atr_multiple=draw(st.floats(0.1, 20)),
        requires_stop=draw(st.booleans()),
    )


@st.composite
def exits(draw: st.DrawFn) -> ExitSettings:
    steps = st.decimals("0.001", "0.05", places=4, allow_nan=False)
    tiers: list[Tier] = []
    profit = stop = Decimal(0)
    for _ in range(draw(st.integers(0, 4))):
        stop += draw(steps)
        profit = max(profit, stop) + draw(steps)
        tiers.append(Tier(profit=profit, stop=stop))
    return ExitSettings(tiers=tuple(tiers), pullback=draw(st.none() | ratios))


fee_ratios = st.decimals(0, "0.05", places=6, allow_nan=False)
paper_terms = st.builds(
    PaperTerms,
    fees=st.builds(PaperFees, maker=fee_ratios, taker=fee_ratios, slippage=fee_ratios),
    execution=st.builds(
        PaperExecution, slippage=st.sampled_from(SlippagePolicy), volume_share=st.none() | ratios
    ),
)

rule_accounts = st.builds(
    Account,
    id=st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True),
    name=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20),
    kind=st.just(AgentKind.RULE),
    strategy=st.just("grid"),
    parameters=st.dictionaries(
        st.from_regex(r"[a-z_]{1,9}", fullmatch=True),
        st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53),
        max_size=4,
    ),
    assets=st.lists(st.sampled_from(["BTC", "ETH", "SOL", "BNB"]), min_size=1, unique=True).map(
        tuple
    ),
    interval=st.sampled_from(Timeframe),
    mode=st.sampled_from(Mode),
    initial_equity=st.decimals("0.00000001", "1e12", allow_nan=False),
    limits=limits(),
    exits=exits(),
    paper=paper_terms,
)

references = st.from_regex(r"env:[A-Z]{1,8}", fullmatch=True) | st.none()
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=9) | st.none()
providers = st.builds(
    ModelProvider, api_key=references, base_url=words, referer=words, app_title=words
)
venue_keys = st.builds(
    VenueKeys,
    api_key=references,
    api_secret=references,
    user_address=references,
    private_key=references,
    network=st.sampled_from(Network),
    base_url=words,
    may_withdraw=st.booleans(),
    transport=st.sampled_from([None, "connector"]),
)

members = st.builds(
    Member,
    name=st.from_regex(r"[a-z0-9][a-z0-9_-]{0,9}", fullmatch=True),
    strategy=st.sampled_from(["momentum", "grid"]),
    weight=st.decimals("0.001", "1000", places=3),
    parameters=st.dictionaries(
        st.from_regex(r"[a-z_]{1,9}", fullmatch=True), st.floats(-9, 9), max_size=2
    ),
    regimes=st.lists(st.sampled_from(KNOWN_REGIMES), unique=True, max_size=3).map(tuple),
)
blends = st.builds(
    Blend,
    members=st.lists(members, min_size=1, max_size=4, unique_by=lambda each: each.name).map(tuple),
    allocation=st.sampled_from(Allocation),
    max_share=ratios,
    regime=st.builds(RegimeRule, timeframe=st.sampled_from(Timeframe), trend_adx=st.floats(5, 80)),
)
scans = st.builds(Scan, count=st.integers(1, 50))


@st.composite
def _accounts(draw: st.DrawFn) -> Account:
    account = replace(
        draw(rule_accounts),
        provider=draw(providers | st.none()),
        venue_keys=draw(venue_keys | st.none()),
        scan=draw(scans | st.none()),
        foreign=draw(st.sampled_from(ForeignPolicy)),
        bracket=draw(st.sampled_from(BracketPolicy)),
    )
    if account.mode is Mode.LIVE:  # its equity is measured, not configured
        account = replace(account, initial_equity=_plain.initial_equity)
    if account.scan is not None and draw(st.booleans()):
        account = replace(account, assets=())
    kind = draw(st.sampled_from(AgentKind))
    if kind is AgentKind.RULE and draw(st.booleans()):
        return replace(account, strategy=BLEND, parameters={}, blend=draw(blends))
    if kind is not AgentKind.LLM:
        return replace(account, kind=kind)
    return replace(
        account, kind=kind, strategy=LANGUAGE_MODEL, model="x-ai/grok-4", prompt=draw(words)
    )


accounts = _accounts()
_plain = Account(
    id="a", name="A", kind=AgentKind.RULE, strategy="grid", assets=("BTC",), interval=Timeframe.H1
)
_both = Member(name="both", strategy="grid", parameters={"levels": 3.0})


@st.composite
def _variant(draw: st.DrawFn, **changes: st.SearchStrategy) -> Account:
    values = {name: draw(each) for name, each in changes.items()}
    if values["blend"] is not None:
        values |= {"strategy": BLEND, "parameters": {}}
    return replace(_plain, **values)


variants = _variant(
    id=st.sampled_from("abcde"),
    name=st.sampled_from(["A", "B"]),
    assets=st.sampled_from([("BTC",), ("BTC", "ETH"), ("ETH", "BTC")]),
    parameters=st.dictionaries(st.sampled_from(["x", "y", "y.z"]), st.sampled_from([0, 1, 2.5])),
    limits=st.sampled_from([RiskLimits(), RiskLimits(leverage=1), RiskLimits(requires_stop=False)]),
    exits=st.sampled_from([ExitSettings(), ExitSettings(tiers=()), ExitSettings(pullback=None)]),
    paper=st.sampled_from([PaperTerms(), PaperTerms(fees=PaperFees(taker=Decimal(0)))]),
    provider=st.sampled_from(
        [None, ModelProvider(), ModelProvider(api_key="env:A", allow_private=True)]
    ),
    venue_keys=st.sampled_from([None, VenueKeys(), VenueKeys(mnemonic="file:/m")]),
    scan=st.sampled_from([None, Scan(count=1), Scan(count=2)]),
    blend=st.sampled_from(
        [
            None,
            Blend(members=(_both,)),
            Blend(members=(replace(_both, parameters={}),)),
            Blend(
                members=(_both, Member(name="a", strategy="momentum", regimes=(Regime.VOLATILE,)))
            ),
        ]
    ),
)
"""Few values, so that two accounts often agree in some fields and differ in others."""

account_sets = st.lists(variants, max_size=5, unique_by=lambda account: account.id).map(tuple)
