"""`modcache run`: what can be said to it."""

from __future__ import annotations

from collections.abc import Callable

import click

from modcache._cli.run import Old, Options, run

__all__ = ["command"]

_VALUED = ("--root", "--old")


class _Run(click.Command):
    """Like `python`, it stops reading options at FILE or at `-m MODULE`: what follows belongs to the program."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = 0
        while at < len(args) and args[at].startswith("-") and args[at] not in ("-", "--"):
            flags, m, name = args[at].partition("m")
            if m and not flags.startswith("--"):  # -m NAME, -mNAME, -qm NAME
                at += 1 if name else 2
                return super().parse_args(ctx, [*args[:at], "--", *args[at:]] if at <= len(args) else args)
            at += 2 if args[at] in _VALUED else 1
        return super().parse_args(ctx, args)


@click.command("run", cls=_Run, context_settings={"allow_interspersed_args": False})
@click.option("-m", "module", metavar="MODULE", help="Run a module or package, as `python -m` does; ends the options.")
@click.option(
    "--root",
    "roots",
    metavar="DIR",
    multiple=True,
    help="Keep the sources in this folder (or package) true; may be repeated. Default: the project's folder (the"
    " nearest with a pyproject.toml or .git above the program), and what is installed editable.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say only what was aborted or refused.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON, an object a line: start, report, error, exit.")
@click.option("--verify", is_flag=True, help="Compare with a fresh process after each refresh, name by name.")
@click.option("--dry-run", is_flag=True, help="At each save say what a refresh would do, and do nothing.")
@click.option(
    "--old",
    type=click.Choice(["ignore", "wait", "refuse"]),
    default="ignore",
    metavar="WORD",
    help="What to do about threads, tasks and generators in code that a save makes old: `ignore` them (the default),"
    " `wait` up to ten seconds, or `refuse` the save.",
)
@click.argument("words", metavar="FILE | -m MODULE [ARGS]…", nargs=-1, type=click.UNPROCESSED)
def command(
    module: str | None,
    roots: tuple[str, ...],
    quiet: bool,
    as_json: bool,
    verify: bool,
    dry_run: bool,
    old: Old,
    words: tuple[str, ...],
) -> Callable[[], None]:
    """Run a program as `python` would, and refresh it each time a source file of it is saved.

    FILE is a script, or a folder or zip file with a __main__.py. Reports go to stderr, two or three lines each. If a
    save can not be used (a syntax error, a module that raises), nothing changes, the program runs on, and the next
    save mends it. The exit status is the program's own; 2 for a mistake on this command line.
    """
    if module is None and not words:
        raise click.UsageError("which program? Give a FILE, or -m MODULE (`modcache run --help` lists all)")
    if verify and dry_run:
        raise click.UsageError("--dry-run changes nothing, so there is nothing to --verify: give one of the two")
    target, arguments = (module, words) if module is not None else (words[0], words[1:])
    options = Options(target, module is not None, arguments, roots, quiet, as_json, verify, dry_run, old)
    return lambda: run(options)
