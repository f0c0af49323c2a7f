"""An account with `twin_of`: what it may say of its own, and the account it becomes.

A twin is built from the account of its original, so that it cannot differ from it; a key that would
make it differ is refused, not ignored. Its original stands in the same file, or in the arena.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from adapters.config.account_config import AccountConfig
from adapters.config.paper_config import paper_terms_of
from adapters.config.problems import KeyPath, Problem, closest
from adapters.config.yaml_document import Data, Document
from trading.account import Account, Mode
from trading.decision.twin_account import TwinWish, build_twin

TWIN = "twin_of"
TWIN_KEYS = ("id", "name", TWIN, "initial_equity", "paper")
"""What a twin has of its own."""
_WITHOUT_MEANING = {
    "mode": "is of no use to a twin, which always trades on paper",
    "asterdex": "is of no use to a twin, which trades on paper",
    "openrouter": "is of no use to a twin, which asks no model",
    "foreign": "is of no use to a twin, which is alone on its venue",
    "bracket": "is of no use to a twin, which trades on paper",
}


def take_out_foreign_keys(
    document: Document, entry: dict[str, Data], path: KeyPath, *, asset: str
) -> list[Problem]:
    """Name the keys of a twin that are its original's, and take them out, in place.

    `asset` stands in for the assets, which every other account must name.
    """
    original = entry.get(TWIN)
    if original is None:
        return []
    taken = [key for key in entry if key in AccountConfig.model_fields and key not in TWIN_KEYS]
    problems = [
        document.problem(
            (*path, key), _WITHOUT_MEANING.get(key, f"is taken from {original!r}"), "remove it"
        )
        for key in taken
    ]
    for key in taken:
        del entry[key]
    entry["assets"] = [asset]
    return problems


@dataclass(slots=True, kw_only=True)
class TwinBuilder:
    """Builds the twins of one document and gathers what is wrong with them."""

    document: Document
    entries: Mapping[int, AccountConfig]
    stored: Sequence[Account] | None
    """Accounts of the arena; None where no arena was asked."""
    problems: list[Problem] = field(default_factory=list[Problem])

    def build(self, built: Mapping[str, Account]) -> dict[int, Account]:
        """The twins by their place in the file; `built` are its other accounts by id."""
        known = {**{each.id: each for each in self.stored or ()}, **built}
        twins: dict[int, Account] = {}
        taken: dict[str, str] = {}
        for index, entry in self.entries.items():
            if entry.twin_of is None:
                continue
            problem = self._problem(index, entry, entry.twin_of, taken)
            taken.setdefault(entry.twin_of, entry.id)
            if problem is not None:
                self.problems.append(problem)
            elif entry.twin_of in known:  # else it is faulty itself, which is said elsewhere
                twins[index] = build_twin(_wish(entry), known[entry.twin_of])
        return twins

    def _problem(
        self, index: int, entry: AccountConfig, original: str, taken: Mapping[str, str]
    ) -> Problem | None:
        found = self._why_not(entry, original, taken)
        if found is None:
            return None
        return self.document.problem(("accounts", index, TWIN), *found)

    def _why_not(
        self, entry: AccountConfig, original: str, taken: Mapping[str, str]
    ) -> tuple[str, str] | None:
        """What is wrong with the original that was named, and the next step."""
        said = f"is {original!r}, which "
        if original == entry.id:
            return f"{said}is the account itself", self._name_a_live_one(original)
        facts = self._facts_of(original)
        if facts is None:
            return self._unknown(original)
        is_live, its_original = facts
        if its_original is not None:
            return f"{said}is a twin itself", f"name its original, {its_original!r}"
        if not is_live:
            return f"{said}trades on paper", self._name_a_live_one(original)
        other = taken.get(original) or self._stored_twin_of(original, entry.id)
        if other is not None:
            return f"{said}has the twin {other!r} already", "keep one of the two"
        return None

    def _facts_of(self, account_id: str) -> tuple[bool, str | None] | None:
        """Whether an account is live, and whose twin it is; None when nobody knows it."""
        for config in self.entries.values():
            if config.id == account_id:
                return config.mode == "live", config.twin_of
        for account in self.stored or ():
            if account.id == account_id:
                return account.mode is Mode.LIVE, account.twin_of
        return None

    def _stored_twin_of(self, original: str, own_id: str) -> str | None:
        """A twin in the arena that this file does not describe."""
        named = {config.id for config in self.entries.values()} | {own_id}
        others = (each for each in self.stored or () if each.twin_of == original)
        return next((each.id for each in others if each.id not in named), None)

    def _unknown(self, original: str) -> tuple[str, str]:
        if self.stored is None:
            text = f"is {original!r}, which this file does not have"
            return text, f"describe account {original!r} in this file as well"
        text = f"is {original!r}, which is neither in this file nor in the arena"
        return text, self._name_a_live_one(original)

    def _name_a_live_one(self, written: str) -> str:
        live = [config.id for config in self.entries.values() if config.mode == "live"]
        live += [each.id for each in self.stored or () if each.mode is Mode.LIVE]
        return closest(written, live) or f"name a live account: {_listed(live)}"


def _listed(ids: Iterable[str]) -> str:
    return ", ".join(sorted(set(ids))) or "there is none yet"


def _wish(entry: AccountConfig) -> TwinWish:
    return TwinWish(
        id=entry.id,
        name=entry.name,
        initial_equity=entry.initial_equity,
        paper=paper_terms_of(entry.paper),
    )
