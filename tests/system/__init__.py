"""The import system as an object."""
