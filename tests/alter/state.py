"""What has to be as before when a scope has been left; and a little tree of packages to alter."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

__all__ = ["TREE", "state"]

TREE = {
    "pkg/__init__.py": "NAME = 'pkg'\n",
    "pkg/mod.py": "LIMIT = 5\ndef f():\n    return 'real'\nclass C:\n    pass\n",
    "pkg/sub/__init__.py": "from .. import mod\n",
    "pkg/sub/deep.py": "X = 1\n",
    "shadow/__init__.py": "from .run import run\n",
    "shadow/run.py": "def run():\n    return 'run'\n",
    "space/part.py": "X = 1\n",
    "one.py": "X = 1\n",
    "app.py": "import pkg.mod\nimport pkg.mod as m\nfrom pkg import mod\nfrom pkg.mod import f, C, LIMIT\n",
}
"""A package with an inner one, one whose attribute hides its submodule, a namespace package, and who imports it all."""


def state(system: Any = sys) -> dict[str, Any]:
    """Ids in their order, the parents' attributes, and what fills the cache."""
    modules = dict(system.modules)
    attributes = {
        name: {key: id(value) for key, value in vars(module).items() if isinstance(value, ModuleType)}
        for name, module in modules.items()
        if isinstance(module, ModuleType)
    }
    return {
        "entries": [(name, id(module)) for name, module in modules.items()],
        "attributes": attributes,
        "meta_path": [id(finder) for finder in system.meta_path],
        "path": list(system.path),
        "path_hooks": [id(hook) for hook in system.path_hooks],
        "importers": {path: id(importer) for path, importer in system.path_importer_cache.items()},
    }
