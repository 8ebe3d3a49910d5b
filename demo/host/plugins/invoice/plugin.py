"""Adds up; it was written for the first version of `money`, which counts in floats."""

from __future__ import annotations

import hostapi
import money

VERSION = "1.0"
issued: list[str] = []


@hostapi.command
def total(*amounts: str) -> str:
    """The sum of some amounts, and how many invoices there were."""
    issued.append(money.show(sum(map(float, amounts))))
    return f"invoice {len(issued)}: {issued[-1]} (money {money.VERSION})"
