"""Builders: who may take a fee on top. Here so that a test can see that nobody of ours asks.

An approval is signed by the wallet itself over a type of its own, with capital names (reference: aster
1.6); its chain is 56, which ccxt replaces by the network's own.
"""

from __future__ import annotations

from typing import Any

from tests.adapters.venues.aster.ethereum_oracle import domain_document, signer_of
from tests.aster_sandbox.refusals import VenueRefusal
from tests.aster_sandbox.routing import Ask, route

_FIELDS = ("builder", "maxFeeRate", "builderName", "asterChain", "user", "nonce")
_MANAGEMENT_CHAIN = 56


@route("POST", "v3/approveBuilder")
def approve(ask: Ask) -> Any:
    user = ask.venue.users.get(ask.need("user").lower())
    if user is None:
        raise VenueRefusal(-1000, "No agent found")
    chains = (_MANAGEMENT_CHAIN, ask.venue.settings.chain_id)
    if user.address.lower() not in {_signer(ask, chain) for chain in chains}:
        raise VenueRefusal(-1000, "Signature check failed")
    user.builders.append(
        {
            "userAddress": user.address,
            "builderAddress": ask.need("builder"),
            "maxFeeRate": ask.need("maxFeeRate"),
            "builderName": ask.need("builderName"),
        }
    )
    return {"code": 200, "msg": "success"}


def _signer(ask: Ask, chain_id: int) -> str | None:
    values = {name[0].upper() + name[1:]: ask.need(name) for name in _FIELDS}
    kinds = {name: "uint256" if name == "Nonce" else "string" for name in values}
    document = domain_document(chain_id) | {
        "primaryType": "ApproveBuilder",
        "message": {**values, "Nonce": int(values["Nonce"])},
    }
    document["types"]["ApproveBuilder"] = [{"name": n, "type": kind} for n, kind in kinds.items()]
    return signer_of(document, ask.parameters.get("signature", ""))
