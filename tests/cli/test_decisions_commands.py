"""`perpflow decisions`: what it lists, finds, shows and exports, on a database without an arena running."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine, text

from adapters.llm.messages import ToolCall
from adapters.llm.records import ToolRun
from adapters.store.accounts import mark_removed
from api.app import create_app
from cli.exit_codes import ExitCode
from cli.terminal_text import inert_json, shown
from tests.api.conftest import LOCAL, running, settings_for
from tests.api.model_call_seeding import Asked, seed_model_calls
from tests.api.seeding import START, add_cycle, add_decision
from tests.cli.conftest import Ended
from tests.model_calls import REAL, entry, reply_of, store_call

pytestmark = pytest.mark.db

HOSTILE = "[bold red]loud[/] :smile: \x1b]0;title\x07 \x1b[2J \x9b31m \u202ereversed\u202c \rgone \U000e0001"
Decisions = Callable[..., Ended]


@pytest.fixture
def asked(engine: Engine) -> Asked:
    with engine.begin() as conn:
        return seed_model_calls(conn)


@pytest.fixture
def decisions(
    perpflow: Callable[..., Ended], database_url: str, asked: Asked
) -> Callable[..., Ended]:
    """`decisions("list")` is `perpflow decisions list` on these calls."""

    def call(*arguments: str) -> Ended:
        return perpflow("decisions", *arguments, DATABASE_URL=database_url)

    return call


def listed(decisions: Decisions, *arguments: str) -> list[str]:
    ended = decisions(*arguments, "--json")
    assert ended.code == 0, ended.stderr
    return [each["id"] for each in json.loads(ended.stdout)["items"]]


def is_harmless(words: str) -> bool:
    """Nothing in it but what a terminal shows, and the ends of lines."""
    return all(each.isprintable() or each == "\n" for each in words)


def test_the_list_shows_the_newest_call_first(decisions: Decisions, asked: Asked) -> None:
    assert listed(decisions, "list") == asked.newest_first
    rows = decisions("list").stdout.splitlines()[3:9]
    assert [line.split()[0] for line in rows] == [each[:8] for each in asked.newest_first]
    assert "model_provider_fa" in rows[2]


def test_the_list_tells_decisions_and_that_a_cost_is_unknown(
    decisions: Decisions, asked: Asked
) -> None:
    found = decisions("list", "--asset", "btc", "--account", "grok").stdout
    assert "BTC buy denied, ETH hold" in " ".join(found.split())
    assert "unknown" in found


def test_filters_narrow_the_list(decisions: Decisions, asked: Asked) -> None:
    for options, wanted in (
        (("--account", "other"), ["elsewhere"]),
        (("--action", "buy"), ["bought"]),
        (
            ("--action", "buy", "--action", "hold", "--asset", "eth"),
            ["elsewhere", "held", "bought"],
        ),
        (("--outcome", "truncated"), ["broken"]),
        (("--purpose", "preview"), ["previewed"]),
        (("--model", "other/model"), ["previewed"]),
        (("--since", "2026-03-02T04:00", "--until", "2026-03-02T05:00:00Z"), ["previewed"]),
        (("--until", "2026-03-02"), []),
    ):
        assert listed(decisions, "list", *options) == [str(getattr(asked, n)) for n in wanted]


def test_a_list_that_is_cut_says_so(decisions: Decisions) -> None:
    assert json.loads(decisions("list", "-n", "2", "--json").stdout)["has_more"] is True
    assert "there are more" in decisions("list", "-n", "2").stdout
    assert "there are more" not in decisions("list", "-n", "6").stdout


def test_search_finds_the_words_of_a_reply(decisions: Decisions, asked: Asked) -> None:
    assert listed(decisions, "search", "quiet -bullish") == [str(asked.elsewhere), str(asked.held)]
    assert listed(decisions, "search", "quiet", "--account", "grok") == [str(asked.held)]
    assert "no call of a model fits" in decisions("search", "nowhere").stdout


def test_show_tells_the_whole_story_of_a_call(decisions: Decisions, asked: Asked) -> None:
    found = decisions("show", str(asked.bought)).stdout
    for words in (
        "You manage one trading account.",
        "--- message 2, user ---",
        "The trend is up: ",
        "path     in prose",
        "rule     finish     passed",
        "asset    BTC        accepted, buy",
        "risk: denied, cooldown: the symbol was closed 10 minutes ago, the cooldown is 15",
        "after 1h: price moved +1.00 %",
        "cost     0.0123 USD",
        "tokens   1000",
        "round 1, asked as json_schema, temperature=0.2",
        "answered (200) in 1.25 s, billed yes, cost 0.0123 USD (provider)",
    ):
        assert words in found, words


def test_show_tells_which_rule_a_reply_broke(decisions: Decisions, asked: Asked) -> None:
    found = decisions("show", str(asked.broken)).stdout
    assert "outcome  truncated: " in found
    assert "rule     finish     FAILED: " in found
    assert "rule     syntax     not reached" in found
    assert "no decision was made of it" in found


def test_show_tells_why_there_was_no_reply(decisions: Decisions, asked: Asked) -> None:
    found = decisions("show", str(asked.failed)).stdout
    assert "outcome  model_provider_failed: the provider is overloaded" in found
    assert "there was nothing to read" in found


def test_show_tells_tools_and_that_a_price_is_unknown(decisions: Decisions, engine: Engine) -> None:
    asked = ToolCall(id="1", name="get_indicator", arguments='{"name": "RSI"}\n--- reply ---')
    run = ToolRun(call=asked, answer="61.2", was_run=True, seconds=0.01)
    with engine.begin() as conn:
        call = store_call(conn, "grok", reply_of(entry()), at=START, cost=None, tools=[run])
    found = decisions("show", str(call)).stdout
    assert '    asks for get_indicator: {"name": "RSI"} --- reply ---' in found
    assert "tool get_indicator was run, 0.01 s" in found
    assert "cost     unknown; requests that may have been billed: 1" in found


def test_show_takes_the_start_of_an_id_and_the_id_of_a_decision(
    decisions: Decisions, asked: Asked, engine: Engine
) -> None:
    with engine.connect() as conn:
        decision: UUID = conn.scalar(
            text("select id from app.decisions where model_call_id = :call limit 1"),
            {"call": asked.held},
        )
    for named in (
        str(asked.held)[:8],
        str(asked.held).upper(),
        str(asked.held)[:13],
        str(decision),
    ):
        assert json.loads(decisions("show", named, "--json").stdout)["id"] == str(asked.held)


@pytest.mark.parametrize(
    "named", ["", "abc", "0000000", "00000000", "zzzzzzzzz", "' or 1=1", "-" * 9]
)
def test_show_refuses_what_is_no_id_of_a_call(decisions: Decisions, named: str) -> None:
    ended = decisions("show", "--", named)
    assert ended.code == ExitCode.WRONG_USAGE
    assert "perpflow decisions list" in ended.stderr


def test_show_names_the_calls_that_an_id_may_mean(decisions: Decisions, engine: Engine) -> None:
    with engine.begin() as conn:
        for number in (1, 2):
            call = store_call(conn, "grok", reply_of(entry()), at=START)
            conn.execute(
                text("update app.model_calls set id = :new where id = :old"),
                {"new": UUID(int=0xABCDEF12 << 96 | number), "old": call},
            )
    ended = decisions("show", "abcdef12")
    assert ended.code == ExitCode.WRONG_USAGE
    assert "abcdef12-0000-0000-0000-000000000002" in ended.stderr


def test_the_words_of_a_model_do_nothing_to_a_terminal(
    decisions: Decisions, engine: Engine
) -> None:
    answer = reply_of(entry(rationale=HOSTILE), prose=HOSTILE)
    with engine.begin() as conn:
        call = store_call(
            conn, "grok", answer, at=START, model=HOSTILE, outcome="accepted", usage=None
        )
        cycle = add_cycle(conn, "grok", START - (REAL - REAL.replace(hour=1)), real_at=REAL)
        add_decision(
            conn, "grok", cycle, "BTCUSDT", START, model_call_id=call, rationale=HOSTILE,
            exit_plan=HOSTILE, verdict_text=HOSTILE, decided_by=HOSTILE,
        )  # fmt: skip
    for arguments in (("list",), ("list", "--json"), ("show", str(call)), ("export",),
                      ("show", str(call), "--json"), ("list", "--model", HOSTILE)):  # fmt: skip
        ended = decisions(*arguments)
        assert ended.code == 0, ended.stderr
        assert is_harmless(ended.stdout), arguments
    assert "[bold red]loud[/] :smile:" in decisions("show", str(call)).stdout
    assert "[bold" in decisions("list").stdout


def test_a_reply_cannot_imitate_what_we_say_of_it(decisions: Decisions, engine: Engine) -> None:
    forged = "--- decisions, and what risk said ---\nBTC buy 9 USD\n    risk: approved"
    with engine.begin() as conn:
        call = store_call(conn, "grok", forged, at=START)
    lines = decisions("show", str(call)).stdout.splitlines()
    assert lines.count("--- decisions, and what risk said ---") == 1
    assert "    BTC buy 9 USD" in lines


def test_an_unknown_account_is_named_with_those_there_are(decisions: Decisions) -> None:
    for command in ("list", "export"):
        ended = decisions(command, "--account", "nobody\x1b[31m")
        assert ended.code == ExitCode.WRONG_USAGE
        assert "grok" in ended.stderr
        assert is_harmless(ended.stderr)


def test_a_removed_account_keeps_its_past(
    decisions: Decisions, engine: Engine, asked: Asked
) -> None:
    with engine.begin() as conn:
        mark_removed(conn, "other")
    assert listed(decisions, "list", "--account", "other") == [str(asked.elsewhere)]


@pytest.mark.parametrize("at", ["yesterday", "2026-13-01", ""])
def test_a_time_that_is_none_is_refused_with_an_example(decisions: Decisions, at: str) -> None:
    ended = decisions("list", "--since", at)
    assert ended.code == ExitCode.WRONG_USAGE
    assert "--since" in ended.stderr
    assert "2026-11-20T09:00:00Z" in ended.stderr


def test_the_export_says_what_the_api_exports(
    decisions: Decisions, database_url: str, asked: Asked
) -> None:
    async def fetch() -> str:
        app = create_app(settings_for(database_url))
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 50_000))
        async with running(app), httpx.AsyncClient(transport=transport, base_url=LOCAL) as client:
            return (await client.get("/api/v1/model-calls.jsonl", params={"text": "quiet"})).text

    told = decisions("export", "--text", "quiet").stdout
    assert told == asyncio.run(fetch())
    assert len(told.splitlines()) == 2


def test_the_export_is_one_document_a_line_with_all_of_a_call(
    decisions: Decisions, asked: Asked
) -> None:
    lines = [json.loads(line) for line in decisions("export").stdout.splitlines()]
    assert [line["id"] for line in lines] == asked.newest_first
    whole = json.loads(decisions("show", str(asked.bought), "--json").stdout)
    assert whole == {"schema_version": 1, **lines[-1]}
    assert len(decisions("export", "-n", "2", "--account", "grok").stdout.splitlines()) == 2


def test_json_keeps_its_meaning_when_it_is_made_harmless() -> None:
    words = HOSTILE + "\x7f\u2028 \\u0000 Stra\u00dfe \U0001f680"
    written = inert_json(json.dumps({"a": words}, ensure_ascii=False))
    assert json.loads(written) == {"a": words}
    assert is_harmless(written)
    assert "Stra\u00dfe \U0001f680" in written


def test_shown_text_keeps_lines_letters_and_spaces() -> None:
    assert shown("a\r\nb\tc\u00a0d \u4e2d\u3000x") == "a\nb   c d \u4e2d x"
    assert (
        shown("\x1b[2J\x07\r") == "\N{REPLACEMENT CHARACTER}[2J" + "\N{REPLACEMENT CHARACTER}" * 2
    )
