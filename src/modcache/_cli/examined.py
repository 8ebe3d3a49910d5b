"""A program is run, and what one of our functions says of it at its end is read."""

from __future__ import annotations

import ast
import sys
from typing import Any

from modcache._cli.target import Target
from modcache._model.observation import Observation
from modcache._see.launch import Order

__all__ = ["examined"]

_PAST = """\
It went past Python's own exit (killed, os._exit, exec), where it would have been looked at.
Ways out:
  - let it end by itself, by Ctrl-C or by --timeout;
  - look from inside it: modcache.doctor(), modcache.check()"""
_FAILED = """\
The look at it failed: the traceback is on stderr (not with --quiet). A program that has put something of its own in
the place of the standard library's modules can do that; otherwise it is a mistake of ours, please tell us.
A way out: look from inside it, modcache.doctor() or modcache.check()"""


def examined(target: Target, function: str) -> tuple[Observation, Any]:
    """The run, and what the function (``module:name``) gave as a literal; exits with status 2 if it gave nothing."""
    seen = target.observe(Order(memory=False, examine=function))
    if not seen.examined:
        why = _FAILED if seen.ending == f"ended with status {seen.status}" else _PAST
        print(f"modcache: {' '.join(seen.command)}: {seen.ending}.\n{why}", file=sys.stderr)
        sys.exit(2)
    return seen, ast.literal_eval(seen.examined)
