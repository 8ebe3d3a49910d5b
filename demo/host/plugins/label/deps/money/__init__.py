"""Money, version 2: a class, and no `show` any more."""

from __future__ import annotations

import dataclasses
import decimal

VERSION = "2.0"


@dataclasses.dataclass(frozen=True)
class Amount:
    """An amount in cents' precision."""

    value: str

    def __str__(self) -> str:
        return f"€ {decimal.Decimal(self.value):.2f}"
