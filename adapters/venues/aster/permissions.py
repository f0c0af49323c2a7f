"""What an API wallet may do, from the venue's list of agents."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.venues.aster.credentials import KeyPermissions, WalletCredentials
from adapters.venues.aster.payloads.account import AgentPayload


def permissions_of(
    credentials: WalletCredentials, agents: Sequence[AgentPayload]
) -> KeyPermissions:
    """Permissions of the signer. The main wallet is not in the list and may do everything."""
    address = credentials.key.address.lower()
    if address == credentials.user.lower():
        return KeyPermissions(can_trade=True, can_withdraw=True)
    for agent in agents:
        if agent.agent_address.lower() == address:
            has_ended = agent.expired is True
            ends = agent.expired if type(agent.expired) is int and agent.expired > 1 else None
            return KeyPermissions(
                can_trade=False if has_ended else agent.can_perp_trade,
                can_withdraw=agent.can_withdraw,
                expires_ms=ends,
            )
    return KeyPermissions(can_trade=None, can_withdraw=None)
