"""A permit as plain data, for `--json` and for screens."""

from __future__ import annotations

from typing import Any

from adapters.store.permits import Permit
from trading.units import plain


def permit_document(permit: Permit) -> dict[str, Any]:
    """Whose money it is, and what the figures begin with (USDT, as text)."""
    return {
        "owner": permit.owner,
        "network": permit.network.value,
        "opening_wallet": plain(permit.opening_wallet),
        "opening_equity": plain(permit.opening_equity),
        "opened_at": permit.opened_at.isoformat(),
        "granted_at": permit.real_granted_at.isoformat(),
    }
