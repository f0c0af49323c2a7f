"""What the store refuses; each message names the thing, the cause and the next step."""

from __future__ import annotations


class StoreError(Exception):
    """The store refused: the request contradicts what is recorded."""


class SchemaMismatch(StoreError):
    """The database's revision is not the one this code needs; nothing was touched."""


class UnknownAccount(StoreError):
    """No account with that id; the message lists the known ones."""

    def __init__(self, account_id: str, known: tuple[str, ...]) -> None:
        listed = ", ".join(known) or "none yet; run perpflow up"
        super().__init__(f"no account {account_id!r}; known accounts: {listed}")
        self.account_id = account_id
        self.known = known
