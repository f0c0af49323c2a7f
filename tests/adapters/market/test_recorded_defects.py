"""A defect in a recorded file refuses the folder, by file, line and value."""

import pytest

from adapters.market.errors import RecordedDataError
from adapters.market.recorded import RecordedMarket
from trading.candles import CandleWindow
from trading.errors import BadMarketData
from trading.timeframes import Timeframe

NAME = "BTCUSDT-5m.csv.gz"
TENTH = 9
LINE_OF_TENTH = 11


def cell(row: str, number: int, text: str) -> str:
    cells = row.split(",")
    cells[number] = text
    return ",".join(cells)


def refusal(folder) -> str:
    with pytest.raises(RecordedDataError) as caught:
        RecordedMarket.open(folder)
    return str(caught.value)


@pytest.mark.parametrize(
    ("column", "text", "words"),
    [
        (1, "nan", "open is 'nan', not a finite number"),
        (2, "inf", "high is 'inf', not a finite number"),
        (3, "", "low is '', not a number"),
        (4, "12,5", "has 7 cells instead of 6"),
        (4, "abc", "close is 'abc', not a number"),
        (4, "6_000", "close is '6_000', not a number"),
        (1, "٤٢", "open is '٤٢', not a plain number"),
        (3, "-5", "has a price that is not positive"),
        (3, "0", "has a price that is not positive"),
        (5, "-1", "has a negative volume"),
        (2, "1", "is crossed"),
        (3, "9999999", "is crossed"),
        (0, "noon", "open_time is 'noon', not a whole number of epoch milliseconds"),
        (0, "1709254800", "which as epoch milliseconds is not 2009-2099"),
        (0, "1709254801000", "is not on a boundary of 5m"),
    ],
)
def test_a_defective_cell_is_named_with_file_line_and_value(rows, write, column, text, words):
    good = rows()
    good[TENTH] = cell(good[TENTH], column, text)
    message = refusal(write(NAME, good))
    assert message.startswith(f"BTCUSDT: {NAME} line {LINE_OF_TENTH}: ")
    assert words in message
    assert "repair or remove the row" in message


def test_a_doubled_row_is_named(rows, write):
    good = rows()
    message = refusal(write(NAME, [*good[:10], good[TENTH], *good[10:]]))
    assert f"line {LINE_OF_TENTH + 1}: " in message
    assert "occurs twice" in message


def test_swapped_rows_are_named(rows, write):
    good = rows()
    good[9], good[10] = good[10], good[9]
    message = refusal(write(NAME, good))
    assert f"line {LINE_OF_TENTH + 1}: " in message
    assert "not in ascending order" in message


def test_rows_of_another_timeframe_are_named(rows, write):
    message = refusal(write(NAME, rows(timeframe="1h", count=30)))
    assert "line 2: the rows are 1h apart, not 5m as the name of the file says" in message


def test_a_file_that_changes_its_timeframe_half_way_is_named_at_the_change(rows, write):
    hourly = rows(timeframe="1h", count=30)
    message = refusal(write(NAME, [*rows(count=24), *hourly[2:]]))
    assert "line 26: the rows are 1h apart" in message


def test_a_gap_does_not_refuse_the_folder_but_is_listed(rows, write):
    good = rows()
    market = RecordedMarket.open(write(NAME, [*good[:10], *good[12:30], *good[31:]]))
    (gaps,) = market.gaps
    assert (gaps.file_name, gaps.count, gaps.missing, gaps.longest) == (NAME, 2, 3, 2)


async def test_a_window_across_a_gap_is_refused_and_one_beside_it_is_not(rows, write):
    good = rows()
    market = RecordedMarket.open(write(NAME, [*good[:10], *good[12:]]))
    across = await market.candles("BTCUSDT", Timeframe.M5, until=market.ends_at, limit=50)
    with pytest.raises(BadMarketData, match=r"2 5m candle\(s\) missing after 2024-03-01T00:45Z"):
        CandleWindow("BTCUSDT", Timeframe.M5, across)
    beside = await market.candles("BTCUSDT", Timeframe.M5, until=market.ends_at, limit=40)
    assert len(CandleWindow("BTCUSDT", Timeframe.M5, beside)) == 40


