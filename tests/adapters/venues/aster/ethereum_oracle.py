"""eth-account as an independent oracle, without its side effect.

One of its dependencies raises the recursion limit of the process to 100,000, with which deep JSON
in any other test would end the process instead of raising.
"""

from __future__ import annotations

import sys

_limit = sys.getrecursionlimit()

from eth_account import Account  # noqa: E402 - the limit must be read before
from eth_account.messages import encode_typed_data  # noqa: E402

sys.setrecursionlimit(_limit)

__all__ = ["Account", "encode_typed_data"]
