"""Sixty statements of what an import system must do, each a function, held against three systems."""
