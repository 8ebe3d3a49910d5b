"""Door: the command `modcache` (also `python -m modcache`). Nothing but the door: the work is in `modcache._cli`."""

from __future__ import annotations

import sys

__all__ = ["main"]

_NO_CLICK = """\
modcache: the command needs the package click, which is not installed here ({error}).
Ways out:
  - pip install "modcache[cli]"
  - without it: `import modcache; modcache.watch()` from a thread of your program does the same work
"""


def main() -> None:
    """Do what the command line says; ends by ``SystemExit``, or by whatever the program that it runs ends with."""
    loaded = set(sys.modules)
    own = sys.path[: 0 if sys.flags.safe_path else 1]  # the working folder, or that of the script `modcache`
    sys.path[: len(own)] = []  # its modules are the program's: a click.py there is not what we need
    try:
        import click
    except ImportError as error:
        sys.stderr.write(_NO_CLICK.format(error=error))
        sys.exit(2)
    del click
    from modcache._cli.command import parse
    from modcache._runtime.main_module import forget

    run = parse(sys.argv[1:])
    forget(name for name in sys.modules.keys() - loaded if not _is_needed(name))
    sys.path[:0] = own
    run()


def _is_needed(name: str) -> bool:
    """Whether a module stays: only the command line needed `click`, and the program may have its own of that name."""
    return name.partition(".")[0] in sys.stdlib_module_names | {"modcache"}


if __name__ == "__main__":
    main()
