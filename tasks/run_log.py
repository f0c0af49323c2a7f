"""Where a step tells its story: the log of its flow run, or of the process when there is no run.

The operator's flatten uses the same steps as a cycle, and works while Prefect is down.
"""

from __future__ import annotations

import logging
from typing import Any

from prefect import get_run_logger
from prefect.exceptions import MissingContextError

_OUTSIDE = logging.getLogger("perpflow.operator")


def run_log() -> logging.Logger | logging.LoggerAdapter[Any]:
    """The logger of the running flow or task, else `perpflow.operator`."""
    try:
        return get_run_logger()
    except MissingContextError:
        return _OUTSIDE
