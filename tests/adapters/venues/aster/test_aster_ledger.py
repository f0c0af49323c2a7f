"""Fills and income in pages: all of them, once, in order, however the pages fall."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.errors import Unusable
from adapters.venues.aster.ledger_calls import WINDOW_MS, LedgerCalls
from adapters.venues.aster.payloads.account import IncomePayload
from adapters.venues.aster.payloads.orders import FillPayload
from tests.adapters.venues.aster.documented import FILL
from tests.adapters.venues.aster.local_venue import LocalVenue

DAY_MS = 24 * 3600 * 1000


def serve_fills(venue: LocalVenue, ids: list[int], most: int = 1000) -> list[dict[str, str]]:
    """Answers `userTrades` from a list, as documented; returns the questions."""
    asked: list[dict[str, str]] = []

    def answer(parameters: dict[str, str]) -> list[dict[str, object]]:
        asked.append(parameters)
        limit = min(int(parameters["limit"]), most)
        rows = [{**FILL, "id": each, "time": each * 1000} for each in sorted(ids)]
        if "fromId" in parameters:
            assert "startTime" not in parameters
            return [row for row in rows if row["id"] >= int(parameters["fromId"])][:limit]
        start, end = int(parameters["startTime"]), int(parameters["endTime"])
        assert end - start < 7 * DAY_MS
        return [row for row in rows if start <= row["time"] <= end][:limit]

    venue.answers["GET", "userTrades"] = answer
    return asked


@pytest.mark.parametrize("count", [0, 1, 99, 100, 250, 999, 1000, 1001, 2500])
async def test_all_fills_since_the_last_known_one_come_in_order(
    client: AsterClient, venue: LocalVenue, count: int
) -> None:
    ids = [7 + 3 * number for number in range(count)]
    serve_fills(venue, [*ids, 1, 2, 3])
    found = await client.ledger.fills_from("BTCUSDT", 4)
    assert [fill.id for fill in found] == ids


async def test_a_venue_that_gives_fewer_than_it_was_asked_for_hides_none(
    client: AsterClient, venue: LocalVenue
) -> None:
    serve_fills(venue, list(range(1, 551)), most=100)
    found = await client.ledger.fills_from("BTCUSDT", 1)
    assert [fill.id for fill in found] == list(range(1, 551))


async def test_an_instant_without_a_known_fill_is_searched_in_windows_of_seven_days(
    client: AsterClient, venue: LocalVenue
) -> None:
    first = 20 * DAY_MS // 1000
    asked = serve_fills(venue, [first, first + 1])
    found = await client.ledger.fills_since("BTCUSDT", 0, 30 * DAY_MS)
    assert [fill.id for fill in found] == [first, first + 1]
    assert [("fromId" in each) for each in asked] == [False, False, False, True]
    assert await client.ledger.fills_since("BTCUSDT", 25 * DAY_MS, 26 * DAY_MS) == ()


def income_row(number: int, time_ms: int, kind: str = "FUNDING_FEE") -> dict[str, object]:
    return {
        "incomeType": kind,
        "income": f"-0.{number + 1:04}",
        "asset": "USDT",
        "time": time_ms,
        "tranId": str(number),
        "symbol": "BTCUSDT",
    }


def serve_income(venue: LocalVenue, rows: list[dict[str, object]], most: int = 1000) -> None:
    def answer(parameters: dict[str, str]) -> list[dict[str, object]]:
        start, end = int(parameters["startTime"]), int(parameters["endTime"])
        wanted = parameters.get("incomeType")
        inside = [
            row
            for row in sorted(rows, key=lambda row: row["time"])
            if start <= row["time"] <= end and wanted in (None, row["incomeType"])
        ]
        return inside[: min(int(parameters["limit"]), most)]

    venue.answers["GET", "income"] = answer


async def test_lines_of_one_instant_that_fall_on_two_pages_are_all_there(
    client: AsterClient, venue: LocalVenue
) -> None:
    rows = [income_row(number, 1000 + number // 300) for number in range(2400)]
    serve_income(venue, rows)
    found = await client.ledger.income(0, 10_000)
    assert len({line.tran_id for line in found}) == len(found) == 2400
    assert [line.time for line in found] == sorted(line.time for line in found)


async def test_one_transaction_of_two_types_is_two_lines_and_windows_do_not_repeat_any(
    client: AsterClient, venue: LocalVenue
) -> None:
    edges = [0, WINDOW_MS, WINDOW_MS + 1, 3 * WINDOW_MS]
    rows = [income_row(number, at) for number, at in enumerate(edges)]
    rows += [income_row(0, 0, "COMMISSION")]
    serve_income(venue, rows)
    found = await client.ledger.income(0, 3 * WINDOW_MS)
    assert sum(line.income for line in found) == sum(Decimal(str(row["income"])) for row in rows)
    only = await client.ledger.income(0, WINDOW_MS, income_type="COMMISSION")
    assert [line.income_type for line in only] == ["COMMISSION"]


async def test_more_lines_at_one_instant_than_a_page_holds_is_an_error_and_not_a_loss(
    client: AsterClient, venue: LocalVenue
) -> None:
    serve_income(venue, [income_row(number, 5000) for number in range(1500)])
    with pytest.raises(Unusable, match="at one instant"):
        await client.ledger.income(5000, 10_000)
    with pytest.raises(Unusable, match="at one instant"):
        await client.ledger.income(0, 10_000)
    serve_income(venue, [income_row(number, 5000) for number in range(150)], most=100)
    with pytest.raises(Unusable, match="at one instant"):
        await client.ledger.income(0, 10_000)


@pytest.mark.parametrize("count", [100, 500])
async def test_a_whole_page_at_one_instant_is_taken_where_the_venue_gives_more_to_a_wider_question(
    client: AsterClient, venue: LocalVenue, count: int
) -> None:
    earlier = income_row(count, 10)
    serve_income(venue, [earlier, *(income_row(number, 5000) for number in range(count))])
    found = await client.ledger.income(5000, 10_000)
    assert sorted(int(line.tran_id) for line in found) == list(range(count))


async def test_a_page_at_one_instant_that_nothing_shows_to_be_whole_is_an_error(
    client: AsterClient, venue: LocalVenue
) -> None:
    rows = [income_row(100, 10), *(income_row(number, 5000) for number in range(100))]
    serve_income(venue, rows, most=100)
    with pytest.raises(Unusable, match="at one instant"):
        await client.ledger.income(5000, 10_000)


class Pages:
    """The venue's side of paging, in memory: a list of lines in pages of `most`."""

    def __init__(self, rows: list[IncomePayload] | list[FillPayload], most: int) -> None:
        self.rows, self.most, self.asked = rows, most, 0

    async def call(self, endpoint: object, parameters: object, read: object, **_: object):
        self.asked += 1
        assert self.asked < 2000
        given_ = dict(parameters)
        if "fromId" in given_:
            inside = [row for row in self.rows if row.id >= int(given_["fromId"])]
        else:
            low, high = int(given_["startTime"]), int(given_["endTime"])
            inside = [row for row in self.rows if low <= row.time <= high]
        return tuple(inside[: self.most])


@given(st.lists(st.integers(1, 100_000), max_size=700, unique=True), st.sampled_from([100, 500]))
async def test_whatever_the_gaps_between_ids_paging_finds_every_fill(
    ids: list[int], most: int
) -> None:
    rows = [FillPayload.model_validate({**FILL, "id": each}) for each in sorted(ids)]
    found = await LedgerCalls(Pages(rows, most)).fills_from("BTCUSDT", 1)
    assert [fill.id for fill in found] == sorted(ids)


@given(st.lists(st.integers(0, 60), max_size=400), st.integers(0, 1))
async def test_whatever_falls_together_paging_finds_every_line_once(
    times: list[int], scale: int
) -> None:
    times = [time * (DAY_MS if scale else 1) for time in times]
    rows = [
        IncomePayload.model_validate(income_row(number, at))
        for number, at in enumerate(sorted(times))
    ]
    most = max(100, *(times.count(each) + 1 for each in times)) if times else 100
    found = await LedgerCalls(Pages(rows, most)).income(0, 60 * DAY_MS)
    assert sorted(int(line.tran_id) for line in found) == list(range(len(times)))
