"""``first_time``: is a module being executed for the first time in this process, or anew?"""

from __future__ import annotations

import sys

from modcache._runtime.stage import Stage

__all__ = ["first_time"]


def first_time() -> bool:
    """Is the module that asks being imported, and not executed anew by a refresh or a reload?

    To be asked at the top level of a module, as ``if modcache.first_time():``. A refresh knows such a statement by its
    text: it never executes it again, nor an ``else``, and keeps the names that it binds. Elsewhere the answer is false
    once the module's import has ended; in the main script it is true. Thread-safe.
    """
    frame = sys._getframe(1)
    stage = getattr(frame.f_builtins.get("__import__"), "__self__", None)
    name = frame.f_globals.get("__name__")
    if isinstance(stage, Stage):
        return stage.first or name in stage.fresh
    spec = frame.f_globals.get("__spec__")
    # importlib marks a spec so for as long as its import lasts; `importlib.reload` does not
    return spec is None or name == "__main__" or bool(getattr(spec, "_initializing", False))
