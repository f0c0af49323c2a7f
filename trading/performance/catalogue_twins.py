"""What each figure of a live account beside its paper twin means; the API and the document use it."""

from __future__ import annotations

from trading.performance.catalogue import Figure

_NO_START = "not both have a reading of equity"
_NONE_SENT = "none was sent"

TWIN_FIGURES: dict[str, Figure] = {
    "since": Figure("time", "From when on both have run; the returns begin there.", _NO_START),
    "total_return": Figure(
        "ratio",
        "As `total_return` of an account, deposits and withdrawals removed, from `since` to the"
        " newest reading. An account that is older begins with its last reading before.",
        "not both have a reading of equity, or something was earned without money to earn it on",
    ),
    "divergence": Figure("ratio", "live return - paper return.", "either is"),
    "tracking_bps": Figure(
        "basis points",
        "Per entry (live average fill - paper average fill) x side / paper average fill x 10,000;"
        " together weighted by the live quantities. Positive: the live fill is worse.",
        "no decision was filled in both",
    ),
    "tracking_cost": Figure(
        "quote",
        "What the live fills of those entries cost more than the paper prices; negative: less.",
        "no decision was filled in both",
    ),
    "both_filled": Figure("count", "Decisions whose entry was filled in both.", ""),
    "only_live": Figure("count", "Decisions whose entry was filled in the live account only.", ""),
    "only_paper": Figure("count", "Decisions whose entry was filled on paper only.", ""),
    "slippage_bps": Figure(
        "basis points",
        "`slippage` of the live account x 10,000: fills against the prices that were meant, all"
        " orders, weighted by notional; positive is a cost.",
        "no fill with a meant price",
    ),
    "paper_slippage_bps": Figure(
        "basis points", "The same of the twin: what the paper model assumes.", "as before"
    ),
    "wanted_sent": Figure("count", "Entries and exits that the live account has sent.", ""),
    "wanted_filled": Figure("count", "Those of them that filled completely.", ""),
    "execution_success": Figure("ratio", "wanted filled / wanted sent.", _NONE_SENT),
    "orders_sent": Figure("count", "Orders of any kind that it has sent, protection included.", ""),
    "orders_refused": Figure("count", "Orders of any kind that the venue refused.", ""),
    "orders_unknown": Figure(
        "count", "Orders whose answer was lost, whatever was found out later.", ""
    ),
    "orders_unreached": Figure("count", "Orders that certainly never arrived at the venue.", ""),
    "error_rate": Figure(
        "ratio", "(refused + unknown + unreached) / sent, orders of any kind.", _NONE_SENT
    ),
    "differences_24h": Figure(
        "count",
        "Times in the last 24 h that our record and the venue disagreed about a position.",
        "the account has not been compared with the venue in that time",
    ),
    "frozen": Figure(
        "assets",
        "Assets in which nothing is opened now: an order without a known outcome, or a position"
        " that is not the account's own.",
        "the account was never compared with the venue",
    ),
    "real_reconciled_at": Figure(
        "real time", "When it was last compared with the venue.", "it never was"
    ),
}
