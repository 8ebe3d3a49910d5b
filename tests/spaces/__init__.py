"""Spaces: what is isolated, what is shared, and what is left when they are closed."""
