"""What a request costs: the provider's word, else a price, else nobody knows; never nothing."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adapters.llm
from adapters.llm.client import ModelClient
from adapters.llm.endpoint import Dialect
from adapters.llm.model_names import Match
from adapters.llm.prices import Price, PriceTable, price_table
from adapters.llm.records import Billing, CostSource, Usage
from adapters.llm.retries import pause_after, wait_before_next
from adapters.llm.settings import Patience
from adapters.llm.usage import cost_of, listed_price, read_cost, read_usage
from tests.adapters.llm.conftest import LIMITS, MESSAGES, MODEL, BuildClient, endpoint_of
from tests.llm_stub.says import Say
from tests.llm_stub.server import ModelStub
from trading.errors import InvalidRecord
from trading.model_budget import BudgetExhausted, DayOfModel, ModelBudget, ModelUse, check_budget

OWN = Price(input=Decimal(3), output=Decimal(15), cached_input=Decimal("0.75"))
SUM = {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200}


async def test_a_cost_of_nothing_is_nothing_where_the_provider_says_so(
    stub: ModelStub, client: ModelClient
) -> None:
    stub.script(MODEL, Say(cost=Decimal(0)))
    call = await client.ask(MESSAGES, LIMITS)
    assert call.cost == 0
    assert call.attempts[0].cost_source is CostSource.PROVIDER


async def test_without_a_word_and_without_a_price_the_cost_is_unknown(
    stub: ModelStub, client: ModelClient
) -> None:
    call = await client.ask(MESSAGES, LIMITS)
    assert call.cost is None
    assert call.unknown_costs == 1
    assert call.unknown_usages == 0
    assert call.attempts[0].cost_source is CostSource.UNKNOWN


async def test_a_price_of_the_account_is_used_where_the_provider_says_nothing(
    stub: ModelStub, build: BuildClient
) -> None:
    stub.script(MODEL, Say(usage=SUM))
    call = await build(price=OWN).ask(MESSAGES, LIMITS)
    assert call.cost == Decimal("0.006")
    assert call.attempts[0].cost_source is CostSource.TABLE


async def test_only_openrouters_cost_is_money(stub: ModelStub, build: BuildClient) -> None:
    endpoint = endpoint_of(stub, dialect=Dialect.PLAIN)
    stub.script(MODEL, Say(usage={**SUM, "cost": 7}))
    call = await build(endpoint=endpoint).ask(MESSAGES, LIMITS)
    assert call.cost is None


async def test_an_answer_without_usage_has_unknown_tokens_and_cost(
    stub: ModelStub, build: BuildClient
) -> None:
    stub.script(MODEL, Say(usage=None))
    call = await build(price=OWN).ask(MESSAGES, LIMITS)
    assert (call.cost, call.known_tokens, call.unknown_usages) == (None, 0, 1)


async def test_a_server_that_counts_zero_tokens_has_not_counted(
    stub: ModelStub, build: BuildClient
) -> None:
    stub.script(MODEL, Say(usage=dict.fromkeys(SUM, 0)))
    call = await build(price=OWN).ask(MESSAGES, LIMITS)
    assert (call.cost, call.unknown_costs, call.unknown_usages) == (None, 1, 1)


async def test_where_tokens_cost_nothing_their_number_does_not_matter(
    stub: ModelStub, build: BuildClient
) -> None:
    """A local server may count nothing, or zero."""
    free = Price(input=Decimal(0), output=Decimal(0))
    stub.script(MODEL, Say(usage=None), Say(usage=dict.fromkeys(SUM, 0)))
    calls = [await build(price=free).ask(MESSAGES, LIMITS) for _ in range(2)]
    assert [call.cost for call in calls] == [0, 0]


async def test_three_failing_calls_are_three_costs_and_end_the_budget(
    stub: ModelStub, build: BuildClient
) -> None:
    """costly bug 37: a retry of a paid call is paid again, and is counted."""
    stub.answer_with(lambda asked: Say(drop=True))
    day, budget = DayOfModel(day=date(2026, 3, 1)), ModelBudget(calls=6, money=Decimal(3))
    for _ in range(3):
        with pytest.raises(Exception, match="at 127") as raised:
            await build().ask(MESSAGES, LIMITS)
        call = raised.value.call
        day = DayOfModel(
            day=day.day,
            calls=day.calls + call.billed_attempts,
            unknown_money=day.unknown_money + call.unknown_costs,
        )
    assert (day.calls, day.unknown_money) == (6, 6)
    assert day.counted_money(budget) == 3
    expected = ModelUse(at=datetime(2026, 3, 1, tzinfo=UTC))
    assert isinstance(check_budget(budget, day, expected), BudgetExhausted)


def test_cached_tokens_cost_their_own_price() -> None:
    usage = Usage(prompt=1000, answer=200, cached=400)
    assert OWN.cost(usage) == (600 * 3 + Decimal("0.75") * 400 + 200 * 15) / Decimal(10**6)


def test_more_cached_tokens_than_tokens_give_no_negative_cost() -> None:
    assert OWN.cost(Usage(prompt=10, answer=0, cached=10**6)) == Decimal("0.0000075")


def test_tokens_that_are_not_counted_have_no_cost() -> None:
    assert OWN.cost(Usage(prompt=5)) is None
    assert OWN.cost(None) is None


def test_reasoning_that_is_counted_beside_the_answer_is_added_to_it() -> None:
    found = read_usage({"usage": {**SUM, "total_tokens": 1900}})
    assert found is not None
    assert found.answer == 900


@pytest.mark.parametrize(
    "strange",
    [
        None,
        [],
        "many",
        {},
        {"prompt_tokens": True, "completion_tokens": "12"},
        {"prompt_tokens": -5, "completion_tokens": 10**12},
        {"prompt_tokens": 1.5},
    ],
)
def test_strange_usage_is_none(strange: object) -> None:
    assert read_usage({"usage": strange}) is None


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        ({"cost": Decimal("0.01")}, Decimal("0.01")),
        ({"cost": 0}, Decimal(0)),
        ({"cost": None}, None),
        ({"cost": True}, None),
        ({"cost": "0.01"}, None),
        ({"cost": Decimal(-1)}, None),
        ({"cost": Decimal("1E+400000")}, None),
        ({"cost": Decimal("0.001"), "is_byok": True}, None),
        (
            {
                "cost": Decimal("0.001"),
                "is_byok": True,
                "cost_details": {"upstream_inference_cost": Decimal("0.02")},
            },
            Decimal("0.021"),
        ),
    ],
)
def test_openrouters_cost_is_an_amount_or_unknown(usage: dict, cost: Decimal | None) -> None:
    assert read_cost({"usage": usage}) == cost


def test_the_providers_word_goes_before_a_price_and_that_before_the_table() -> None:
    usage, told = Usage(prompt=1_000_000, answer=0), Decimal(9)
    listed = Price(input=Decimal(5), output=Decimal(5))
    yes = Billing.YES
    assert cost_of(yes, told, usage, OWN, listed) == (9, CostSource.PROVIDER)
    assert cost_of(yes, None, usage, OWN, listed) == (3, CostSource.TABLE)
    assert cost_of(yes, None, usage, None, listed) == (5, CostSource.TABLE)
    assert cost_of(yes, None, usage, None, None) == (None, CostSource.UNKNOWN)
    assert cost_of(Billing.MAYBE, None, None, OWN, listed) == (None, CostSource.UNKNOWN)
    assert cost_of(Billing.NO, None, None, None, None) == (0, CostSource.NOT_BILLED)


def test_another_model_that_answered_has_the_dearer_price_or_none() -> None:
    cheap, dear = (Price(input=Decimal(n), output=Decimal(n)) for n in (1, 2))
    table = PriceTable(version="t", by_host={"h": {"cheap": cheap, "dear": dear}})
    assert listed_price(table, "h", "cheap", "cheap-2026-01-01") == cheap
    assert listed_price(table, "h", "cheap", "dear") == dear
    assert listed_price(table, "h", "cheap", "unheard-of") is None
    assert listed_price(table, "elsewhere", "cheap", None) is None


@pytest.mark.parametrize("wrong", [Decimal(-1), Decimal("NaN"), Decimal("Infinity")])
def test_a_price_is_an_amount(wrong: Decimal) -> None:
    with pytest.raises(InvalidRecord):
        Price(input=wrong, output=Decimal(1))


def test_every_price_of_the_table_has_its_date_and_its_source() -> None:
    folder = Path(adapters.llm.__file__).parent
    rows = tomllib.loads((folder / "prices.toml").read_text())["price"]
    for row in rows:
        assert date.fromisoformat(row["read_on"]) <= date.fromisoformat(price_table().version)
        assert row["source"]
        found = price_table().find(row["host"], row["model"] + "-2026-01-01")
        assert found is not None
        assert found.input > (found.cached_input or 0)
        assert found.output > found.input
    names = [(row["host"], row["model"]) for row in rows]
    assert len(set(names)) == len(names)


def test_the_table_names_no_price_for_openrouter() -> None:
    assert price_table().find("openrouter.ai", "x-ai/grok-4") is None


# --- retries -------------------------------------------------------------------------------------


@given(st.integers(1, 50), st.floats(0, 1, exclude_max=True))
def test_a_pause_grows_to_its_longest_and_half_of_it_is_chance(
    failures: int, chance: float
) -> None:
    patience = Patience()
    pause = pause_after(failures, patience, lambda: chance)
    full = min(patience.longest_pause, patience.first_pause * 2 ** (failures - 1))
    assert full / 2 <= pause <= full


@given(
    st.integers(1, 10),
    st.integers(0, 10),
    st.floats(0, 60),
    st.floats(0, 10),
    st.none() | st.floats(0, 100),
)
def test_nothing_is_sent_again_beyond_time_attempts_or_money(
    attempts: int, paid: int, left: float, pause: float, after: float | None
) -> None:
    patience = Patience()
    wait = wait_before_next(
        patience, attempts=attempts, paid=paid, seconds_left=left, pause=pause, retry_after=after
    )
    if wait is None:
        return
    assert attempts < patience.most_attempts
    assert paid < patience.most_paid
    assert wait >= max(pause, after or 0)
    assert wait + patience.least_seconds <= left


@given(st.text(max_size=40), st.text(max_size=40))
def test_comparing_names_never_fails_and_a_name_is_itself(asked: str, used: str) -> None:
    assert Match.of(asked, used) in Match
    if asked.strip():
        assert Match.of(asked, asked) in (Match.SAME, Match.CHOSEN)
