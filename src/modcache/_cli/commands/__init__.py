"""The commands, a file each; ``modcache._cli.command`` has the table."""

from __future__ import annotations
