"""Which instruments a scanning account looks at in its cycle: ranked anew, as of the cycle's time.

All candidates have been read; afterwards only the chosen ones and those held are in the markets,
best first, so that the best one is the first to use the account's limits. A candidate without
usable data is no problem of the account unless it holds a position there.
"""

from __future__ import annotations

from sqlalchemy import Connection

from adapters.store.positions import load_positions
from adapters.store.scans import load_last_scan
from tasks.cycle import Cycle
from tasks.market_views import Markets
from tasks.resources import store_engine
from tasks.run_log import run_log
from tasks.story import tell_scan
from trading.scanner.ranking import ScanResult, scan_document, scan_instruments


def narrow_to_scan(cycle: Cycle, markets: Markets) -> None:
    """Rank the candidates and leave the chosen ones and those held; nothing without a scan."""
    scan = cycle.account.scan
    if scan is None:
        return
    with store_engine().connect() as conn:
        # A twin looks at what its original chooses, whose list hangs on the one before.
        whose = cycle.account.twin_of or cycle.account.id
        before = load_last_scan(conn, whose, before=cycle.slot)
        open_in = {each.position.symbol for each in load_positions(conn, cycle.account.id)}
    candidates = markets.views.keys() | markets.problems.keys()
    result = scan_instruments(
        markets, scan, before=before, held=open_in & candidates, unusable=markets.problems
    )
    markets.views = {
        symbol: markets.views[symbol] for symbol in result.kept if symbol in markets.views
    }
    markets.problems = {
        symbol: problem for symbol, problem in markets.problems.items() if symbol in open_in
    }
    markets.scan = result
    run_log().info(
        "%s scans %d instrument(s): %s.",
        cycle.account.id,
        len(candidates),
        _sentence(cycle, result),
    )


def tell_new_list(conn: Connection, cycle: Cycle, result: ScanResult) -> None:
    """A line in the diary when the list is another one than last time."""
    if result.is_new:
        tell_scan(conn, cycle, _sentence(cycle, result), scan_document(result))


def _sentence(cycle: Cycle, result: ScanResult) -> str:
    scores = {each.symbol: each.total for each in result.ranked}
    chosen = ", ".join(f"{cycle.assets.of(each)} {scores[each]:.3f}" for each in result.chosen)
    held = ", ".join(cycle.assets.of(each) for each in result.held)
    return f"chosen {chosen or 'nothing'}" + (f"; held besides {held}" if held else "")
