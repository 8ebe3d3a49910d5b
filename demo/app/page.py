"""What a guest reads."""

from __future__ import annotations

from guests import GuestBook
from prices import HOUSE, POT

MENU = f"a pot of tea is {POT:.2f}"

book = GuestBook()


def render() -> str:
    """The page: who is greeted, and what there is."""
    return f"{greeting()} At {HOUSE}, {MENU}."


def greeting() -> str:
    """The first words."""
    return f"Welcome, {book.next_guest()}."
