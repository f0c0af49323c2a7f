"""The Prefect block with keys of a venue account."""

from __future__ import annotations

import json

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from adapters.config.secrets import KEY_NAMES, SecretMissing, resolve
from blocks.aster_credentials import AsterCredentials, load_aster_credentials
from deployments.prefect_settings import PrefectPlace

CANARY = "canary-5f1e"


def test_it_has_a_field_for_every_key_of_an_account_and_all_are_secret() -> None:
    filled = AsterCredentials(**dict.fromkeys(KEY_NAMES, CANARY))

    assert set(filled.fields()) == set(KEY_NAMES)
    assert CANARY not in repr(filled)
    assert CANARY not in json.dumps(filled.model_dump(mode="json"))
    assert set(AsterCredentials.model_json_schema()["secret_fields"]) == set(KEY_NAMES)


def test_an_empty_field_counts_as_none() -> None:
    assert set(AsterCredentials(private_key=f" {CANARY} ", api_key=" ").fields()) == {"private_key"}


def test_without_a_server_the_reference_is_named() -> None:
    with (
        temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}),
        pytest.raises(SecretMissing, match=r"block:aster-credentials/main cannot be had"),
    ):
        load_aster_credentials("main")


@pytest.mark.prefect
async def test_a_saved_block_is_found_by_its_reference(
    prefect_server: PrefectPlace,
) -> None:
    with temporary_settings({PREFECT_API_URL: prefect_server.api_url}):
        AsterCredentials(private_key=CANARY).save("main", overwrite=True, _sync=True)

        found = resolve(
            "block:aster-credentials/main",
            {},
            load_block=load_aster_credentials,
            field="private_key",
        )
        with pytest.raises(SecretMissing, match=r"block:aster-credentials/other is not there"):
            load_aster_credentials("other")

    assert found.get_secret_value() == CANARY
