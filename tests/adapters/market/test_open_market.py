"""From the arena's setting to a market source."""

import pytest

from adapters.market.errors import RecordedDataError
from adapters.market.open_market import open_market
from adapters.market.recorded import RecordedMarket
from adapters.market.simulated import SimulatedMarket
from trading.errors import InvalidRecord, UnknownName


@pytest.mark.parametrize("seed", [7, "7"])
def test_a_seed_opens_the_simulated_market(seed):
    market = open_market("simulated", {"seed": seed})
    assert isinstance(market, SimulatedMarket)
    assert market.name == "simulated-7"


def test_a_folder_opens_the_recorded_market(rows, write):
    folder = write("BTCUSDT-5m.csv", rows())
    market = open_market("recorded", {"folder": str(folder)})
    assert isinstance(market, RecordedMarket)
    assert market.name == RecordedMarket.open(folder).name


def test_a_flow_run_reads_only_the_symbols_it_asks_for(rows, write):
    write("BTCUSDT-5m.csv", rows())
    broken = open_market("recorded", {"folder": write("ETHUSDT-5m.csv", ["x"])})
    assert isinstance(broken, RecordedMarket)
    with pytest.raises(RecordedDataError, match=r"ETHUSDT-5m\.csv line 2"):
        RecordedMarket.open(broken.folder)


@pytest.mark.parametrize("seed", [True, 7.0, "seven", None, "-1"])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(InvalidRecord, match="seed is"):
        open_market("simulated", {"seed": seed})


@pytest.mark.parametrize("folder", ["", None, 5])
def test_a_folder_that_is_no_path_is_refused(folder):
    with pytest.raises(InvalidRecord, match="folder is"):
        open_market("recorded", {"folder": folder})


@pytest.mark.parametrize(
    ("source", "settings"),
    [("simulated", {}), ("simulated", {"folder": "x"}), ("recorded", {"seed": 7, "folder": "x"})],
)
def test_wrong_settings_are_refused_by_name(source, settings):
    with pytest.raises(InvalidRecord, match=f"the {source} market takes the one setting"):
        open_market(source, settings)


def test_another_source_is_refused_with_the_known_ones():
    with pytest.raises(UnknownName, match="known: simulated, recorded"):
        open_market("dreamt", {"seed": 7})