def test_a_missing_folder_is_named(tmp_path):
    assert f"folder {tmp_path / 'nowhere'} does not exist" in refusal(tmp_path / "nowhere")


def test_a_file_in_place_of_a_folder_is_named(rows, write):
    folder = write(NAME, rows())
    assert "is not a folder" in refusal(folder / NAME)


def test_a_folder_without_candles_is_named_even_if_it_holds_funding(write):
    folder = write("BTCUSDT-8h-funding.csv", ["1709251200000,0.0001"])
    assert "no candle file is in" in refusal(folder)


def test_an_empty_file_is_named(tmp_path):
    (tmp_path / "BTCUSDT-5m.csv").write_bytes(b"")
    assert "BTCUSDT-5m.csv: is empty" in refusal(tmp_path)


def test_a_file_without_rows_is_named(write):
    assert f"{NAME}: has a header but no rows" in refusal(write(NAME, []))


def test_a_wrong_header_is_named(rows, write):
    message = refusal(write(NAME, rows(), header="time,open,high,low,close,volume"))
    assert "has the header 'time,open,high,low,close,volume'" in message
    assert "'open_time,open,high,low,close,volume'" in message


def test_a_cut_gzip_file_is_named(rows, write):
    folder = write(NAME, rows())
    path = folder / NAME
    path.write_bytes(path.read_bytes()[:-200])
    assert f"{NAME}: cannot be read (EOFError" in refusal(folder)


def test_a_text_file_with_the_name_of_a_gzip_file_is_named(tmp_path):
    (tmp_path / NAME).write_text("open_time,open,high,low,close,volume\n")
    assert f"{NAME}: cannot be read (BadGzipFile" in refusal(tmp_path)


@pytest.mark.parametrize("name", ["bitcoin.csv", "binance-BTCUSDT-5m.csv.gz", "BTCUSDT-5x.csv"])
def test_a_csv_file_with_another_name_is_refused_rather_than_left_out(rows, write, name):
    write(NAME, rows())
    assert f"{name}: the name is not SYMBOL-<timeframe>.csv[.gz]" in refusal(write(name, rows()))


def test_a_symbol_without_a_known_quote_is_named(rows, write):
    assert "symbol BTCEUR ends with no known quote" in refusal(write("BTCEUR-5m.csv", rows()))


def test_a_timeframe_that_the_arena_does_not_know_is_named(rows, write):
    message = refusal(write("BTCUSDT-8h.csv", rows()))
    assert "candles of 8:00:00 are not one of 1m, 3m, 5m" in message


def test_two_files_of_one_series_are_refused(rows, write):
    write("BTCUSDT-5m.csv", rows())
    assert "holds the same series as BTCUSDT-5m.csv" in refusal(write(NAME, rows()))


def test_symbols_without_common_time_are_refused(rows, write):
    write("BTCUSDT-5m.csv", rows(count=20))
    assert "no time in common" in refusal(write("ETHUSDT-5m.csv", rows("ETHUSDT", count=60)[30:]))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("1709280000000,0.5", "funding_rate is 0.5, as a ratio more than 0.1"),
        ("1709280000000,nan", "funding_rate is 'nan'"),
        ("1709251200011,0.0001", "is not after the row before"),
        ("1709222400000,0.0001", "is not after the row before"),
    ],
)
def test_a_defective_funding_row_is_named(rows, write, row, words):
    write(NAME, rows())
    folder = write("BTCUSDT-8h-funding.csv", ["1709251200000,0.0001", row])
    message = refusal(folder)
    assert "BTCUSDT-8h-funding.csv line 3: " in message
    assert words in message


def test_a_defect_in_a_file_that_is_not_traded_on_refuses_the_folder_too(rows, write):
    write(NAME, rows())
    hourly = rows(timeframe="1h", count=5)
    hourly[2] = cell(hourly[2], 4, "nan")
    assert "BTCUSDT-1h.csv line 4: close is 'nan'" in refusal(write("BTCUSDT-1h.csv", hourly))
