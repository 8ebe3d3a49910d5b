"""Money, version 1: floats."""

from __future__ import annotations

VERSION = "1.4"


def show(amount: float) -> str:
    """An amount for people."""
    return f"{amount:.2f} EUR"
