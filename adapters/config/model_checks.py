"""What is wrong with an account that asks a language model, beyond the shape of its keys.

Its key, where it needs one; where its model is asked (faults A26); its prompt, which somebody else
looks for (`PromptFault`), because prompts are files of another adapter; and settings that contradict
each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from adapters.config.account_config import AccountConfig
from adapters.config.explain import shown
from adapters.config.interpolation import Interpolated
from adapters.config.llm_config import LlmConfig
from adapters.config.problems import KeyPath, Problem, closest
from adapters.config.yaml_document import Document
from adapters.host_reach import Reach, reach_of
from trading.strategies.catalogue import STRATEGIES, StrategyKind

_OPENROUTER = "openrouter.ai"

PromptFault = Callable[[str], str | None]
"""What is wrong with the prompt of that name, in words behind its key; None: it can be used."""


def check_without_model(
    document: Document, config: AccountConfig, path: KeyPath
) -> Iterator[Problem]:
    """Keys that say something about a model where none decides."""
    for key in ("prompt", "llm"):
        if getattr(config, key) is not None:
            text = "goes with llm_model, which is not given"
            yield document.problem((*path, key), text, "remove it")


def check_model(
    document: Document,
    filled: Interpolated,
    config: AccountConfig,
    path: KeyPath,
    prompt_fault: PromptFault | None,
) -> Iterator[Problem]:
    """Everything that is wrong with an account of the right shape that has `llm_model`."""
    yield from _check_key(document, config, path)
    yield from _check_reach(document, filled, config, path)
    if config.prompt is not None and prompt_fault is not None:
        fault = prompt_fault(config.prompt)
        if fault is not None:
            yield document.problem((*path, "prompt"), fault)
    if config.llm is not None:
        place = (*path, "llm")
        yield from _check_fallback(document, filled, config.llm, place)
        yield from _check_providers(document, config, config.llm, place)


def is_openrouter(base_url: str | None) -> bool:
    """Whether that address is OpenRouter's, which is the one of an account that names none."""
    host = _OPENROUTER if base_url is None else _host_of(base_url)
    return host == _OPENROUTER or host.endswith("." + _OPENROUTER)


def _base_url(config: AccountConfig) -> str | None:
    return None if config.openrouter is None else config.openrouter.base_url


def _host_of(base_url: str) -> str:
    """Empty where there is none that could be asked."""
    try:
        return urlsplit(base_url).hostname or ""
    except ValueError:  # a bracket of IPv6 that never closes
        return ""


def is_private_address(base_url: str) -> bool:
    """Whether that server lies in a private network."""
    return reach_of(_host_of(base_url)) is Reach.PRIVATE


def _check_reach(
    document: Document, filled: Interpolated, config: AccountConfig, path: KeyPath
) -> Iterator[Problem]:
    provider, base_url = config.openrouter, _base_url(config)
    if provider is None or base_url is None:
        return
    reach = reach_of(_host_of(base_url))
    place = (*path, "openrouter", "base_url")
    is_what = f"is {shown(document, place, base_url, filled)}"
    if reach is Reach.FORBIDDEN:
        text = f"{is_what}, where no model can be: a link-local or metadata address, or no host"
        yield document.problem(place, text, "write the address of the model's server")
    elif reach is Reach.PRIVATE and not provider.allow_private:
        text = f"{is_what}, in a private network"
        hint = "if the server is yours, write openrouter.allow_private: true beside it"
        yield document.problem(place, text, hint)


def _check_key(document: Document, config: AccountConfig, path: KeyPath) -> Iterator[Problem]:
    has_key = config.openrouter is not None and config.openrouter.api_key is not None
    if has_key or not is_openrouter(_base_url(config)):
        return
    place = (*path, "openrouter", "api_key")
    text = f"is missing from account {config.id!r}, whose model is asked at OpenRouter"
    # A file names the variable itself; from the environment the name of the place is the variable.
    where = "put the key into .env"
    if place not in document.names:
        where += " as OPENROUTER_API_KEY and write ${OPENROUTER_API_KEY} here"
    yield document.problem(
        place, text, f"{where}; a server of your own needs openrouter.base_url instead"
    )


def _check_fallback(
    document: Document, filled: Interpolated, llm: LlmConfig, path: KeyPath
) -> Iterator[Problem]:
    name = llm.fallback
    strategy = None if name is None else STRATEGIES.get(name)
    if name is None or (strategy is not None and strategy.kind is StrategyKind.RULE):
        return
    known = [each.name for each in STRATEGIES.values() if each.kind is StrategyKind.RULE]
    place = (*path, "fallback")
    what = ", a benchmark, which decides for nobody else" if strategy else ""
    text = f"is {shown(document, place, name, filled)!r}{what}; allowed is one of"
    yield document.problem(place, f"{text} {', '.join(known)}", closest(name, known))


def _check_providers(
    document: Document, config: AccountConfig, llm: LlmConfig, path: KeyPath
) -> Iterator[Problem]:
    if llm.only_these_providers and not llm.providers:
        text = "is true, but `providers` names nobody, so nobody could answer"
        yield document.problem((*path, "only_these_providers"), text, "name one, or remove the key")
    if llm.providers and not is_openrouter(_base_url(config)):
        text = "are those of OpenRouter, and openrouter.base_url is another server"
        yield document.problem((*path, "providers"), text, "remove the key")
