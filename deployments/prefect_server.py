"""Starts Prefect's server: `python -m deployments.prefect_server server start`.

The same as `python -m prefect`, with one repair for SQLAlchemy 2.1. There a bulk insert refuses a
hybrid attribute among its values unless the model says what to do with it; Prefect 3.8's scheduler
passes `state`, which SQLAlchemy 2.0 ignored, and so plans no run at all. The repair is to ignore it
again. It does nothing under SQLAlchemy 2.0 and can go once Prefect supports 2.1.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from prefect.server.database import orm_models
from sqlalchemy.ext.hybrid import hybrid_property


def ignore_state_in_bulk_inserts() -> None:
    """Let the runs' `state` be left out of bulk inserts, as SQLAlchemy 2.0 did."""
    for model in (orm_models.FlowRun, orm_models.TaskRun):
        attribute = vars(model)["state"]
        if isinstance(attribute, hybrid_property) and hasattr(attribute.inplace, "bulk_dml"):
            attribute.inplace.bulk_dml(_leave_out)


def _leave_out(_model: type, _values: MutableMapping[str, Any], _state: object) -> None:
    """Prefect writes the state row by itself right after the insert."""


if __name__ == "__main__":
    from prefect.cli import app

    ignore_state_in_bulk_inserts()
    app()
