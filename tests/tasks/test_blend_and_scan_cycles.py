"""A blend and a scanning account through real cycles: they trade, say why, and do it the same again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from prefect.logging import disable_run_logger
from prefect.settings import temporary_settings
from sqlalchemy import Engine

from adapters.config.accounts_file import read_accounts
from adapters.config.yaml_document import parse_document
from adapters.store.arena import set_collector
from adapters.store.cycles import load_context
from adapters.store.scans import load_last_scan
from adapters.store.votes import load_outcomes, load_owners
from tasks import resources
from tasks.collect import collect_pass
from tests.arena import START, TestArena, build_account, hours, start_arena
from tests.tasks.conftest import NO_SERVER
from tests.tasks.whole_cycle import run_cycle
from trading.account import Account
from trading.blend_plan import BLEND, Allocation, Blend, Member, Regime
from trading.scan_plan import Scan
from trading.scanner import ranking
from trading.simulation.instruments import ASSETS
from trading.timeframes import Timeframe

pytestmark = [pytest.mark.db, pytest.mark.timeout(240)]

MEMBERS = (
    Member(name="momentum", strategy="momentum", weight=Decimal(2), regimes=(Regime.TRENDING,)),
    Member(name="reversion", strategy="mean_reversion", regimes=(Regime.SIDEWAYS,)),
    Member(name="grid", strategy="grid"),
    Member(name="scalper", strategy="ml_scalper", weight=Decimal("0.5")),
)
DECIDED = """select decided_at, asset, action, allocation_usd, stop_price, take_profit_price,
    confidence, rationale, votes, verdict from app.decisions where account_id = :a order by 1, 2"""
FILLED = """select symbol, trade_id, side, quantity, price, fee, filled_at from app.fills
    where account_id = :a order by sequence"""
TRADED = "select count(*) from app.fills where account_id = :a"


def blended(account_id: str, **changes: object) -> Account:
    plan = Blend(members=MEMBERS, allocation=Allocation.PERFORMANCE)
    return replace(build_account("momentum", id=account_id, **changes), strategy=BLEND, blend=plan)


def scanning(account_id: str, count: int = 2, **changes: object) -> Account:
    return build_account("momentum", id=account_id, assets=(), scan=Scan(count=count), **changes)


@pytest.fixture
def arena(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestArena]:
    """An empty arena on the simulated market."""
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    resources.forget()
    with disable_run_logger(), temporary_settings(NO_SERVER):
        yield start_arena(engine)
    resources.forget()


def trade(arena: TestArena, *accounts: str, slots: int, every: float = 1) -> None:
    async def run() -> None:
        for number in range(slots):
            arena.stand_at(START + hours(number * every))
            for account in accounts:
                await run_cycle(account)

    asyncio.run(run())


def contexts(arena: TestArena, account: str) -> list[dict]:
    rows = arena.rows("select id from app.cycles where account_id = :a order by slot", a=account)
    with arena.engine.connect() as conn:
        return [load_context(conn, row[0]) or {} for row in rows]


def test_a_blend_trades_with_stops_and_tells_regime_and_votes(arena: TestArena) -> None:
    arena.add(blended("blended"))
    trade(arena, "blended", slots=6)
    decided = arena.rows(DECIDED, a="blended")
    assert len(decided) == 12
    for row in decided:
        rationale, votes = str(row[7]), row[8]
        assert isinstance(votes, dict)
        assert f"regime {votes['regime']['name']}" in rationale
        assert [each["member"] for each in votes["votes"]] == [
            "grid", "momentum", "reversion", "scalper",
        ]  # fmt: skip
        for each in votes["votes"]:
            assert f"{each['member']} {each['stand']}" in rationale
        if row[2] in ("buy", "sell"):
            assert votes["agreeing"]
            assert row[4] is not None
    assert arena.one(TRADED, a="blended") > (0,), "the blend never traded: nothing was proved"
    [positions, stops] = [
        arena.rows(query)
        for query in (
            "select symbol, abs(quantity) from app.positions order by 1",
            "select symbol, quantity from app.paper_orders where order_type = 'stop_market'"
            " and status = 'new' and reduce_only order by 1",
        )
    ]
    assert positions
    assert positions == stops


def test_the_owners_of_a_position_are_the_members_that_voted_for_it(arena: TestArena) -> None:
    arena.add(blended("blended"))
    trade(arena, "blended", slots=6)
    entries = arena.rows(
        "select d.symbol, d.votes -> 'agreeing' from app.decisions d join app.trades t"
        " on t.decision_id = d.id where t.status = 'open' order by 1"
    )
    assert entries
    with arena.engine.connect() as conn:
        owners = load_owners(conn, "blended")
        outcomes = load_outcomes(conn, "blended", until=START + hours(99))
        early = load_outcomes(conn, "blended", until=START)
    assert owners.keys() == {row[0] for row in entries}
    for symbol, agreeing in entries:
        assert set(agreeing) <= owners[str(symbol)] <= {each.name for each in MEMBERS}
    assert early == ()
    closed = arena.rows(
        "select t.closed_at, jsonb_array_length(d.votes -> 'agreeing'),"
        " (t.gross_pnl - t.fees + t.funding) / (t.entered_quantity * t.entry_price)"
        " from app.trades t join app.decisions d on d.id = t.decision_id where t.status = 'closed'"
    )
    assert len(outcomes) == sum(int(row[1]) for row in closed)
    assert {each.closed_at for each in outcomes} == {row[0] for row in closed}


def test_a_scanning_account_trades_the_best_and_what_it_holds_and_tells_the_table(
    arena: TestArena,
) -> None:
    arena.add(scanning("scout"))
    trade(arena, "scout", slots=8, every=3)
    assert arena.one(TRADED, a="scout") > (0,), "it never traded: nothing was proved"
    lists: list[set[str]] = []
    for context, at in zip(contexts(arena, "scout"), range(8), strict=True):
        scan = context["scan"]
        assert len(scan["table"]) == len(ASSETS)
        assert len(scan["chosen"]) == 2
        symbols = arena.rows(
            "select symbol, rationale from app.decisions where decided_at = :at",
            at=START + hours(3 * at),
        )
        assert {row[0] for row in symbols} == {*scan["chosen"], *scan["held"]}
        assert all("Scan: " in str(row[1]) and "rank" in str(row[1]) for row in symbols)
        assert context["markets"].keys() == {*scan["chosen"], *scan["held"]}
        lists.append(set(scan["chosen"]))
    changes = sum(a != b for a, b in zip([set(), *lists], lists, strict=False))
    assert changes > 1, "the list never moved: nothing was proved"
    told = arena.rows("select entry from app.diary where kind = 'scan' order by id")
    assert len(told) == changes
    assert told[0][0]["sentence"].startswith("chosen ")
    with arena.engine.connect() as conn:
        assert load_last_scan(conn, "scout", before=START) is None
        assert load_last_scan(conn, "scout", before=START + hours(1)) == lists[0]


def test_a_held_instrument_stays_in_the_set_when_others_are_better(arena: TestArena) -> None:
    keeper = scanning("keeper", count=1)
    arena.add(replace(keeper, strategy="buy_and_hold", kind=build_account("buy_and_hold").kind,
                      limits=build_account("buy_and_hold").limits))  # fmt: skip
    trade(arena, "keeper", slots=8, every=6)
    held = [set(context["scan"]["held"]) for context in contexts(arena, "keeper")]
    assert held[0] == set()
    assert any(held), "the best was always the same: nothing was proved"
    positions = {str(row[0]) for row in arena.rows("select symbol from app.positions")}
    last = contexts(arena, "keeper")[-1]["scan"]
    assert positions == {*last["held"], *last["chosen"]}


def test_the_same_seed_gives_the_same_votes_lists_decisions_and_fills(arena: TestArena) -> None:
    pairs = [("blend-1", "blend-2"), ("scan-1", "scan-2")]
    arena.add(*(blended(name) for name in pairs[0]), *(scanning(name) for name in pairs[1]))
    trade(arena, *pairs[0], *pairs[1], slots=4, every=2)
    for one, two in pairs:
        assert arena.rows(DECIDED, a=one) == arena.rows(DECIDED, a=two)
        assert arena.rows(FILLED, a=one) == arena.rows(FILLED, a=two)
        assert arena.rows(FILLED, a=one), "they never traded: nothing was proved"
        assert contexts(arena, one) == contexts(arena, two)


def documented() -> tuple[Account, ...]:
    """The accounts of the example in docs/configuration.md."""
    text = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    example = next(part for part in text.split("```yaml\n") if "id: all-weather" in part)
    document = parse_document(example.split("```")[0], "docs/configuration.md")
    return read_accounts(document, {}, known_assets=("BTC", "ETH", "SOL")).accounts


def test_the_accounts_of_the_documents_trade(arena: TestArena) -> None:
    accounts = documented()
    assert [each.id for each in accounts] == ["all-weather", "scout", "scout-majors"]
    arena.add(*accounts)
    trade(arena, *(each.id for each in accounts), slots=6, every=4)
    for account in accounts:
        assert arena.one(TRADED, a=account.id) > (0,), account.id


def test_the_collector_reads_all_candidates_so_that_a_scan_needs_no_reading_of_its_own(
    arena: TestArena,
) -> None:
    arena.add(scanning("scout", interval=Timeframe.M5), blended("blended", interval=Timeframe.M5))
    with arena.engine.begin() as conn:
        set_collector(conn, Timeframe.M5.length)

    async def run() -> None:
        for slot in _slots(2):
            arena.stand_at(slot)
            assert (await collect_pass.fn()).startswith("collected")
            resources.forget()
            for account in ("scout", "blended"):
                assert (await run_cycle(account)).is_shared

    asyncio.run(run())
    assert arena.rows("select 1 from app.diary where kind = 'market'") == []
    shared = contexts(arena, "scout")[0]
    assert len(shared["scan"]["table"]) == len(ASSETS)
    assert shared["markets"].keys() == set(shared["scan"]["chosen"])


def _slots(count: int) -> list[datetime]:
    return [START + number * Timeframe.M5.length for number in range(count)]


def test_a_candidate_without_usable_data_is_left_out_and_is_nobodys_problem(
    arena: TestArena, monkeypatch: pytest.MonkeyPatch
) -> None:
    arena.add(scanning("scout", count=6))
    score = ranking.score_instrument
    monkeypatch.setattr(
        ranking,
        "score_instrument",
        lambda view: "no 1h candles" if view.symbol == "DOGEUSDT" else score(view),
    )
    trade(arena, "scout", slots=1)
    [context] = contexts(arena, "scout")
    assert context["scan"]["unranked"] == {"DOGEUSDT": "no 1h candles"}
    assert len(context["scan"]["chosen"]) == 5
    assert context["problems"] == {}
