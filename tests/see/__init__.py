"""Alterations of a module cache: scoped, in any order, and everything as it was afterwards."""
