"""`perpflow decisions show`: one call from the question to what became of it, as lines of plain text.

Every line passes `shown`: what a model or a provider wrote can be read and does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.decisions.screens import cost_words, time_words
from cli.terminal_text import shown, shown_on_one_line
from trading.units import plain

Document = Mapping[str, Any]
_PASSED = {True: "passed", False: "FAILED", None: "not reached"}


def call_lines(found: Document) -> Iterator[str]:
    """The whole screen."""
    for line in _lines(found):
        yield shown(line)


def _lines(found: Document) -> Iterator[str]:
    yield from _head(found)
    yield from _messages(found["call"]["messages"])
    yield from _titled("reply", found["reply_text"] or "(none)")
    yield from _reading(found["reading"])
    yield from _decisions(found["decisions"], found["outcomes"])
    yield from _requests(found["call"]["rounds"])


def _head(found: Document) -> Iterator[str]:
    used = found["model_used"]
    answered = f", answered by {used}" if used not in (None, found["model_asked"]) else ""
    yield f"call     {found['id']}"
    yield f"account  {found['account_id']}"
    yield f"model    {found['model_asked']} at {found['host']}{answered}"
    yield f"prompt   {found['prompt_name']} {found['prompt_version']}, {found['form']} form"
    yield f"asked    for {time_words(found['at'])} market time, to {_purpose(found)}"
    yield f"took     {found['seconds']:.2f} s, from {time_words(found['real_started_at'])} real time"
    reason = found["reason"]
    yield f"outcome  {found['outcome']}" + (f": {shown_on_one_line(reason)}" if reason else "")
    yield f"cost     {_money(found)}; requests that may have been billed: {found['billed']}"
    yield f"tokens   {_tokens(found)}"


def _money(found: Document) -> str:
    words = cost_words(found)
    return words if words == "unknown" else f"{words} USD"


def _purpose(found: Document) -> str:
    original = found["replay_of"]
    return found["purpose"] + (f" call {original}" if original else "")


def _tokens(found: Document) -> str:
    unknown = found["unknown_usages"]
    more = f"; requests that nobody counted: {unknown}" if unknown else ""
    return f"{found['known_tokens']}{more}"


def _messages(messages: Sequence[Document]) -> Iterator[str]:
    for number, message in enumerate(messages, start=1):
        yield from _titled(f"message {number}, {message['role']}", message["text"] or "")
        for call in message["tool_calls"]:
            yield f"    asks for {shown_on_one_line(call['name'] + ': ' + call['arguments'])}"


def _titled(title: str, text: str) -> Iterator[str]:
    yield ""
    yield f"--- {title} ---"
    # Indented, so that nobody's words can pass for a heading or a verdict of ours.
    yield from (f"    {line}" for line in shown(text).split("\n") if text)


def _reading(reading: Document | None) -> Iterator[str]:
    yield from _titled("how it was read", "")
    if reading is None or "rules" not in reading:
        yield "there was nothing to read"
        return
    yield f"path     {', '.join(reading['path']) or 'no document found'}"
    for rule in reading["rules"]:
        yield _with_sentence(f"rule     {rule['rule']:<10} {_PASSED[rule['passed']]}", rule)
    for verdict in reading["verdicts"]:
        words = f"asset    {verdict['asset']:<10} {verdict['outcome']}, {verdict['action']}"
        yield _with_sentence(words, verdict)
    if reading["dropped"]:
        yield f"dropped  {', '.join(reading['dropped'])}"


def _with_sentence(words: str, of: Document) -> str:
    return f"{words}: {shown_on_one_line(of['sentence'])}" if of["sentence"] else words


def _decisions(decisions: Sequence[Document], outcomes: Sequence[Document]) -> Iterator[str]:
    yield from _titled("decisions, and what risk said", "")
    if not decisions:
        yield "no decision was made of it"
    for each in decisions:
        yield f"{each['asset']} {each['action']}{_order(each)}  ({each['id']})"
        yield f"    risk: {_verdict(each)}"
        yield f"    because: {shown_on_one_line(each['rationale'])}"
        if each["exit_plan"]:
            yield f"    exit plan: {shown_on_one_line(each['exit_plan'])}"
        for outcome in outcomes:
            if outcome["decision_id"] == each["id"]:
                yield f"    {_turned_out(outcome)}"


def _order(decision: Document) -> str:
    if decision["action"] not in ("buy", "sell"):
        return ""
    levels = (("stop", decision["stop_price"]), ("target", decision["take_profit_price"]))
    told = "".join(f", {name} {plain(price)}" for name, price in levels if price is not None)
    return f" {plain(decision['allocation_usd'])} USD at {plain(decision['reference_price'])}{told}"


def _verdict(decision: Document) -> str:
    code, words = decision["verdict_code"], decision["verdict_text"]
    said = decision["verdict"] or "nothing yet"
    if code:
        said += f", {code}"
    if decision["verdict_limit"] is not None:
        said += f" (limit {decision['verdict_limit']}, actual {decision['verdict_actual']})"
    return f"{said}: {shown_on_one_line(words)}" if words else said


def _turned_out(outcome: Document) -> str:
    parts = [f"price moved {outcome['move_ratio'] * 100:+.2f} %"]
    if outcome["result_ratio"] is not None:
        parts.append(f"for the decision {outcome['result_ratio'] * 100:+.2f} %")
    if outcome["net_pnl"] is not None:
        parts.append(f"trade {plain(outcome['net_pnl'])} USD net")
    return f"after {outcome['horizon']}: {', '.join(parts)}"


def _requests(rounds: Sequence[Document]) -> Iterator[str]:
    yield from _titled("requests", "")
    for number, each in enumerate(rounds, start=1):
        yield f"round {number}, asked as {each['output']}, {_parameters(each['parameters'])}"
        for attempt in each["attempts"]:
            yield f"    {_attempt(attempt)}"
        for tool in each["tools_run"]:
            done = "was run" if tool["was_run"] else "was not run"
            yield f"    tool {tool['call']['name']} {done}, {tool['seconds']:.2f} s"


def _parameters(parameters: Document) -> str:
    """Those that are short; schemas and lists of tools are in `--json`."""
    told = [f"{name}={value}" for name, value in parameters.items() if not _is_long(value)]
    return ", ".join(told) or "no parameters"


def _is_long(value: object) -> bool:
    return isinstance(value, Mapping | list)


def _attempt(attempt: Document) -> str:
    cost = "unknown" if attempt["cost"] is None else f"{attempt['cost']} USD"
    status = attempt["status"] or "no answer"
    reason = f": {shown_on_one_line(attempt['reason'])}" if attempt["reason"] else ""
    return (
        f"{attempt['outcome']} ({status}) in {attempt['seconds']:.2f} s, billed {attempt['billing']},"
        f" cost {cost} ({attempt['cost_source']}){reason}"
    )
