"""What the warm parent imports before it forks: everything that a cycle would import first.

Imported once by the fork server of `deployments.warm.children`; nothing may be opened here (no
database, no thread, no event loop), because a fork would share it.
"""

import gc

import prefect.cli
import prefect.engine
import prefect.events.clients
import prefect.flow_engine

import deployments.warm.child
import flows.collect_market
import flows.trade_account
import flows.watch_exits

__all__ = ["deployments", "flows", "prefect"]

# What is here now stays for good: the collector of a child need not touch it, so that the pages
# stay shared between all children.
gc.collect()
gc.freeze()
