"""Live accounts in a configuration: what they must say, and what is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.config.accounts_file import load_accounts
from adapters.config.problems import ConfigurationError
from adapters.config.sources import find_source, load_source
from adapters.store.account_json import account_from_json, account_to_json
from trading.account import Account, BracketPolicy, ForeignPolicy, Mode, Network, VenueKeys

MAIN = "0x" + "a" * 40
AGENT = f"private_key: 'env:KEY', user_address: '{MAIN}'"
PAIR = "api_key: 'env:A', api_secret: 'env:B'"


def entry(asterdex: str | None, *lines: str, id: str = "alpha") -> str:
    """A live account; the section is on line 6."""
    section = [] if asterdex is None else [f"    asterdex: {{{asterdex}}}"]
    head = [f"  - id: {id}", "    strategy: momentum", "    assets: [BTC]", "    mode: live"]
    return "\n".join([*head, *section, *(f"    {line}" for line in lines)])


def load(tmp_path: Path, *entries: str) -> tuple[Account, ...]:
    path = tmp_path / "accounts.yaml"
    path.write_text("\n".join(["accounts:", *entries]))
    return load_accounts(path, {}, known_assets=("BTC",))


def problems_of(tmp_path: Path, *entries: str) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path, *entries)
    return [str(problem).removeprefix(f"{tmp_path}/") for problem in refused.value.problems]


def test_a_live_account_trades_at_aster_with_the_keys_that_it_refers_to(tmp_path: Path) -> None:
    [account] = load(tmp_path, entry(f"{AGENT}, network: testnet"))

    assert (account.mode, account.venue) == (Mode.LIVE, "aster")
    assert account.venue_keys == VenueKeys(
        private_key="env:KEY", user_address=MAIN, network=Network.TESTNET
    )
    assert (account.foreign, account.bracket) == (ForeignPolicy.IGNORE, BracketPolicy.SEPARATE)


def test_its_policies_and_explicit_words_reach_the_account_and_survive_the_store(
    tmp_path: Path,
) -> None:
    [wallet] = load(
        tmp_path,
        entry("private_key: 'env:K', may_withdraw: true", "foreign: adopt", "bracket: group"),
    )
    [pair] = load(tmp_path, entry(f"{PAIR}, transport: connector"))

    assert (wallet.foreign, wallet.bracket) == (ForeignPolicy.ADOPT, BracketPolicy.GROUP)
    assert wallet.venue_keys == VenueKeys(private_key="env:K", may_withdraw=True)
    assert pair.venue_keys == VenueKeys(api_key="env:A", api_secret="env:B", transport="connector")
    for account in (wallet, pair):
        assert account_from_json(account_to_json(account)) == account


@pytest.mark.parametrize(
    ("section", "lines", "sentence"),
    [
        (
            None,
            (),
            "accounts.yaml:2: accounts[0].asterdex.private_key is missing from live account 'alpha'"
            " -> refer to the key of an agent (API wallet), and name the main wallet that it trades"
            " for in user_address",
        ),
        (
            "network: testnet",
            (),
            "accounts.yaml:6: accounts[0].asterdex.private_key is missing from live account 'alpha'"
            " -> refer to the key of an agent (API wallet), and name the main wallet that it trades"
            " for in user_address",
        ),
        (
            "private_key: 'env:KEY'",
            (),
            "accounts.yaml:6: accounts[0].asterdex.user_address is missing beside private_key,"
            " which then signs for itself and can withdraw all funds -> name the main wallet that"
            " the agent (API wallet) trades for, or say may_withdraw: true",
        ),
        (
            f"mnemonic: 'env:WORDS', user_address: '{MAIN}'",
            (),
            "accounts.yaml:6: accounts[0].asterdex.mnemonic opens every wallet that is derived from"
            " it, so it can withdraw all funds -> give the private_key of an agent (API wallet)"
            " instead, or say may_withdraw: true",
        ),
        (
            AGENT,
            ("initial_equity: 10000",),
            "accounts.yaml:7: accounts[0].initial_equity is given for live account 'alpha'; what a"
            " live account starts with is measured at the venue when it goes live -> remove it",
        ),
        (
            f"{AGENT}, transport: connector",
            (),
            "accounts.yaml:6: accounts[0].asterdex.transport is connector, which carries requests"
            " of api_key and api_secret only -> remove the key, or give both of them",
        ),
        (
            PAIR,
            ("bracket: group",),
            "accounts.yaml:7: accounts[0].bracket is group, which the venue takes from wallets (V3)"
            " and not from api_key -> write separate, or give the private_key of an agent",
        ),
        (
            f"{AGENT}, base_url: 'http://fapi.asterdex.com'",
            (),
            "accounts.yaml:6: accounts[0].asterdex.base_url is http://fapi.asterdex.com; allowed is"
            " an address that starts with https:// (http:// on this machine) and holds no password",
        ),
        (
            AGENT,
            ("foreign: close",),
            "accounts.yaml:7: accounts[0].foreign is close; allowed is ignore or adopt",
        ),
        (
            AGENT,
            ("bracket: oto",),
            "accounts.yaml:7: accounts[0].bracket is oto; allowed is separate or group",
        ),
        (
            f"{AGENT}, may_withdraw: maybe",
            (),
            "accounts.yaml:6: accounts[0].asterdex.may_withdraw is maybe; allowed is true or false",
        ),
    ],
)
def test_what_is_missing_or_does_not_belong_there_is_named_with_the_next_step(
    tmp_path: Path, section: str | None, lines: tuple[str, ...], sentence: str
) -> None:
    assert problems_of(tmp_path, entry(section, *lines)) == [sentence]


def test_a_faulty_key_is_not_said_to_be_missing_as_well(tmp_path: Path) -> None:
    [sentence] = problems_of(tmp_path, entry("private_key: canary-5f1e"))

    assert "private_key is no reference to a secret" in sentence


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (AGENT, f"private_key: 'env:OTHER', user_address: '{MAIN.upper().replace('X', 'x')}'"),
        (PAIR, PAIR),
        ("private_key: 'env:K', may_withdraw: true", "private_key: 'env:K', may_withdraw: true"),
    ],
)
def test_two_live_accounts_that_refer_to_one_venue_account_are_refused(
    tmp_path: Path, first: str, second: str
) -> None:
    [sentence] = problems_of(tmp_path, entry(first), entry(second, id="beta"))

    assert sentence.startswith("accounts.yaml:11: accounts[1].asterdex.")
    assert "names the venue account that live account 'alpha' trades; two agents must" in sentence


def test_one_signer_may_serve_two_main_wallets_and_two_networks_are_two_venue_accounts(
    tmp_path: Path,
) -> None:
    other = AGENT.replace(MAIN, "0x" + "b" * 40)
    testnet = f"{AGENT}, network: testnet"

    assert len(load(tmp_path, entry(AGENT), entry(other, id="b"), entry(testnet, id="c"))) == 3


def from_variables(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **environ: str
) -> list[Account]:
    monkeypatch.chdir(tmp_path)
    source = find_source(None, environ)
    assert source is not None
    return list(load_source(source, environ, is_named=False).accounts)


def test_the_shared_signer_of_seed_001_signs_for_agents_without_a_key_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = from_variables(
        monkeypatch,
        tmp_path,
        SHARED_ASTER_SIGNER_PRIVATE_KEY="canary-5f1e",
        AGENT_7_PRIVATE_KEY="canary-6a2b",
        AGENT_8_SIGNER=MAIN,
        STRATEGY="grid",
    )

    assert [each.venue_keys and each.venue_keys.private_key for each in accounts] == [
        "env:AGENT_7_PRIVATE_KEY",
        "env:SHARED_ASTER_SIGNER_PRIVATE_KEY",
    ]
    assert "canary" not in repr(accounts)


def test_the_shared_signer_stands_back_behind_a_pair_and_a_phrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = from_variables(
        monkeypatch,
        tmp_path,
        SHARED_ASTER_SIGNER_PRIVATE_KEY="x",
        ACCOUNT_IDS="a,b",
        ASTERDEX_MNEMONIC_a="x",
        ASTERDEX_API_KEY_b="x",
        ASTERDEX_API_SECRET_b="x",
        STRATEGY="grid",
    )

    assert [each.venue_keys and each.venue_keys.private_key for each in accounts] == [None, None]


def test_five_live_agents_of_seed_000_on_one_main_wallet_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match=r"ASTER_USER_ADDRESS names the venue account"):
        from_variables(
            monkeypatch,
            tmp_path,
            ASTER_USER_ADDRESS=MAIN,
            AGENT_2_PRIVATE_KEY="x",
            AGENT_3_PRIVATE_KEY="y",
            TRADING_MODE="live",
        )
