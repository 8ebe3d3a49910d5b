"""State: the one guest book that the page made when it was imported, and writes in ever since."""

from __future__ import annotations


class GuestBook:
    """Counts the guests."""

    def __init__(self) -> None:
        self.count = 0

    def next_guest(self) -> str:
        """Enter one more guest; what to call them."""
        self.count += 1
        return f"guest {self.count}"
