"""A package with a template in it."""
