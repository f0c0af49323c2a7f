from trading.decisions import *  # noqa: F403
