"""How import statements use what they import, read off the sources that were executed."""

from __future__ import annotations

from pathlib import Path
from types import CodeType

from modcache._model.edges import Edge
from modcache._model.imports import EdgeKind, ImportSite, imports_of

__all__ = ["Sources"]


class Sources:
    """The sources of a run, each compiled once, by this interpreter, when it is asked for."""

    def __init__(self) -> None:
        self._codes: dict[str, CodeType | None] = {}
        self._sites: dict[tuple[str, bool], tuple[ImportSite, ...]] = {}

    def code(self, path: str) -> CodeType | None:
        """The code of a file; None if there is no such file, or this interpreter can't compile it."""
        if path not in self._codes:
            try:
                self._codes[path] = compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)
            except (OSError, SyntaxError, ValueError):
                self._codes[path] = None
        return self._codes[path]

    def sites(self, path: str, *, is_main: bool = False) -> tuple[ImportSite, ...]:
        """The imports in a file."""
        if (path, is_main) not in self._sites:
            code = self.code(path)
            self._sites[path, is_main] = () if code is None else imports_of(code, is_main=is_main)
        return self._sites[path, is_main]

    def kind(self, edge: Edge) -> EdgeKind:
        """How the statement of an edge uses the module; what needs most counts, where it takes several names."""
        sites = self.sites(edge.path, is_main=edge.importer == "__main__")
        kinds = {site.kind for site in sites if site.line == edge.line and _brings(site, edge.imported)}
        order: tuple[EdgeKind, ...] = ("exec", "bind", "attribute")
        return next((kind for kind in order if kind in kinds), edge.kind)


def _brings(site: ImportSite, name: str) -> bool:
    """Whether a site can be the one that imports ``name``: from its end, as the start may be relative."""
    last = name.rpartition(".")[2]
    if site.name is None:
        return site.module.rpartition(".")[2] == last or site.module.startswith(f"{last}.")
    return site.name == last or site.module.rpartition(".")[2] == last or not site.module
