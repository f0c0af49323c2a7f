"""eth-account as an independent oracle, without its side effect.

One of its dependencies raises the recursion limit of the process to 100,000, with which deep JSON
in any other test would end the process instead of raising.
"""

from __future__ import annotations

import sys
from typing import Any

_limit = sys.getrecursionlimit()

from eth_account import Account  # noqa: E402 - the limit must be read before
from eth_account.messages import encode_typed_data  # noqa: E402 - as above

sys.setrecursionlimit(_limit)

__all__ = ["Account", "domain_document", "encode_typed_data", "signer_of", "typed_data"]


def typed_data(message: str, chain_id: int) -> dict[str, Any]:
    """What a V3 signature signs, in the form that eth-account takes."""
    document = domain_document(chain_id)
    document["types"]["Message"] = [{"name": "msg", "type": "string"}]
    return document | {"primaryType": "Message", "message": {"msg": message}}


def domain_document(chain_id: int) -> dict[str, Any]:
    """The domain that all of the venue's typed data share."""
    fields = [("name", "string"), ("version", "string"), ("chainId", "uint256")]
    fields.append(("verifyingContract", "address"))
    return {
        "types": {"EIP712Domain": [{"name": name, "type": kind} for name, kind in fields]},
        "domain": {
            "name": "AsterSignTransaction",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": "0x" + "0" * 40,
        },
    }


def signer_of(document: dict[str, Any], signature: str) -> str | None:
    """The address, in lower case, that signed the typed data; None when nobody did."""
    try:
        raw = bytes.fromhex(signature.lower().removeprefix("0x"))
        return str(
            Account.recover_message(encode_typed_data(full_message=document), signature=raw)
        ).lower()
    except Exception:  # noqa: BLE001 - whatever the library says of a broken signature, it is one
        return None
