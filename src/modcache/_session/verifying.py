"""A session's comparisons with a fresh process."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import Any

from modcache._model.report import Report
from modcache._refresh.refresher import Refresher
from modcache._verify.verification import Verification

__all__ = ["Verifying"]


class Verifying:
    """Compares what a refresher keeps true with a fresh process. Calls must not overlap."""

    def __init__(self, refresher: Refresher) -> None:
        self._refresher = refresher

    def verify(self) -> Verification:
        """Compare as things are now; what was in doubt is not any more if nothing was found."""
        questioned = self._refresher.questioned
        found = self._verify(None, None)
        if found.ok and not (found.kept and questioned):
            self._refresher.verified()
        return found

    def refresh(self, paths: list[str] | None, watched: bool) -> Report:
        """A refresh, and what a comparison says of it."""
        from modcache._verify.describe import describe

        names = self._described()
        sources = self._sources()
        before = describe(names)
        questioned = self._refresher.questioned
        report = self._refresher.refresh(paths, watched=watched)
        if report.outcome != "committed":
            return report
        began = time.perf_counter()
        found = self._verify(before, sources)
        timings = {**report.timings, "verify": time.perf_counter() - began}
        if found.ok and found.kept and questioned:
            # what passes for the program's own state may be what an earlier commit left wrong: it stays in question
            return replace(report, timings=timings)
        if found.ok:
            self._refresher.verified()
        differences = tuple(str(difference) for difference in found.differences)
        return replace(
            report,
            complete=found.ok and not report.failed,
            remains=(*report.remains, *differences) if not found.ok else report.remains if report.failed else (),
            doubts=() if found.ok else report.doubts,
            since={} if found.ok else report.since,
            verified=found.ok,
            timings=timings,
        )

    def _verify(self, before: dict[str, Any] | None, sources: dict[str, tuple[str, bytes]] | None) -> Verification:
        from modcache._verify.describe import describe
        from modcache._verify.fresh import fresh_description
        from modcache._verify.verification import verify

        names = self._described()
        order = self._refresher.knowledge.import_order()
        live = describe(names)
        if before is None or sources is None:
            # nobody looked before: what the sources never changed, and is plain data, counts as the program's own
            before, sources = live, self._refresher.knowledge.first_sources()
        absent = set(order) - set(sources)
        roots = self._refresher.roots
        places = (*roots.folders, *roots.files)
        # a fresh process has no private systems: what one would find is looked for first
        path = list(dict.fromkeys([*self._refresher.knowledge.system.path, *sys.path]))
        return verify(
            live,
            lambda: fresh_description(order, folders=places, path=path),
            before=before,
            on_purpose=self._refresher.kept_on_purpose(),
            fresh_before=lambda: fresh_description(sources, folders=places, path=path, sources=sources, absent=absent),
        )

    def _described(self) -> dict[str, Any]:
        knowledge = self._refresher.knowledge
        knowledge.meet()
        return {name: entry.module for name, entry in knowledge.entries.items() if name != "__main__"}

    def _sources(self) -> dict[str, tuple[str, bytes]]:
        entries = self._refresher.knowledge.entries
        order = self._refresher.knowledge.import_order()
        return {name: (entries[name].path, entries[name].unit.source.data) for name in order}
