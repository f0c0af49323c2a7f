from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import NullPool, create_engine, text

from adapters.store.alerts import AlertSeverity, clear_alert, open_alerts, raise_alert
from tests.adapters.store.conftest import SLOT

pytestmark = pytest.mark.db

SILENT = {"code": "no_finished_cycle", "severity": AlertSeverity.CRITICAL, "at": SLOT}


def events(conn):
    rows = conn.execute(text("select kind, account_id, channel from app.events order by id"))
    return [tuple(row) for row in rows]


def test_an_alert_is_opened_once_and_told_once_however_often_it_is_raised(conn):
    assert raise_alert(conn, account_id="acc1", sentence="silent for 15 minutes", **SILENT)
    assert not raise_alert(conn, account_id="acc1", sentence="silent for 16 minutes", **SILENT)
    [alert] = open_alerts(conn)
    assert (alert.account_id, alert.sentence) == ("acc1", "silent for 16 minutes")
    assert alert.real_seen_at > alert.real_raised_at
    assert events(conn) == [("alert.raised", "acc1", "system")]


def test_alerts_of_the_system_and_of_an_account_with_one_code_stand_side_by_side(conn):
    assert raise_alert(conn, sentence="all", **SILENT)
    assert not raise_alert(conn, sentence="all of them", **SILENT)
    assert raise_alert(conn, account_id="acc1", sentence="one", **SILENT)
    assert [alert.account_id for alert in open_alerts(conn)] == [None, "acc1"]


def test_a_cleared_alert_is_told_once_and_may_be_raised_again(conn):
    raise_alert(conn, account_id="acc1", sentence="silent", **SILENT)
    assert clear_alert(conn, code="no_finished_cycle", account_id="acc1", at=SLOT)
    assert not clear_alert(conn, code="no_finished_cycle", account_id="acc1", at=SLOT)
    assert open_alerts(conn) == ()
    assert raise_alert(conn, account_id="acc1", sentence="silent again", **SILENT)
    assert [kind for kind, *_ in events(conn)] == ["alert.raised", "alert.cleared", "alert.raised"]


def test_clearing_another_code_or_account_leaves_an_alert_open(conn):
    raise_alert(conn, account_id="acc1", sentence="silent", **SILENT)
    assert not clear_alert(conn, code="cycles_failing", account_id="acc1", at=SLOT)
    assert not clear_alert(conn, code="no_finished_cycle", at=SLOT)
    assert len(open_alerts(conn, code="no_finished_cycle")) == 1
    assert open_alerts(conn, code="cycles_failing") == ()


def test_of_ten_processes_that_raise_one_alert_at_once_exactly_one_opens_it(build, database_url):
    engine = create_engine(database_url, poolclass=NullPool)

    def attempt(_: int) -> bool:
        with engine.begin() as conn:
            return raise_alert(conn, account_id="acc1", sentence="silent", **SILENT)

    with ThreadPoolExecutor(10) as pool:
        assert sorted(pool.map(attempt, range(10))) == [False] * 9 + [True]
