"""Which keys are taken, which are refused, and what the operator is told about them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mnemonic import Mnemonic
from pydantic import SecretStr

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.credentials import (
    KeyKind,
    KeyPermissions,
    KeyRefused,
    PairCredentials,
    ResolvedKeys,
    WalletCredentials,
    read_credentials,
    require_safe,
    warnings_of,
)
from adapters.venues.aster.keys import checksummed, key_from_hex, key_from_mnemonic, parse_address
from tests.adapters.venues.aster.demo_keys import (
    AGENT_KEY,
    PAIR_KEY,
    PAIR_SECRET,
    PHRASE,
    SIGNER,
    USER,
)
from tests.adapters.venues.aster.ethereum_oracle import Account
from tests.adapters.venues.aster.local_venue import LocalVenue
from trading.errors import InvalidRecord

KEY = SecretStr(AGENT_KEY)
PAIR = {"api_key": SecretStr(PAIR_KEY), "api_secret": SecretStr(PAIR_SECRET)}
MAY_TRADE = KeyPermissions(can_trade=True, can_withdraw=False)


def read(**keys: object) -> WalletCredentials | PairCredentials:
    return read_credentials(ResolvedKeys(**keys))


def test_a_key_with_another_user_is_an_agent_and_needs_no_warning() -> None:
    found = read(private_key=KEY, user_address=USER.lower())
    assert isinstance(found, WalletCredentials)
    assert (found.kind, found.user, found.key.address) == (KeyKind.AGENT, USER, SIGNER)
    assert found.owner == USER.lower()
    assert require_safe(found, MAY_TRADE) == ()


def test_a_key_without_user_is_the_main_wallets_and_is_refused_unless_allowed() -> None:
    found = read(private_key=KEY)
    assert isinstance(found, WalletCredentials)
    assert (found.kind, found.user) == (KeyKind.MAIN_KEY, SIGNER)
    with pytest.raises(KeyRefused, match="may withdraw funds"):
        require_safe(found, MAY_TRADE)
    (warning,) = require_safe(found, MAY_TRADE, may_withdraw=True)
    assert "user_address is missing" in warning
    assert read(private_key=KEY, user_address=SIGNER).kind is KeyKind.MAIN_KEY


def test_a_mnemonic_gives_the_published_wallets_with_a_warning() -> None:
    assert key_from_mnemonic(SecretStr(PHRASE)).address == (
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    )
    assert key_from_mnemonic(SecretStr(f"  {PHRASE.upper()}\n"), 1).address == (
        "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    )
    found = read(mnemonic=SecretStr(PHRASE))
    assert found.kind is KeyKind.MNEMONIC
    assert "every wallet" in warnings_of(found)[0]
    with pytest.raises(KeyRefused, match="may withdraw funds"):
        require_safe(found, MAY_TRADE)


@settings(max_examples=8)
@given(st.sampled_from([16, 20, 24, 28, 32]).flatmap(lambda n: st.binary(min_size=n, max_size=n)))
def test_any_phrase_leads_to_the_wallet_that_eth_account_derives(entropy: bytes) -> None:
    phrase = Mnemonic("english").to_mnemonic(entropy)
    Account.enable_unaudited_hdwallet_features()
    for index in (0, 7):
        theirs = Account.from_mnemonic(phrase, account_path=f"m/44'/60'/0'/0/{index}")
        assert key_from_mnemonic(SecretStr(phrase), index).address == theirs.address


@pytest.mark.parametrize(
    "phrase",
    ["", "test", PHRASE.replace("junk", "test"), PHRASE + " test", PHRASE.replace("junk", "junkk")],
)
def test_a_phrase_with_a_wrong_word_length_or_checksum_is_refused(phrase: str) -> None:
    with pytest.raises(InvalidRecord, match="no valid phrase"):
        key_from_mnemonic(SecretStr(phrase))


@pytest.mark.parametrize(
    "text",
    ["", "0x", AGENT_KEY[:-1], AGENT_KEY + "0", "0x" + "0" * 64, "f" * 64, "٤" * 64, "g" * 64],
)
def test_what_is_no_private_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidRecord, match="64 hex digits"):
        key_from_hex(SecretStr(text))


def test_a_file_may_end_with_a_line_break_and_leave_out_0x() -> None:
    assert key_from_hex(SecretStr(AGENT_KEY[2:].upper() + "\n")).address == SIGNER
    found = read(api_key=SecretStr(PAIR_KEY + "\n"), api_secret=SecretStr(f" {PAIR_SECRET}"))
    assert isinstance(found, PairCredentials)
    assert found.secret.get_secret_value() == PAIR_SECRET


def test_v1_is_chosen_when_it_is_all_there_is_or_when_it_is_asked_for() -> None:
    assert read(**PAIR).kind is KeyKind.V1
    both = ResolvedKeys(private_key=KEY, user_address=USER, **PAIR)
    assert read_credentials(both).kind is KeyKind.AGENT
    assert read_credentials(both, KeyKind.V1).kind is KeyKind.V1
    with pytest.raises(KeyRefused, match="no keys"):
        read_credentials(ResolvedKeys(private_key=KEY), KeyKind.V1)


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({}, "no keys"),
        ({"user_address": USER}, "no keys"),
        ({"api_key": SecretStr("a")}, "belong together"),
        ({"private_key": KEY, "api_secret": SecretStr("a")}, "belong together"),
        ({"private_key": KEY, "mnemonic": SecretStr(PHRASE)}, "exclude each other"),
        ({"private_key": KEY, "signer_address": USER}, "one of the two is of another wallet"),
        ({"private_key": KEY, "user_address": "0x12"}, "40 hex digits"),
        ({"private_key": KEY, "user_address": SIGNER.swapcase()}, "0x and 40"),
        ({"api_key": SecretStr("a b"), "api_secret": SecretStr("c")}, "holds a blank"),
        ({"api_key": SecretStr("a"), "api_secret": SecretStr(" ")}, "empty"),
        ({"api_key": SecretStr("schlüssel"), "api_secret": SecretStr("c")}, "ASCII"),
    ],
)
def test_keys_that_contradict_or_are_missing_are_refused(keys, problem: str) -> None:
    with pytest.raises(InvalidRecord, match=problem):
        read(**keys)


def test_an_address_with_a_typing_error_is_caught_by_its_checksum() -> None:
    wrong = USER.replace("63DD", "63Dd")
    with pytest.raises(InvalidRecord, match="wrong checksum"):
        parse_address(wrong, "user_address")
    assert parse_address(USER.lower(), "user_address") == USER
    assert parse_address("0x" + USER[2:].upper(), "user_address") == USER


@given(st.binary(min_size=20, max_size=20))
def test_a_written_address_reads_back(raw: bytes) -> None:
    written = checksummed(raw)
    assert parse_address(written, "user_address") == written
    assert bytes.fromhex(written[2:]) == raw


def test_two_pairs_have_different_fingerprints_that_do_not_hold_the_key(
    pair: PairCredentials,
) -> None:
    other = read(api_key=SecretStr("another"), api_secret=SecretStr("x"))
    assert pair.owner != other.owner
    assert PAIR_KEY not in pair.owner


def test_v1_keys_follow_what_the_venue_says_of_them(pair: PairCredentials) -> None:
    assert require_safe(pair, MAY_TRADE) == ()
    with pytest.raises(KeyRefused, match="may withdraw"):
        require_safe(pair, KeyPermissions(can_trade=True, can_withdraw=True))
    with pytest.raises(KeyRefused, match="may not trade"):
        require_safe(pair, KeyPermissions(can_trade=False, can_withdraw=False))
    (warning,) = require_safe(pair, KeyPermissions(can_trade=None, can_withdraw=None))
    assert "does not say" in warning


AGENT_ROW = {"agentAddress": SIGNER.lower(), "canPerpTrade": True, "canWithdraw": False}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], KeyPermissions(can_trade=None, can_withdraw=None)),
        ([{**AGENT_ROW, "agentAddress": USER}], KeyPermissions(can_trade=None, can_withdraw=None)),
        (
            [{**AGENT_ROW, "expired": 1967945395040}],
            KeyPermissions(can_trade=True, can_withdraw=False, expires_ms=1967945395040),
        ),
        ([{**AGENT_ROW, "canWithdraw": "true"}], KeyPermissions(can_trade=True, can_withdraw=True)),
        ([{**AGENT_ROW, "expired": True}], KeyPermissions(can_trade=False, can_withdraw=False)),
        ([{**AGENT_ROW, "expired": False}], KeyPermissions(can_trade=True, can_withdraw=False)),
    ],
)
async def test_an_agents_permissions_are_those_of_its_row(
    client: AsterClient, venue: LocalVenue, rows: list[object], expected: KeyPermissions
) -> None:
    venue.answers["GET", "agent"] = rows
    assert await client.permissions() == expected


async def test_a_v1_keys_permissions_are_the_flags_of_its_account(pair_client: AsterClient) -> None:
    assert await pair_client.permissions() == MAY_TRADE


async def test_the_main_wallet_may_do_everything_whatever_the_list_says(
    open_client, venue: LocalVenue
) -> None:
    client = open_client(read(private_key=KEY))
    found = await client.permissions()
    assert found.can_withdraw is True
