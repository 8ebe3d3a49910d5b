"""A small plug-in host: each plug-in in a space of its own, with the dependencies that it brings; try `help`.

`python demo/host/host.py` reads commands, one a line. A plug-in is a folder with a ``plugin.py`` and what it needs in
``deps``. It imports that, ``hostapi``, which the host provides, and the standard library; it sees no other plug-in.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import modcache

PLUGINS = Path(__file__).resolve().parent / "plugins"


class Host:
    """The plug-ins that are loaded, each with its space and its session."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spaces: dict[str, modcache.Space] = {}
        self.sessions: dict[str, modcache.Session] = {}
        self.commands: dict[str, Callable[..., Any]] = {}

    def load(self, name: str) -> str:
        """load NAME: load a plug-in from its folder"""
        folder = self.folder / name
        if name in self.spaces or not (folder / "plugin.py").is_file():
            return f"{name} is loaded already" if name in self.spaces else f"there is no plug-in {folder}"
        api = SimpleNamespace(command=lambda function: self._register(name, function), version="1")
        space = modcache.Space(name, [folder, folder / "deps"], provide={"hostapi": api})
        self.sessions[name] = space.session([folder])  # before the import: it is to know what was loaded
        self.spaces[name] = space
        plugin = space.import_module("plugin")
        return f"{name} {plugin.VERSION} loaded"

    def _register(self, plugin: str, function: Callable[..., Any]) -> Callable[..., Any]:
        self.commands[f"{plugin}.{function.__name__}"] = function
        return function

    def call(self, command: str, *arguments: str) -> str:
        """call PLUGIN.COMMAND ARGUMENT…: call what a plug-in offers"""
        function = self.commands.get(command)
        return str(function(*arguments)) if function is not None else f"no plug-in offers {command}"

    def refresh(self, name: str) -> str:
        """refresh NAME: make a plug-in true to its source, with its state kept"""
        session = self.sessions.get(name)
        return str(session.refresh()) if session is not None else f"{name} is not loaded"

    def close(self, name: str) -> str:
        """close NAME: let go of a plug-in"""
        space = self.spaces.pop(name, None)
        if space is None:
            return f"{name} is not loaded"
        del self.sessions[name]
        for key in [key for key in self.commands if key.startswith(f"{name}.")]:
            del self.commands[key]
        return str(space.close())

    def list(self) -> str:
        """list: what is loaded, and what it offers"""
        return "\n".join([*map(repr, self.spaces.values()), *self.commands]) or "nothing is loaded"

    def help(self) -> str:
        """help: this"""
        verbs = (self.load, self.call, self.refresh, self.close, self.list, self.help)
        return "\n".join(str(verb.__doc__) for verb in verbs)


def main() -> None:
    """Answer each line of standard input; an error of a plug-in is told, and the host goes on."""
    host = Host(PLUGINS if len(sys.argv) < 2 else Path(sys.argv[1]))
    for line in sys.stdin:
        verb, *arguments = line.split() or ["help"]
        method = getattr(host, verb, None) if verb in ("load", "call", "refresh", "close", "list") else host.help
        try:
            print(method(*arguments), flush=True)
        except Exception as error:
            print(f"{type(error).__name__}: {error}", flush=True)


if __name__ == "__main__":
    main()
