"""The judgement: what differs from a fresh process, and what of it is state that was kept on purpose.

For each place: ``L0`` and ``L1`` are the live process before and after the refresh, ``F0`` and ``F1`` fresh processes
of the old and of the new sources. Where ``L1 == F1`` all is well. Where it is not, but neither the sources changed
anything there (``F0 == F1``) nor the refresh did (``L0 == L1``), it is the program's own state, kept. All else is a
difference.
Only data can be state: a function, a class or code that is not the fresh one's is always a difference.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from modcache._verify.compare import Comparison, Difference, unstable_places
from modcache._verify.graph import ABSENT, Graph, same, unstable

__all__ = ["Verification", "judge", "verify"]

Description = dict[str, Any]
Names = frozenset[tuple[str, str]]
"""(module, name)."""

_SHOWN = 12
_RETRIES = 2
_CODE_STEPS = frozenset(
    "code lines file globals builtins qualname metaclass mro layout abstract doc type parameters".split()
)
_CODE_WORDS = frozenset(("base", "annotation", "default"))


@dataclass(frozen=True, slots=True)
class Verification:
    """What a comparison with a fresh process found.

    ``ok``: the process is what a fresh one would be, but for ``kept``. ``differences``: what is not, nearest first.
    ``kept``: state of the program that neither the sources nor the refresh changed. ``unstable``: places where two
    fresh processes differ too. ``failed``: (module, error) for modules that do not import in a fresh process; those
    are not compared. ``seconds``: how long it took.
    """

    ok: bool
    differences: tuple[Difference, ...] = ()
    kept: tuple[Difference, ...] = ()
    unstable: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0

    def __str__(self) -> str:
        head = "as a fresh process" if self.ok else f"not as a fresh process: {len(self.differences)} differences"
        lines = [f"{head} ({self.seconds:.2f} s)"]
        lines.extend(f"  {difference}"[:240] for difference in self.differences[:_SHOWN])
        if len(self.differences) > _SHOWN:
            lines.append(f"  and {len(self.differences) - _SHOWN} more")
        if self.kept:
            places = ", ".join(dict.fromkeys(f"{d.module}:{d.name}" for d in self.kept))
            lines.append(f"  state that was kept: {places}"[:240])
        if self.unstable:
            lines.append(f"  differs between fresh processes: {', '.join(self.unstable)}"[:240])
        failed = (f"  does not import in a fresh process: {name}: {why}" for name, why in self.failed[:_SHOWN])
        lines.extend(line[:240] for line in failed)
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The verification as JSON-able data."""
        return {
            "ok": self.ok,
            "differences": [difference.to_dict() for difference in self.differences],
            "kept": [difference.to_dict() for difference in self.kept],
            "unstable": list(self.unstable),
            "failed": dict(self.failed),
            "seconds": self.seconds,
        }


def verify(
    live: Description,
    fresh: Callable[[], Description],
    *,
    before: Description | None = None,
    fresh_before: Callable[[], Description] | None = None,
    on_purpose: tuple[Names, Names] = (frozenset(), frozenset()),
) -> Verification:
    """Compare a live process with fresh ones, started only as far as they are needed.

    ``live``: the process now; ``fresh``: makes and describes a process of the new sources. ``before`` and
    ``fresh_before``: the same for the time before the refresh; without them no state can be told from a mistake, and
    all of it counts as one. ``on_purpose``: names that modules keep by their own word, and names whose plain data may
    be made of those. Raises whatever ``fresh`` raises.
    """
    began = time.perf_counter()
    new = fresh()
    found = judge(None, live, None, new, on_purpose=on_purpose)
    if found.differences and before is not None and fresh_before is not None:
        old = fresh_before()
        found = judge(before, live, old, new, on_purpose=on_purpose)
    else:
        old = None
    if found.differences:
        again = [fresh() for _ in range(_RETRIES)]
        found = judge(before, live, old, new, again=again, on_purpose=on_purpose)
    return replace(found, seconds=time.perf_counter() - began)


