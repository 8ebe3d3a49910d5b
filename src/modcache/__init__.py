"""modcache: the module cache of Python as a thing you can hold.

The floors of the house, from the door down (a floor uses those below it, rooms on one floor are strangers):

    doors    __main__ -> _cli         people come in here
    hall     _space, _session         where rooms are composed
    rooms    _refresh, _verify, _watch, _alter, _spaces, _see, _stress
    runtime  _runtime                 the only floor that writes to the import system
    model    _model, errors           plain values and pure functions

Importing this package loads nothing but this file: every name below is fetched when it is first asked for.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself costs more than all of this file
if TYPE_CHECKING:
    from typing import Any

    from modcache import errors
    from modcache._alter.blocked import blocked
    from modcache._alter.fake import fake
    from modcache._alter.isolated import fresh_import, isolated
    from modcache._alter.replaced import replaced
    from modcache._alter.snapshot import CacheDiff, Snapshot, snapshot
    from modcache._alter.virtual import provide, virtual
    from modcache._model.cycles import Cycle
    from modcache._model.diagnosis import Diagnosis
    from modcache._model.edges import Edge
    from modcache._model.findings import Finding, FindingKind, Findings, StressedModule
    from modcache._model.importgraph import ImportGraph
    from modcache._model.lingering import Lingering
    from modcache._model.manifest import Outdated
    from modcache._model.report import Change, Plan, PlannedModule, PlannedStatement, Refusal, RefusalKind, Report
    from modcache._refresh.hooks import Handover
    from modcache._runtime.entries import Cache, Entry, cache
    from modcache._runtime.first import first_time
    from modcache._runtime.system import ImportSystem, interpreter
    from modcache._runtime.trace import Trace, TracedImport
    from modcache._see.check import Manifest, check, manifest
    from modcache._see.doctor import doctor
    from modcache._session.default import arefresh, awatch, lingering, plan, refresh, reload, undo, using, watch
    from modcache._session.observing import Observer
    from modcache._session.session import Session
    from modcache._session.stressing import Reloads
    from modcache._space import Space
    from modcache._spaces.closing import Closing
    from modcache._verify.compare import Difference
    from modcache._verify.verification import Verification

__version__ = "0.1.0"
__all__ = [
    "Cache",
    "CacheDiff",
    "Change",
    "Closing",
    "Cycle",
    "Diagnosis",
    "Difference",
    "Edge",
    "Entry",
    "Finding",
    "FindingKind",
    "Findings",
    "Handover",
    "ImportGraph",
    "ImportSystem",
    "Lingering",
    "Manifest",
    "Observer",
    "Outdated",
    "Plan",
    "PlannedModule",
    "PlannedStatement",
    "Refusal",
    "RefusalKind",
    "Reloads",
    "Report",
    "Session",
    "Snapshot",
    "Space",
    "StressedModule",
    "Trace",
    "TracedImport",
    "Verification",
    "arefresh",
    "awatch",
    "blocked",
    "cache",
    "check",
    "doctor",
    "errors",
    "fake",
    "first_time",
    "fresh_import",
    "interpreter",
    "isolated",
    "lingering",
    "manifest",
    "plan",
    "provide",
    "refresh",
    "reload",
    "replaced",
    "snapshot",
    "undo",
    "using",
    "virtual",
    "watch",
]

_HOMES = {
    "_alter.blocked": ("blocked",),
    "_alter.fake": ("fake",),
    "_alter.isolated": ("fresh_import", "isolated"),
    "_alter.replaced": ("replaced",),
    "_alter.snapshot": ("CacheDiff", "Snapshot", "snapshot"),
    "_alter.virtual": ("provide", "virtual"),
    "_model.cycles": ("Cycle",),
    "_model.edges": ("Edge",),
    "_model.diagnosis": ("Diagnosis",),
    "_model.importgraph": ("ImportGraph",),
    "_model.findings": ("Finding", "FindingKind", "Findings", "StressedModule"),
    "_model.lingering": ("Lingering",),
    "_model.report": ("Change", "Plan", "PlannedModule", "PlannedStatement", "Refusal", "RefusalKind", "Report"),
    "_model.manifest": ("Outdated",),
    "_runtime.entries": ("Cache", "Entry", "cache"),
    "_refresh.hooks": ("Handover",),
    "_runtime.first": ("first_time",),
    "_runtime.system": ("ImportSystem", "interpreter"),
    "_runtime.trace": ("Trace", "TracedImport"),
    "_see.check": ("Manifest", "check", "manifest"),
    "_see.doctor": ("doctor",),
    "_session.default": ("arefresh", "awatch", "lingering", "plan", "refresh", "reload", "undo", "using", "watch"),
    "_session.observing": ("Observer",),
    "_session.session": ("Session",),
    "_session.stressing": ("Reloads",),
    "_space": ("Space",),
    "_spaces.closing": ("Closing",),
    "_verify.compare": ("Difference",),
    "_verify.verification": ("Verification",),
}


def __getattr__(name: str) -> Any:
    import importlib

    if name == "errors":
        return importlib.import_module("modcache.errors")
    for home, names in _HOMES.items():
        if name in names:
            value = getattr(importlib.import_module(f"modcache.{home}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
