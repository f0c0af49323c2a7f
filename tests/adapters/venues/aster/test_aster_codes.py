"""Every error code of the reference has its meaning and its action; verdicts follow status and method."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.venues.aster import endpoints
from adapters.venues.aster.answers import (
    Answer,
    NoAnswer,
    Unparsable,
    parse_json,
    refusal,
    value_of,
)
from adapters.venues.aster.codes import TABLE, Action, meaning_of, render_codes
from adapters.venues.aster.endpoints import Endpoint
from adapters.venues.aster.errors import Blocked, Refused, Unreachable, Unsettled, Unusable
from trading.errors import VenueError

LISTED = {
    Action.RECONCILE: [-1001, -1006, -1007, -2022, -2024, -4118],
    Action.BACK_OFF: [-1003, -1015],
    Action.RESYNC: [-1021, -4225],
    Action.STOP_ACCOUNT: [-1002, -1022, -2014, -2015, -1016, -2023],
    Action.RENEW_STREAM: [-1125],
    Action.GIVE_UP: [
        *(-1000, -1100, -1102, -1106, -1111, -1114, -1119, -1128, -1130, -1136, -1120, -1121),
        *(-2010, -2018, -2019, -4050, -4051, -4002, -4013, -4014, -4015, -4023, -4024),
        *(-4164, -4183, -4184, -5060, -5076, -1, -9999, -4300),
    ],
    Action.SPLIT: [-1127, -4165, -4082, -4083],
    Action.GONE: [-2011, -2013],
    Action.SKIP_CYCLE: [-2020, -4131],
    Action.CLOSE_NOW: [-2021, -4142],
    Action.CANCEL_STALE: [-2025, -4045],
    Action.LOWER: [-2027, -2028, -4028],
    Action.KEEP_SETTING: [-2030, -4161, -4047, -4048, -4067, -4068],
    Action.ALREADY_SO: [-4046, -4059],
    Action.REREAD_MODE: [-4061, -4062, -4168],
    Action.NO_ENTRIES: [-4087, -4088],
    Action.SKIP_SYMBOL: [-4140, -4141, -2016],
}
WRITES = [e for e in vars(endpoints).values() if isinstance(e, Endpoint) and e.is_write]
READS = [e for e in vars(endpoints).values() if isinstance(e, Endpoint) and not e.is_write]


@pytest.mark.parametrize(
    ("code", "action"),
    [(code, action) for action, codes in LISTED.items() for code in codes],
)
def test_each_code_of_the_reference_says_what_is_done(code: int, action: Action) -> None:
    assert meaning_of(code).action is action


def test_no_code_stands_in_two_rows() -> None:
    codes = [code for row in TABLE for code in row.codes]
    assert len(codes) == len(set(codes)) > 80


def test_the_table_for_people_names_every_row() -> None:
    table = render_codes()
    assert len(table.splitlines()) == len(TABLE) + 3
    assert "| -1100 to -1106, -1111, -1114 to -1119, -1128, -1130, -1136 |" in table


def answered(status: int, document: object) -> Answer:
    return Answer(status=status, headers={}, body=json.dumps(document).encode())


statuses = st.one_of(st.integers(100, 599), st.sampled_from([200, 400, 408, 418, 429, 503]))
documents = st.one_of(
    st.fixed_dictionaries({"code": st.integers(-5100, -1), "msg": st.text(max_size=20)}),
    st.fixed_dictionaries({"code": st.sampled_from(["-2010", "-1007", 0, 200, None, True])}),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
    st.lists(st.integers(), max_size=2),
    st.none(),
)


def verdict(endpoint: Endpoint, answer: Answer) -> VenueError | None:
    """The error of an answer; None for a good one."""
    try:
        value_of(endpoint, "x", answer)
    except VenueError as error:
        return error
    return None


@given(st.sampled_from(WRITES), statuses, documents)
def test_a_5xx_to_a_write_is_never_a_verdict_whatever_it_says(endpoint, status, document) -> None:
    error = verdict(endpoint, answered(status, document))
    assert error is not None or 200 <= status < 300
    if status >= 500 or status == 408:
        assert isinstance(error, Unsettled)
    if isinstance(error, Unreachable):
        assert isinstance(error, Blocked)
        assert status in (403, 418, 429) or document["code"] in (-1003, -1015)


@given(st.sampled_from(READS), statuses, documents)
def test_a_read_is_never_unsettled(endpoint, status, document) -> None:
    assert not isinstance(verdict(endpoint, answered(status, document)), Unsettled)


@given(st.binary(max_size=60), st.integers(200, 499))
def test_no_bytes_bring_down_the_reading_and_garbage_to_a_write_is_no_success(body, status) -> None:
    answer = Answer(status=status, headers={}, body=body)
    for endpoint in (endpoints.SUBMIT, endpoints.BALANCE):
        if verdict(endpoint, answer) is None:
            assert status < 300
            assert value_of(endpoint, "x", answer) == parse_json(body)


@pytest.mark.parametrize("was_written", [True, False])
def test_without_an_answer_what_was_written_decides(was_written: bool) -> None:
    nothing = NoAnswer(was_written=was_written, reason="gone")
    with pytest.raises(Unsettled if was_written else Unreachable):
        value_of(endpoints.SUBMIT, "POST x", nothing)
    with pytest.raises(Unreachable):
        value_of(endpoints.BALANCE, "GET x", nothing)


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        (endpoints.SUBMIT, Refused),
        (endpoints.CANCEL, Unsettled),
        (endpoints.CANCEL_ALL, Unsettled),
        (endpoints.KEEP_STREAM, Refused),
        (endpoints.BALANCE, Refused),
    ],
)
def test_a_burnt_nonce_is_final_except_for_deletes(endpoint: Endpoint, expected: type) -> None:
    error = refusal(endpoint, "x", -4225, "Nonce Expired")
    assert isinstance(error, expected)
    assert error.code == -4225


def test_a_code_as_text_is_a_code_and_a_positive_one_is_success() -> None:
    with pytest.raises(Refused) as caught:
        value_of(endpoints.SUBMIT, "x", answered(400, {"code": "-2010", "msg": "no"}))
    assert caught.value.code == -2010
    done = {"code": "200", "msg": "done"}
    assert value_of(endpoints.CANCEL_ALL, "x", answered(200, done)) == done


def test_a_404_page_to_a_read_is_final_and_a_strange_200_is_not() -> None:
    page = Answer(status=404, headers={}, body=b"<html>")
    with pytest.raises(Refused) as caught:
        value_of(endpoints.OPEN_INTEREST, "x", page)
    assert (caught.value.code, caught.value.action) == (404, Action.GIVE_UP)
    with pytest.raises(Unusable):
        value_of(endpoints.OPEN_INTEREST, "x", Answer(status=200, headers={}, body=b"<html>"))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"NaN", b"[Infinity]", b"\xff\xfe", b"[" * 50_000, b'{"a":1}x']
)
def test_what_is_no_json_is_named_as_such(body: bytes) -> None:
    with pytest.raises(Unparsable):
        parse_json(body)


def test_numbers_keep_their_digits() -> None:
    document = parse_json(b'{"a": 0.1000000000000000055511151231257827, "b": 12}')
    assert str(document["a"]) == "0.1000000000000000055511151231257827"
    assert document["b"] == 12
