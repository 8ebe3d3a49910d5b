"""What the process in which modules are executed says, put together: as far as it came, at any time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from modcache._cli.workers import ending
from modcache._model.findings import Finding, FindingKind, Findings, StressedModule
from modcache._model.trials import Joint, Trial, findings_of
from modcache.errors import RootNotFound

__all__ = ["Checked", "Hearing", "Watch"]

Watch = Callable[[str, int, int], object]
"""Told what is being done: the module's name, how many are done, how many there are (0: not known yet)."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the stress modes found; ``failed``: the modules that could not be imported, name -> error.

    ``untried``: those whose turn did not come, since somebody did not want to wait (``interrupted``), or time was up.
    ``lost``: how executing all of them together came to no end, if it did not.
    """

    findings: Findings
    failed: dict[str, str] = field(default_factory=dict)
    untried: tuple[str, ...] = ()
    interrupted: bool = False
    lost: str = ""

    @property
    def together(self) -> tuple[str, ...]:
        """The modules that had no trial of their own, and were only executed with all the others."""
        return tuple(module.name for module in self.findings.modules if not module.alone)


class Hearing:
    """Takes one event after the other.

    ``begun``: could the modules be imported? ``last``: what the process was at when it was last heard of.
    ``broken_off``: it was made to end, so what it was at is no fault of that.
    """

    def __init__(self, modes: tuple[str, ...], watch: Watch) -> None:
        self._modes = modes
        self._watch = watch
        self._started = time.perf_counter()
        self._names: dict[str, str] = {}
        self._failed: dict[str, str] = {}
        self._at: dict[int, str] = {}
        self.trials: dict[str, Trial] = {}
        self.joint = Joint()
        self.begun = False
        self.last = ""
        self.interrupted = False
        self.broken_off = False
        self.lost = ""
        self._jointly = False

    def hear(self, event: dict[str, Any]) -> None:
        """Take in what was said. Raises ``RootNotFound`` if it is that there is no such package."""
        match event["event"]:
            case "mistake":
                raise RootNotFound(event["message"])
            case "import":
                self.last = event["name"]
                self._watch(f"importing {self.last}", 0, 0)
            case "imported":
                self._failed = event["failed"]
            case "begin":
                self.begun, self._names = True, event["names"]
            case "jointly":
                self._jointly = True
            case "alone":
                self._jointly = False
            case "lost":
                self.lost = f"executing {event['count']} modules in one refresh {event['how']}"
            case "together":
                self._watch(event["what"], 0, 0)
            case "joint":
                self.joint += Joint.from_dict(event["joint"])
            case "module":
                self._at[event["worker"]] = event["name"]
                self._watch(event["name"], len(self.trials), len(self._names))
            case "trial":
                trial = Trial.from_dict(event["trial"])
                self.trials[trial.module.name] = trial
                del self._at[event["worker"]]
            case "died":
                self._died(event["worker"], event["how"])

    def ended(self, status: int) -> None:
        """The process ended, by itself or since it was made to."""
        if self._jointly and not self.interrupted:
            how = "was not done in time" if self.broken_off else f"ended the process ({ending(status)})"
            self.lost = f"executing all modules in one refresh {how}"

    def checked(self) -> Checked:
        """What has come of it so far."""
        if not self.interrupted and not self.broken_off:
            for worker in list(self._at):
                self._died(worker, "without a word")
        trials = [self.trials[name] for name in self._names if name in self.trials]
        found = findings_of(self._modes, trials, time.perf_counter() - self._started, self.joint)
        known = {module.name for module in found.modules}
        untried = tuple(name for name in self._names if name not in known)
        return Checked(found, self._failed, untried, self.interrupted, self.lost)

    def _died(self, worker: int, how: str) -> None:
        """A process was lost at a module: that is what there is to say of it."""
        name = self._at.pop(worker, None)
        if name is not None:
            path = self._names[name]
            row = Finding(FindingKind.FAILS, name, None, path, 0, f"ends the process when executed again ({how})")
            self.trials[name] = Trial(StressedModule(name, path), (row,), (name,))
