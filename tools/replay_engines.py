"""The tools that are compared, each as one object with the same three methods; they run in the child process."""

from __future__ import annotations

import importlib
import io
import logging
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr
from typing import Any, Protocol

__all__ = ["ENGINES", "Engine", "make"]


class Engine(Protocol):
    """A tool that makes a process follow its sources.

    ``begin``: before the package is imported; ``imported``: after that, and after later imports; ``refresh``: the
    files changed, follow; returns what the tool says of it (``Report.to_dict()``, or as much of it as it can say).
    """

    def begin(self, site: str) -> None: ...
    def imported(self) -> None: ...
    def refresh(self, changed: Sequence[str], deleted: Sequence[str]) -> dict[str, Any]: ...


class Modcache:
    """This project."""

    def begin(self, site: str) -> None:
        """Make a session on the folder."""
        import modcache

        self._session = modcache.Session([site])

    def imported(self) -> None:
        """Nothing: the session sees imports."""

    def refresh(self, changed: Sequence[str], deleted: Sequence[str]) -> dict[str, Any]:
        """Refresh, told nothing of what changed."""
        report: dict[str, Any] = self._session.refresh().to_dict()
        return report


class Reload:
    """``importlib.reload`` of each changed module, in the order of ``sys.modules`` (as they were finished)."""

    def begin(self, site: str) -> None:
        """Nothing to prepare."""

    def imported(self) -> None:
        """Nothing to note."""

    def refresh(self, changed: Sequence[str], deleted: Sequence[str]) -> dict[str, Any]:
        """Reload them all; what a module raises is told, and the others are reloaded all the same."""
        importlib.invalidate_caches()
        failed = []
        for module in _modules(changed):
            try:
                importlib.reload(module)
            except Exception as error:
                failed.append(f"{module.__name__}: {error!r}")
        return _said(failed, reexecuted=[path for path in changed if path.endswith(".py")])


class Autoreload:
    """IPython's ``%autoreload 2``: the machinery behind it, without a shell."""

    def begin(self, site: str) -> None:
        """Nothing: it begins with what is loaded."""
        self._reloader = importlib.import_module("IPython.extensions.autoreload").ModuleReloader()
        self._reloader.enabled = True
        self._reloader.check_all = True

    def imported(self) -> None:
        """Let it note the times of the files, as it does after each cell."""
        self._reloader.check(check_all=True, do_reload=False)

    def refresh(self, changed: Sequence[str], deleted: Sequence[str]) -> dict[str, Any]:
        """What runs before each cell."""
        logging.getLogger("autoreload").disabled = True
        told = io.StringIO()
        with redirect_stderr(told):
            self._reloader.check()
        return _said([line for line in told.getvalue().splitlines() if "autoreload of" in line])


class Jurigged:
    """jurigged: its watcher's ``refresh`` for each changed file, in the order of ``sys.modules``."""

    def begin(self, site: str) -> None:
        """Have it notice the modules of the folder as they are imported."""
        live: Any = importlib.import_module("jurigged.live")
        self._errors: list[str] = []
        self._watcher = live.watch(pattern=f"{site}/**/*.py", logger=self._log, autostart=False)
        self._watcher.registry.auto_register(filter=lambda path: path.startswith(site))

    def imported(self) -> None:
        """Have it read the sources now, before they change."""
        for path in list(self._watcher.registry.precache):
            self._watcher.registry.get(path)

    def refresh(self, changed: Sequence[str], deleted: Sequence[str]) -> dict[str, Any]:
        """What its watcher does on each change of a file."""
        self._errors = []
        for module in _modules(changed):
            if self._watcher.registry.get(module.__file__) is not None:
                self._watcher.refresh(module.__file__)
        return _said(self._errors)

    def _log(self, event: object) -> None:
        if isinstance(event, BaseException):
            self._errors.append(repr(event))


class Xreload:
    """pyflyby's ``xreload`` of each changed module, in the order of ``sys.modules``."""

    def begin(self, site: str) -> None:
        """Nothing to prepare."""
        importlib.import_module("pyflyby")

    def imported(self) -> None:
        """Nothing to note."""

    def refresh(self, changed: Sequence[str], deleted: Sequence[str]) -> dict[str, Any]:
        """Reload them all; what a module raises is told, and the others are reloaded all the same."""
        xreload = importlib.import_module("pyflyby").xreload
        importlib.invalidate_caches()
        failed = []
        for module in _modules(changed):
            try:
                xreload(module)
            except Exception as error:
                failed.append(f"{module.__name__}: {error!r}")
        return _said(failed)


ENGINES: dict[str, type[Engine]] = {
    "modcache": Modcache,
    "importlib.reload": Reload,
    "IPython autoreload": Autoreload,
    "jurigged": Jurigged,
    "pyflyby xreload": Xreload,
}


def make(name: str) -> Engine:
    """The tool of that name; raises ``ImportError`` later, in ``begin``, where it is not installed."""
    return ENGINES[name]()


def _modules(paths: Sequence[str]) -> list[Any]:
    wanted = set(paths)
    return [module for module in list(sys.modules.values()) if getattr(module, "__file__", None) in wanted]


def _said(failed: Sequence[str], **more: Any) -> dict[str, Any]:
    return {"outcome": "committed", "complete": None, "failed": list(failed), **more}
