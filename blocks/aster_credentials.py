"""Keys of a venue account in a Prefect block, instead of a variable or a file.

An account refers to it as `block:aster-credentials/NAME`; the key that the reference stands under
names the field. Prefect encrypts it with the key that `perpflow up` keeps outside its database.
"""

from __future__ import annotations

from collections.abc import Mapping

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from adapters.config.secrets import ASTER_BLOCK, KEY_NAMES, SecretMissing


class AsterCredentials(Block):
    """An agent's key with its main wallet, or a pair of the older interface."""

    _block_type_name = "Aster credentials"
    _block_type_slug = ASTER_BLOCK
    _description = "Keys of an AsterDEX account: an agent (API wallet) that may only trade."

    private_key: SecretStr | None = Field(
        None, description="Of the agent (API wallet): 64 hex digits."
    )
    user_address: SecretStr | None = Field(
        None, description="The main wallet that the agent trades for: 0x and 40 hex digits."
    )
    signer_address: SecretStr | None = Field(
        None, description="Address of the agent; checked against the key when it is given."
    )
    mnemonic: SecretStr | None = Field(
        None, description="Instead of private_key; opens every wallet that is derived from it."
    )
    api_key: SecretStr | None = Field(None, description="Of a pair issued before 2026-03-25.")
    api_secret: SecretStr | None = Field(None, description="The other half of the pair.")

    def fields(self) -> dict[str, SecretStr]:
        """What is filled in, by name."""
        given = {name: getattr(self, name) for name in KEY_NAMES}
        return {
            name: SecretStr(value.get_secret_value().strip())
            for name, value in given.items()
            if value is not None and value.get_secret_value().strip()
        }


def load_aster_credentials(name: str) -> Mapping[str, SecretStr]:
    """The filled fields of a block, from Prefect's server.

    Waits for the network: call it from a thread where an event loop runs.

    Raises
    ------
    SecretMissing
        There is no such block, or Prefect cannot be asked.
    """
    reference = f"block:{ASTER_BLOCK}/{name}"
    try:
        block = AsterCredentials.load(name, _sync=True)
    except ValueError:
        raise SecretMissing(
            f"{reference} is not there; make it on Prefect's page of blocks (Aster credentials)"
        ) from None
    except Exception as error:  # noqa: BLE001 - a client without a server raises whatever it likes
        raise SecretMissing(
            f"{reference} cannot be had from Prefect ({type(error).__name__}); is the arena running?"
        ) from None
    return block.fields()
