"""Door: the command line. Imported only when the command runs; ``click`` is imported here and nowhere else."""

from __future__ import annotations
