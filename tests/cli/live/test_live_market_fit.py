"""Live accounts are refused in an arena on another market, with the next step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cli.exit_codes import ExitCode
from cli.live.market_fit import misfit_of
from tests.adapters.venues.aster.demo_keys import USER
from tests.arena import build_account
from tests.cli.conftest import Ended
from tests.cli.live.conftest import ID, SECRETS, LiveArena
from trading.account import Account, Mode, Network, VenueKeys

FILE = f"""\
accounts:
  - id: {ID}
    strategy: momentum
    assets: [BTC]
    mode: live
    asterdex: {{private_key: 'env:AGENT_KEY', user_address: '{USER}', network: testnet}}
"""


def live_account(keys: VenueKeys | None) -> Account:
    return replace(build_account("momentum"), id=ID, mode=Mode.LIVE, venue_keys=keys)


@pytest.mark.parametrize(
    ("keys", "market"),
    [
        (VenueKeys(), "aster-mainnet"),
        (VenueKeys(base_url="https://fapi.asterdex.com"), "aster-mainnet"),
        (VenueKeys(network=Network.TESTNET), "aster-testnet"),
        (
            VenueKeys(network=Network.TESTNET, base_url="http://127.0.0.1:8999"),
            "aster-testnet-127.0.0.1-8999",
        ),
    ],
)
def test_the_same_network_and_host_fit(keys: VenueKeys, market: str) -> None:
    assert misfit_of(live_account(keys), market) is None


@pytest.mark.parametrize(
    ("keys", "market"),
    [
        (VenueKeys(), "simulated-7"),
        (VenueKeys(), "aster-testnet"),
        (VenueKeys(network=Network.TESTNET), "aster-testnet-127.0.0.1-8999"),
        (VenueKeys(base_url="https://10.0.0.1"), "aster-mainnet"),
    ],
)
def test_another_network_or_host_is_named_with_the_command_for_it(
    keys: VenueKeys, market: str
) -> None:
    misfit = misfit_of(live_account(keys), market)

    assert misfit is not None
    assert (
        f"this arena is on the market {market}; start one for it in another data folder" in misfit
    )
    assert f"perpflow up --market aster --network {keys.network}" in misfit


@pytest.mark.parametrize("command", [("up",), ("config", "validate")])
def test_a_start_on_another_market_is_refused(
    perpflow: Callable[..., Ended], home: Path, command: tuple[str, ...]
) -> None:
    Path("accounts.yaml").write_text(FILE)

    ended = perpflow(*command)

    assert ended.code == ExitCode.INVALID_CONFIGURATION
    assert f"live account {ID} trades AsterDEX testnet (aster-testnet)" in ended.stderr
    assert "perpflow up --market aster --network testnet" in ended.stderr
    assert not home.exists()


@pytest.mark.db
def test_an_account_for_another_network_is_not_added(
    live: LiveArena, perpflow: Callable[..., Ended]
) -> None:
    Path("one.yaml").write_text(FILE)

    ended = perpflow(
        *("accounts", "add", "--file", "one.yaml"),
        DATABASE_URL=live.engine.url.render_as_string(hide_password=False),
    )

    assert ended.code == ExitCode.INVALID_CONFIGURATION
    assert f"and this arena is on the market {live.market}" in ended.stderr


@pytest.mark.db
def test_an_account_of_the_arenas_network_is_added_and_has_no_paper_money(
    live: LiveArena, perpflow: Callable[..., Ended]
) -> None:
    url = live.engine.url.render_as_string(hide_password=False)
    section = f"network: testnet, base_url: '{live.sandbox.url}'"
    Path("one.yaml").write_text(FILE.replace("network: testnet", section))

    added = perpflow("accounts", "add", "--file", "one.yaml", DATABASE_URL=url)
    again = perpflow("accounts", "apply", "one.yaml", "--yes")
    doctor = perpflow("doctor", "--account", ID, "--json", **SECRETS)

    assert added.stdout == f"account {ID} was added: momentum on BTC, every 1h, live\n"
    assert f"= {ID}  unchanged" in again.stdout
    assert (doctor.code, '"account": "btc-live"' in doctor.stdout) == (ExitCode.DONE, True)
    with live.engine.connect() as conn:
        wallets = conn.exec_driver_sql("select count(*) from app.paper_wallets").scalar_one()
    assert wallets == 0
