from trading.paper_book import *  # noqa: F403
