"""Spaces: import systems of one's own, side by side in one process."""
