"""The numbers and names that others import."""

from __future__ import annotations

HOUSE = "The Old Pot"
TEA = 3.00
TAX = 0.20
POT = TEA * (1 + TAX)
