"""Accounts of every kind, for property tests."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from trading.account import (
    LANGUAGE_MODEL,
    Account,
    AgentKind,
    Mode,
    ModelProvider,
    Network,
    VenueKeys,
)
from trading.limits import RiskLimits
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
        min_confidence=draw(st.floats(0, 0.99)),
        reduce_at_drawdown=reduce_at,
        halt_at_drawdown=halt_at,
        stop_atr_multiple=draw(st.floats(0.1, 20)),
        requires_stop=draw(st.booleans()),
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
)


@st.composite
def _accounts(draw: st.DrawFn) -> Account:
    account = replace(
        draw(rule_accounts),
        provider=draw(providers | st.none()),
        venue_keys=draw(venue_keys | st.none()),
    )
    kind = draw(st.sampled_from(AgentKind))
    if kind is not AgentKind.LLM:
        return replace(account, kind=kind)
    return replace(
        account, kind=kind, strategy=LANGUAGE_MODEL, model="x-ai/grok-4", prompt=draw(words)
    )


accounts = _accounts()
_plain = Account(
    id="a", name="A", kind=AgentKind.RULE, strategy="grid", assets=("BTC",), interval=Timeframe.H1
)
variants = st.builds(
    lambda **changes: replace(_plain, **changes),
    id=st.sampled_from("abcde"),
    name=st.sampled_from(["A", "B"]),
    assets=st.sampled_from([("BTC",), ("BTC", "ETH"), ("ETH", "BTC")]),
    parameters=st.dictionaries(st.sampled_from(["x", "y", "y.z"]), st.sampled_from([0, 1, 2.5])),
    limits=st.sampled_from([RiskLimits(), RiskLimits(leverage=1), RiskLimits(requires_stop=False)]),
    provider=st.sampled_from([None, ModelProvider(), ModelProvider(api_key="env:A")]),
    venue_keys=st.sampled_from([None, VenueKeys(), VenueKeys(mnemonic="file:/m")]),
)
"""Few values, so that two accounts often agree in some fields and differ in others."""

account_sets = st.lists(variants, max_size=5, unique_by=lambda account: account.id).map(tuple)