def judge(
    before_live: Description | None,
    after_live: Description,
    fresh_old: Description | None,
    fresh_new: Description,
    *,
    again: Iterable[Description] = (),
    on_purpose: tuple[Names, Names] = (frozenset(), frozenset()),
) -> Verification:
    """Judge each difference between the live process and a fresh one of the new sources.

    Takes four descriptions (those of the time before may be None) and ``again``, further ones of fresh processes of
    the new sources: what differs among those is not counted. Modules that failed in ``fresh_new`` are not compared;
    they make the judgement not ok, unless they failed in ``fresh_old`` too.
    """
    failed = dict(fresh_new.get("failed", {}))
    comparison = Comparison(Graph(_without(after_live, failed)), Graph(_without(fresh_new, failed)))
    others = list(again)
    doubtful = [Graph(other) for other in others]
    state = _State(comparison, before_live, fresh_old, on_purpose)
    differences: list[Difference] = []
    kept: list[Difference] = []
    for found in comparison.differences:
        if unstable(found.kind == "extra", found.place, comparison.fresh, doubtful):
            continue
        (kept if state.was_kept(found) else differences).append(found)
    news = failed.keys() - (fresh_old or {}).get("failed", {}).keys()
    varying = unstable_places(fresh_new, others)
    ok = not differences and not news
    return Verification(ok, tuple(differences), tuple(kept), varying, tuple(failed.items()))


def _without(description: Description, failed: dict[str, str]) -> Description:
    modules = {name: names for name, names in description["modules"].items() if name not in failed}
    return {**description, "modules": modules}


class _State:
    """Tells state from mistakes."""

    def __init__(
        self,
        comparison: Comparison,
        before: Description | None,
        fresh_before: Description | None,
        on_purpose: tuple[Names, Names],
    ) -> None:
        self._kept, self._derived = on_purpose
        self._live, self._fresh = comparison.live, comparison.fresh
        self._matched = comparison.matched
        self._before = None if before is None else Graph(before)
        self._fresh_before = None if fresh_before is None else Graph(fresh_before)
        self._homes: frozenset[str] = frozenset(str(node["h"]) for node in self._live.nodes if "h" in node)

    def was_kept(self, found: Difference) -> bool:
        """Whether a difference is state: by a module's own word, or since neither sources nor refresh touched it."""
        place = found.place
        if (place.module, place.name) in self._kept:
            return True
        if (place.module, place.name) in self._derived and not _is_code(found):
            if not (_is_object(self._live, self._live.at(place)) or _is_object(self._fresh, self._fresh.at(place))):
                return True
        if self._before is None or self._fresh_before is None or not place.name or _is_code(found):
            return False
        old, new = self._fresh_before.at(place), self._fresh.at(place)
        if not same(self._fresh_before, old, self._fresh, new):
            return False
        was, now = self._before.at(place), self._live.at(place)
        if not same(self._before, was, self._live, now, by_name=True):
            return False
        if new != ABSENT and (_is_object(self._live, now) or _is_object(self._fresh, new)):
            return False
        return self._is_current(now)

    def _is_current(self, value: Any) -> bool:
        """Whether no function or class in there is one that a fresh process would not have."""
        return all(index in self._matched or self._current_node(index) for index in self._live.reach(value))

    def _current_node(self, index: int) -> bool:
        fields = self._live.fields(index)
        kind = self._live.kind(index)
        if kind == "class":
            return "h" in self._live.nodes[index] or fields["qualname"] not in self._homes
        if kind == "function":
            return fields["code"] in self._fresh.codes and not str(fields["globals"]).startswith("stale ")
        return True


def _is_code(found: Difference) -> bool:
    if found.kind == "identity":
        return True
    step = found.path[-1] if found.path else ""
    return step in _CODE_STEPS or step.partition(" ")[0] in _CODE_WORDS


def _is_object(graph: Graph, value: Any) -> bool:
    return graph.kind(value) in ("function", "class") or str(value).startswith(("<function ", "<class ", "<module "))
