"""The program that a command looks at: a package that is imported, a command after ``--``, or a process."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import click

from modcache._model.observation import Observation
from modcache._see.command import command_of, import_of
from modcache._see.launch import Order, observe
from modcache._see.remote import observe_process
from modcache.errors import NotObserved, ProgramNotFound

__all__ = ["OnProgram", "Target", "on_program"]

_WORDS = "modcache.words"


class OnProgram(click.Command):
    """A command whose words after ``--`` are those of another program."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take them off, whatever they look like."""
        if "--" in args:
            at = args.index("--")
            ctx.meta[_WORDS] = tuple(args[at + 1 :])
            args = args[:at]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The usage line says so."""
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND…]"]


@dataclass(frozen=True, slots=True)
class Target:
    """What was given: one of the three, and how it is to be run."""

    package: str | None
    words: tuple[str, ...]
    pid: int | None
    python: str | None
    timeout: float | None
    quiet: bool

    def observe(self, order: Order = Order()) -> Observation:  # noqa: B008 - a value that can't change
        """Run it and say what was seen. A mistake is told as one in the command line."""
        gc.disable()  # what is made from now on is kept until the end, which is soon: looking for garbage is in vain
        order = replace(order, timeout=self.timeout, quiet=self.quiet)
        try:
            if self.pid is not None:
                return observe_process(self.pid, order)
            command = command_of(self.words, self.python) if self.words else import_of(self.package or "", self.python)
            return observe(command, order)
        except (NotObserved, ProgramNotFound) as mistake:
            print(f"modcache: {mistake}", file=sys.stderr)
            sys.exit(2)


def on_program(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say what it looks at; its function gets them as one ``target``."""

    def with_target(
        package: str | None,
        pid: int | None,
        python: str | None,
        timeout: float | None,
        quiet: bool,
        **rest: Any,
    ) -> Any:
        words = click.get_current_context().meta.get(_WORDS, ())
        if sum((package is not None, bool(words), pid is not None)) != 1:
            raise click.UsageError("which program? Give one of: PACKAGE (it is imported), -- COMMAND…, or --pid")
        return function(target=Target(package, tuple(words), pid, python, timeout, quiet), **rest)

    with_target.__name__, with_target.__doc__ = function.__name__, function.__doc__
    with_target.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
    for option in reversed(_OPTIONS):
        with_target = option(with_target)
    return with_target


_OPTIONS = (
    click.option("--pid", type=int, metavar="PID", help="Look at a process that runs (Python 3.14 and newer)."),
    click.option("--python", metavar="PATH", help="The interpreter, where the command names none."),
    click.option("--timeout", type=float, metavar="SECONDS", help="End the program after so long."),
    click.option("-q", "--quiet", is_flag=True, help="Throw away what the program prints. Else it goes to stderr."),
    click.argument("package", required=False),
)
