"""Hooks: what modules do by themselves just before a commit changes them, and just after.

``__modcache_before__(data)`` is the old version's, ``__modcache_after__(data)`` the new one's. Before: dependents
first, as one closes what stands on something else. After: dependencies first, as one opens it. They are called only
once all that can fail has been tried on the stage; so what a hook lets go of is let go of for a reason.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from modcache._model.report import Refusal, RefusalKind
from modcache._refresh.know import Knowledge
from modcache._refresh.staging import Refused, StageFailed

if TYPE_CHECKING:
    from modcache._refresh.planner import Planner

__all__ = ["AFTER", "BEFORE", "Handover", "Hooks", "foreseen", "hooked", "mended"]

BEFORE = "__modcache_before__"
AFTER = "__modcache_after__"


class Handover(dict[str, Any]):
    """What the two hooks of a module are given: a dict to hand things over in, made anew for each refresh.

    ``accepted``: the dependencies that changed and whose changes the module accepts. ``aborted``: the refresh was given
    up after the first hook; all is as it was, and the second hook is the old version's: time to go on as before.
    Not thread-safe.
    """

    def __init__(self, module: str) -> None:
        super().__init__()
        self.accepted: tuple[str, ...] = ()
        self.aborted = False
        self._module = module
        self._invalid: str | None = None
        self._declined: str | None = None

    def invalidate(self, why: str = "") -> None:
        """Say that the module can't cope with the change: then it is executed whole, and its dependents follow.

        In the first hook nothing was changed yet, and one commit does it all; in the second a second commit follows.
        """
        self._invalid = why or "it asked for that"

    def decline(self, why: str = "") -> None:
        """Say, in the first hook, that the change can't be made live now: then it is refused, with no effect."""
        self._declined = why or "it can't be changed at this moment"

    def taken_invalid(self) -> str | None:
        """Why the module is to be executed whole, if it is; told once."""
        why, self._invalid = self._invalid, None
        return why

    def refusal(self) -> Refusal | None:
        """The refusal that :meth:`decline` comes to."""
        if self._declined is None:
            return None
        detail = f"the module declines the change: {self._declined}"
        return Refusal(RefusalKind.DECLINED, self._module, None, detail, "refresh again later, or restart")


