"""What a process holds, counted: to find out what is left behind by each refresh."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable

from modcache._runtime.peek import home, qualname_of

__all__ = ["grown", "objects"]

_SHOWN = 4


def objects() -> Counter[str]:
    """How many objects there are of each type, once all that nobody holds is gone."""
    gc.collect()
    gc.collect()  # what the finalisers of the first let go of
    return Counter(f"{home(type(one))}.{qualname_of(type(one))}" for one in gc.get_objects())


def grown(step: Callable[[], object], warm: int, rounds: int) -> list[str]:
    """The types of which there are more after each single one of ``rounds`` steps, those before (``warm``) not counted.

    Returns rows as ``"3 builtins.function each time"``, the most first; none if nothing is left behind.
    """
    for _ in range(warm):
        step()
    first, last = objects(), objects()
    growing = set(last)  # from here on we ourselves hold as many objects at each count
    for _ in range(rounds):
        step()
        now = objects()
        growing = {kind for kind in growing if now[kind] > last[kind]}
        last = now
    rows = sorted(((last[kind] - first[kind]) // rounds, kind) for kind in growing)
    return [f"{count} {kind} each time" for count, kind in rows[: -_SHOWN - 1 : -1]]
