"""What can be said to `modcache` on a command line, and what a mistake in it is answered with."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence

import click

from modcache import __version__

__all__ = ["parse"]

_COMMANDS = ("run", "top", "why", "tree", "cycles", "lazy", "budget", "doctor", "check", "check-reload")
"""Each is a module of `modcache._cli.commands`, imported when it is asked for, and has its click command in `command`.

Such a function returns the exit status: 0 is fine, 1 says that something was found. What `run` returns is called when
the command line's own modules are out of the way of the program."""


class _Table(click.Group):
    """The commands by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"modcache._cli.commands.{cmd_name.replace('-', '_')}").command
        return found


@click.group(
    cls=_Table,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 fine, 1 something was found, 2 a mistake on this command line.",
)
@click.version_option(__version__, prog_name="modcache")
def _modcache() -> None:
    """See what is in a Python program's module cache, and keep it true to the source."""


def parse(arguments: Sequence[str]) -> Callable[[], None]:
    """What the command line asks for, ready to be called, where it could not be done at once.

    A mistake is told on stderr, and exits with status 2.
    """
    try:
        result = _modcache.main(list(arguments), prog_name="modcache", standalone_mode=False)
    except click.ClickException as mistake:
        mistake.show()
        sys.exit(mistake.exit_code)
    except click.Abort:
        sys.exit(130)
    if not callable(result):  # --help, --version, or a command that is done
        sys.exit(result)
    asked: Callable[[], None] = result
    return asked
