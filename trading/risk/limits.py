from trading.limits import *  # noqa: F403
