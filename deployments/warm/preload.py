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
import tasks.model_decisions

# The client of language models is 18 MB here, shared, or one to two seconds of the first decision of
# every child that serves an account with a model.
__all__ = ["deployments", "flows", "prefect", "tasks"]

# What is here now stays for good: the collector of a child need not touch it, so that the pages
# stay shared between all children.
gc.collect()
gc.freeze()
