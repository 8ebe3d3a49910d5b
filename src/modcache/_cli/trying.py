"""The trials of `modcache check-reload`, in the process that is made for them: together, then each module alone."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from modcache._cli.workers import Lost, apart, ending, forks, share
from modcache._model.trials import Joint
from modcache._session.session import Session

__all__ = ["Trying"]

_ROUNDS = 8
"""So many modules that raise are put aside, one after the other, before it is given up to execute all the others."""


class Trying:
    """Puts the modules of a session to the test.

    ``say``: called with the name of an event and its fields, of whatever is found.
    """

    def __init__(self, session: Session, modes: Sequence[str], say: Callable[..., object]) -> None:
        self._session = session
        self._modes = modes
        self._say = say
        self._aside: dict[str, None] = {}

    def together(self, names: Sequence[str], seconds: float) -> list[str]:
        """Execute the modules in one refresh; returns them in the order in which a trial of their own is worth most.

        One that raises is put aside with all that depends on it, and the rest is tried again. ``seconds``: all of that
        may take so long; where there are no forks, who listens has to see to it.
        """
        loud: dict[str, None] = {}
        end = time.monotonic() + seconds
        for _ in range(_ROUNDS if forks() else 1):
            rest = [name for name in names if name not in self._aside]
            if not rest:
                break
            try:
                found = apart(functools.partial(self._joint, rest), end - time.monotonic())
            except Lost as lost:
                self._say("lost", how=str(lost), count=len(rest))
                break
            self._say("joint", joint=found)
            joint = Joint.from_dict(found)
            loud.update(dict.fromkeys(row.module for row in joint.rows if row.certain))
            if not joint.failed:
                break
            self._aside.update(dict.fromkeys(joint.aside))
        return _by_worth(names, loud, self._aside)

    def _joint(self, names: Sequence[str]) -> dict[str, Any]:
        for name in self._aside:  # as if they had not been imported: there are some only where this is a fork
            sys.modules.pop(name, None)
        found: list[Joint] = []
        self._session.stress(
            modes=self._modes,
            modules=names,
            together=True,
            progress=lambda done, count, what: self._say("together", what=what),
            on_trial=found.append,
        )
        return found[0].to_dict()

    def alone(self, names: Sequence[str], jobs: int) -> None:
        """Execute one module after the other, each in a refresh of its own."""

        def work(some: Iterable[str], worker: int) -> None:
            self._session.stress(
                modes=self._modes,
                modules=some,
                progress=lambda done, count, name: self._say("module", name=name, worker=worker),
                on_trial=lambda trial: self._say("trial", worker=worker, trial=trial.to_dict()),
            )

        share(names, jobs, work, lambda worker, status: self._say("died", worker=worker, how=ending(status)))


def _by_worth(names: Sequence[str], loud: Iterable[str], aside: Iterable[str]) -> list[str]:
    """Those that something was seen about come first, then those that were not looked at.

    Of the others the last imported: fewer modules depend on them, so their trials take less time.
    """
    first = dict.fromkeys([name for name in [*loud, *aside] if name in set(names)])
    return [*first, *(name for name in reversed(names) if name not in first)]
