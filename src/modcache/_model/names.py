"""Names of modules."""

from __future__ import annotations

__all__ = ["absolute_name"]


def absolute_name(package: str, level: int, module: str) -> str:
    """The absolute name that an import asks for; empty where it goes beyond the top."""
    if not level:
        return module
    parts = package.split(".") if package else []
    if len(parts) < level:
        return ""
    base = ".".join(parts[: len(parts) - level + 1])
    return f"{base}.{module}" if module else base
