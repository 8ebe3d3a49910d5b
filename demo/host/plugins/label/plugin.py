"""Prints a price label; it needs the second version of `money`, which has a class for amounts."""

from __future__ import annotations

import hostapi
from money import Amount

VERSION = "2.3"


@hostapi.command
def price(name: str, amount: str) -> str:
    """One label."""
    import money  # later, and still this plug-in's own

    return f"{name}: {Amount(amount)} (money {money.VERSION})"