class Hooks:
    """The hooks of one refresh. What they are called with lasts as long as that, however often it has to begin anew.

    ``called``: what was called, in order; ``failures``: module -> what its second hook raised; ``passed``: the modules
    whose second hook did not; ``broken``: those whose first hook did; ``invalid``: module -> why it is to be executed
    whole.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.called: list[str] = []
        self.failures: dict[str, BaseException] = {}
        self.passed: list[str] = []
        self.broken: list[str] = []
        self.invalid: dict[str, str] = {}
        self._handed: dict[str, Handover] = {}

    def before(self, names: Iterable[str], accepted: Mapping[str, tuple[str, ...]], skip: Container[str] = ()) -> None:
        """Call the first hooks of some modules (dependencies first) that were not called yet, less those to ``skip``.

        Raises ``StageFailed`` with what a hook raised, and ``Refused`` if one declines.
        """
        for name in reversed([*names]):
            if name not in self._handed and name not in skip:
                handover = Handover(name)
                handover.accepted = accepted.get(name, ())
                try:
                    self._call(BEFORE, name, handover)
                except BaseException as error:
                    error.add_note(f"{name}.{BEFORE} raised this; nothing was changed")
                    self.broken.append(name)
                    raise StageFailed(name, error) from error
                self._handed[name] = handover
        refusals = tuple(filter(None, (handover.refusal() for handover in self._handed.values())))
        if refusals:
            raise Refused(refusals)
        self._take_invalid(self._handed)

    def after(self, names: Iterable[str], accepted: Mapping[str, tuple[str, ...]]) -> None:
        """Call the second hooks, whatever the others do: the commit stands. Raises ``KeyboardInterrupt`` at the end.

        Takes all that the commit concerned; modules that are gone have no second hook any more.
        """
        handed = {name: self._handed.pop(name) if name in self._handed else Handover(name) for name in names}
        for name, handover in handed.items():
            handover.accepted = accepted.get(name, ())
            self._finish(name, handover, "the new version is in use")
        self._take_invalid(handed)
        self._interrupt()

    def abandon(self) -> None:
        """The refresh was given up for modules whose first hook was called: have them go on as before."""
        for name in reversed([*self._handed]):
            handover = self._handed.pop(name)
            handover.aborted = True
            self._finish(name, handover, "the refresh was given up")
        self._interrupt()

    def _finish(self, name: str, handover: Handover, how: str) -> None:
        try:
            if self._call(AFTER, name, handover):
                self.passed.append(name)
        except BaseException as error:
            error.add_note(f"{name}.{AFTER} raised this; {how}")
            self.failures[name] = error

    def _call(self, hook: str, name: str, handover: Handover) -> bool:
        """Call a hook of a module as it is now; false if it has none."""
        entry = self.knowledge.entries.get(name)
        function = entry.module.__dict__.get(hook) if entry is not None else None
        if function is None:
            return False
        self.called.append(_told(hook, name))
        outcome = function(handover)
        if hasattr(outcome, "__await__"):
            getattr(outcome, "close", bool)()
            raise TypeError(f"{name}.{hook} is a coroutine function; hooks are called, not awaited")
        return True

    def _take_invalid(self, handed: Mapping[str, Handover]) -> None:
        self.invalid = {name: why for name, one in handed.items() if (why := one.taken_invalid()) is not None}

    def _interrupt(self) -> None:
        """Ctrl-C in a second hook waits for the others; then it is Ctrl-C."""
        for error in self.failures.values():
            if isinstance(error, KeyboardInterrupt):
                raise error

    def rows(self) -> dict[str, str]:
        """What failed, for reports: module -> a row."""
        return {name: _row(name, error) for name, error in self.failures.items()}


def _row(name: str, error: BaseException) -> str:
    """What a report says of a second hook that failed."""
    return f"{name}: its {AFTER} failed: {type(error).__name__}: {error}"


def hooked(planner: Planner, gone: Iterable[str]) -> tuple[str, ...]:
    """The modules that a plan touches and that have hooks, now or in their new version; dependencies first."""
    touched = [name for name, steps in planner.steps.items() if steps]
    touched += [name for name, alignment in planner.alignments.items() if not alignment.unchanged]
    world, names = planner.world, dict.fromkeys([*touched, *gone, *planner.partaking.accepted])
    found = [name for name in names if name in world and _has_hooks(planner, name)]
    if len(found) < 2:
        return tuple(found)
    cached = {name: position for position, name in enumerate(list(world.knowledge.system.modules))}

    def place(name: str) -> tuple[int, int]:
        # who depends on another one depends on all that this one does, and on one more; in a circle all are equal
        return sum(name in world.dependents(other) for other in found), cached.get(name, 0)

    return tuple(sorted(found, key=place))


def _has_hooks(planner: Planner, name: str) -> bool:
    live, unit = planner.world.namespace(name), planner.world.unit(name)
    return BEFORE in live or AFTER in live or unit.contains(AFTER)


def mended(planner: Planner, names: Iterable[str]) -> frozenset[str]:
    """The modules whose first hook is edited, or gone, in their new version."""
    found = set()
    for name in names:
        alignment = planner.alignments.get(name)
        if alignment is not None:
            same = {match.old for match in alignment.matches if match.verdict == "same"}
            if not same.issuperset(planner.world.entry(name).unit.binders.get(BEFORE, ())):
                found.add(name)
    return frozenset(found)


def foreseen(planner: Planner, gone: frozenset[str]) -> tuple[str, ...]:
    """The hooks that a plan will call, in order, as far as the text tells."""
    names = hooked(planner, gone)
    before = [_told(BEFORE, name) for name in reversed(names) if BEFORE in planner.world.namespace(name)]
    after = [name for name in names if name not in gone and AFTER in planner.world.unit(name).binders]
    return (*before, *(_told(AFTER, name) for name in after))


def _told(hook: str, name: str) -> str:
    return f"{'before' if hook == BEFORE else 'after'} {name}"
