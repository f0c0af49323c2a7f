"""Aster's WebSockets: what happens to an account, and what happens on the market, as it happens.

Streams are news, never the truth: what may have been missed is said (`Gap`) and read by REST.
"""
