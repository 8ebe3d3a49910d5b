"""A program is run, and what one of our functions says of it at its end is read."""

from __future__ import annotations

import ast
import sys
from typing import Any

from modcache._cli.target import Target
from modcache._model.observation import Observation
from modcache._see.launch import Order

__all__ = ["examined"]

_NOTHING = """\
modcache: {command}: {ending}.
It went past Python's own exit (killed, os._exit, exec), where it would have been looked at.
Ways out:
  - let it end by itself, by Ctrl-C or by --timeout;
  - look from inside it: modcache.doctor(), modcache.check()"""


def examined(target: Target, function: str) -> tuple[Observation, Any]:
    """The run, and what the function (``module:name``) gave as a literal; exits with status 2 if it gave nothing."""
    seen = target.observe(Order(memory=False, examine=function))
    if not seen.examined:
        print(_NOTHING.format(command=" ".join(seen.command), ending=seen.ending), file=sys.stderr)
        sys.exit(2)
    return seen, ast.literal_eval(seen.examined)
