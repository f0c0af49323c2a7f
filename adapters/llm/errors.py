"""The errors of asking a model, drawn as a tree; `action` of each says what the caller does.

    ModelError
    ├── NeedsPerson            nothing works until somebody acts  -> pause the account, raise an alert
    │   ├── KeyRefused         401, 403                           -> look at the key
    │   ├── CreditsExhausted   402, "insufficient_quota"          -> add credits
    │   ├── ModelUnknown       404, "not a valid model"           -> choose another model
    │   └── AddressWrong       web page, redirect, no such path   -> correct base_url
    ├── RequestRefused         400, 422, and nothing to leave out -> hold; look at the settings
    │   ├── PromptTooLong      context length, 413                -> hold; shorten the prompt
    │   └── PromptFlagged      moderation                         -> hold; look at the prompt
    ├── ModelUnavailable       nothing is known to be wrong here  -> hold, the next cycle asks again
    │   ├── RateLimited        429                                -> not before `retry_after` seconds
    │   ├── ProviderFailed     408, 5xx, error inside HTTP 200    -> hold
    │   ├── Unreachable        no connection, or it broke         -> hold
    │   ├── OutOfTime          the time for this decision is over -> hold
    │   └── BudgetSpent        tokens or money of the day are used up -> hold
    │       └── CallsSpent     no request that may be billed is left  -> hold
    ├── AnswerUnusable         200, but no answer of this protocol -> hold; the raw text is in `call`
    │   └── AnswerTooLong      more bytes than allowed            -> hold
    └── ToolFailed             one of our own tools raised        -> hold; its error is the cause

None of them is retried by the caller: what may be tried again was tried. `call` is the record of what
was asked, answered and billed until then; it is stored like that of a success. No text holds a key.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from adapters.llm.records import ModelCall
from trading.errors import TradingError


class Action(StrEnum):
    """What the caller does."""

    CALL_PERSON = "pause the account and tell a person"
    HOLD = "hold this cycle; the next one asks again"
    CHECK_SETTINGS = "hold this cycle and look at the model's settings"


class ModelError(TradingError):
    """Base of everything that asking a model raises; `code` is stable and goes into the diary."""

    code: ClassVar[str] = "model_error"
    action: ClassVar[Action] = Action.HOLD
    advice: ClassVar[str] = ""
    """What a person can do about it, where there is something."""

    def __init__(self, reason: str, call: ModelCall, retry_after: float | None = None) -> None:
        advice = f"; {self.advice}" if self.advice else ""
        super().__init__(f"{call.model_asked} at {call.host}: {reason}{advice}")
        self.reason = reason
        self.call = call
        self.retry_after = retry_after
        """Seconds, where the provider has said so."""


class NeedsPerson(ModelError):
    """Asking again cannot help."""

    code = "model_needs_person"
    action = Action.CALL_PERSON


class KeyRefused(NeedsPerson):
    """The key is wrong, revoked, or may not use this model."""

    code = "model_key_refused"
    advice = "check the account's API key and what it may use"


class CreditsExhausted(NeedsPerson):
    """The provider's account has no money left."""

    code = "model_credits_exhausted"
    advice = "add credits at the provider"


class ModelUnknown(NeedsPerson):
    """The provider has no such model, or has retired it."""

    code = "model_unknown"
    advice = "choose a model that the provider lists"


class AddressWrong(NeedsPerson):
    """Something answers there, but not this protocol."""

    code = "model_address_wrong"
    advice = "check base_url; it usually ends in /v1"


class RequestRefused(ModelError):
    """The provider does not take this request as it is."""

    code = "model_request_refused"
    action = Action.CHECK_SETTINGS
    advice = "check the model's settings"


class PromptTooLong(RequestRefused):
    """The messages do not fit into the model's context."""

    code = "model_prompt_too_long"
    advice = "fewer assets or candles, or a model with a longer context"


class PromptFlagged(RequestRefused):
    """The provider's moderation refused the messages."""

    code = "model_prompt_flagged"
    advice = "look at the prompt, or choose a model without moderation"


class ModelUnavailable(ModelError):
    """Perhaps it works the next time."""

    code = "model_unavailable"


class RateLimited(ModelUnavailable):
    """Too many requests for this key or model."""

    code = "model_rate_limited"


class ProviderFailed(ModelUnavailable):
    """The provider, or who computes for it, failed."""

    code = "model_provider_failed"


class Unreachable(ModelUnavailable):
    """There was no connection, or it ended early."""

    code = "model_unreachable"


class OutOfTime(ModelUnavailable):
    """The time limit of this decision ended the asking."""

    code = "model_out_of_time"


class BudgetSpent(ModelUnavailable):
    """The budget of the day left no other request, by tokens, money or an unknown price."""

    code = "model_budget_spent"


class CallsSpent(BudgetSpent):
    """The budget's count of billed requests left no other one."""

    code = "model_calls_spent"


class AnswerUnusable(ModelError):
    """HTTP 200 with something that is not a chat completion."""

    code = "model_answer_unusable"


class AnswerTooLong(AnswerUnusable):
    """Reading stopped at the limit; what was read is in the record."""

    code = "model_answer_too_long"
    action = Action.CHECK_SETTINGS
    advice = "lower max_tokens, or raise the limit of bytes"


class ToolFailed(ModelError):
    """A tool of ours raised something that is no answer for a model."""

    code = "model_tool_failed"
