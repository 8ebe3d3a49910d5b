"""The way into a program that is watched: its interpreter imports this by itself, before the program begins.

It takes every trace of the way away again, starts the probe, and gives the place back to the ``sitecustomize`` that the
environment may have. It must run on any Python 3.8 or newer, with nothing of ours beside it but this folder.
"""

from __future__ import annotations

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_HIDDEN = "MODCACHE_HIDDEN_"


def _leave() -> str:
    """Set the environment and the path to what the program would have found; the folder that is written to."""
    folder = os.environ.pop("MODCACHE_PROBE")
    os.environ.pop("PYTHONPATH", None)
    for name in list(os.environ):
        if name.startswith(_HIDDEN):
            os.environ[name[len(_HIDDEN) :]] = os.environ.pop(name)
    sys.path[:] = [entry for entry in sys.path if entry != _HERE]
    sys.path_importer_cache.pop(_HERE, None)
    return folder


def _begin() -> None:
    """Start the probe; where that fails the program runs as it is, and the observation says why there is none."""
    import modcache_probe as probe  # type: ignore[import-not-found]

    folder = _leave()
    names = list(sys.modules)
    at = names.index(__name__)  # what comes after it is here because of us
    for name in ("__future__", "modcache_probe"):
        if name in names[at:]:
            del sys.modules[name]
    del sys.modules[__name__]
    try:
        probe.begin(folder, names[:at])
    except Exception as error:
        probe.refuse(folder, error)


if "MODCACHE_PROBE" in os.environ:
    _begin()
    # As if this file had never been: `site` takes just this error for "there is none", and goes on.
    import sitecustomize  # type: ignore[import-not-found]  # noqa: F401 - the environment's own, if it has one
