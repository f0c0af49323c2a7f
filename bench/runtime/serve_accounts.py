"""The `serve` arm: Prefect's own `serve` with one deployment per account and one for the collector.

Run as `python -m bench.runtime.serve_accounts LIMIT MARKET ACCOUNT...`; schedules come from outside.
"""

from __future__ import annotations

import sys

from prefect import serve
from prefect.deployments.runner import EntrypointType

from flows.collect_market import collect_market
from flows.trade_account import trade_account


def main(arguments: list[str]) -> None:
    """Serve until asked to stop."""
    limit, market, *account_ids = arguments
    collector = collect_market.to_deployment(
        name=market, entrypoint_type=EntrypointType.MODULE_PATH
    )
    deployments = [
        trade_account.to_deployment(
            name=account_id,
            parameters={"account_id": account_id},
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        for account_id in account_ids
    ]
    serve(collector, *deployments, limit=int(limit), print_starting_message=False)


if __name__ == "__main__":
    main(sys.argv[1:])
