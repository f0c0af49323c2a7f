"""What a model is told when its reply could not be used: the errors in plain words, once.

Of bounded length whatever the reply was, and made of our own sentences: of the model's text it
holds short, printable quotations only.
"""

from __future__ import annotations

from trading.decision.contract import (
    PORTFOLIO_FIELDS,
    SINGLE_FIELDS,
    Contract,
)
from trading.decision.reply.outcomes import Outcome
from trading.decision.reply.read import Reading
from trading.decision.reply.words import clean_words

MOST_ERRORS = 10
LONGEST_ERROR = 240
"""Characters of one error."""
_HINTS = {
    Outcome.TRUNCATED: "Answer more briefly.",
    Outcome.TOO_LONG: "Answer more briefly.",
    Outcome.EMPTY: "Reason less and leave room for the answer.",
    Outcome.UNCLOSED_REASONING: "Reason less and leave room for the answer.",
}


def correction_message(reading: Reading, contract: Contract) -> str:
    """The message that asks for a better reply; empty when there is nothing to correct."""
    if reading.is_clean:
        return ""
    errors = [clean_words(each, LONGEST_ERROR) for each in reading.corrections[:MOST_ERRORS]]
    lines = ["Your reply could not be used as it is:", *(f"- {error}" for error in errors)]
    hidden = len(reading.corrections) - len(errors)
    if hidden > 0:
        lines.append(f"- and {hidden} more.")
    lines += [_HINTS[reading.outcome]] if reading.outcome in _HINTS else []
    lines.append(
        f"Reply again with {_form(contract)} and nothing else. Decide all assets anew; what is not"
        " valid then is held."
    )
    return "\n".join(lines)


def _form(contract: Contract) -> str:
    if contract is Contract.PORTFOLIO:
        return (
            'one JSON object {"trade_decisions": [...]}, one entry per asset, each with '
            + ", ".join(PORTFOLIO_FIELDS)
        )
    return "one JSON object with " + ", ".join(SINGLE_FIELDS)
