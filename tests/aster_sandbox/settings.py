"""What a test may choose about the venue: network, windows, limits. Times in their named units."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Settings:
    """Defaults are the documented ones; where nothing is documented, the stricter guess."""

    chain_id: int = 714
    """1666 is mainnet's."""
    nonce_window_us: int = 60_000_000
    """10 s before July 2026, 60 s since."""
    nonces_kept: int = 100
    default_receive_window_ms: int = 5000
    longest_receive_window_ms: int = 60_000
    has_strict_flags: bool = False
    """True: only the documented spelling of flags is taken."""
    takes_v3_on_v1_paths: bool = False
    takes_main_keys: bool = True
    """A user may sign for itself (not verified at the live venue)."""
    weight_limit: int = 2400
    order_limit: int = 1200
    patience: int = 20
    """Requests beyond the weight limit that are answered 429 before the address is banned."""
    ban_seconds: int = 120
    sends_retry_after: bool = True
    publishes_ten_second_orders: bool = False
    """Three hundred orders in ten seconds: published, counted and refused beyond."""
    writes_success_as_text: bool = True
    """The code of a cancel-all that worked: documented as a text, seen as a number."""
    keeps_orphans: bool = True
    """Plain stops and targets rest on when their position is gone; False: the venue tidies up."""
    opens_streams: bool = True
    """False: WebSockets are turned away before they open."""
    stream_delay_seconds: float = 0.0
    """Before every message of a stream: a slow one falls behind."""
    stream_messages_per_second: int = 10
    """Of a client; beyond them its connection ends."""
    streams_per_connection: int = 200
    stream_life_seconds: float = 24 * 3600.0
    listen_key_seconds: float = 3600.0
