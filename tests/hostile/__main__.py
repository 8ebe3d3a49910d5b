"""Run the table of hostile edits: ``python -m tests.hostile [--write] [WORD…]``.

With words, only the cases whose name or family has one of them, each with what differs. ``--write`` saves the page.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.hostile import Case, table
from tests.hostile.outcomes import page, run_all, summary

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "hostile.md"


def main(arguments: list[str]) -> int:
    """Run, print, and save if asked; the status is 1 if anything was silently wrong or broke."""
    words = [word for word in arguments if not word.startswith("--")]
    cases = [case for case in table() if not words or any(word in (case.name, case.family) for word in words)]
    results = run_all(cases)
    for case in cases:
        if words or results[case.name].verdict != "right":
            show(case, str(results[case.name]), whole=bool(words))
    print(summary(results))
    if "--write" in arguments and not words:
        others = {"importlib.reload of every module": run_all(cases, engine="reload")}
        PAGE.write_text(page(cases, results, others), encoding="utf-8")
    return int(any(result.verdict in ("silently wrong", "broken") for result in results.values()))


def show(case: Case, text: str, whole: bool) -> None:
    """Print one case: in a line, or whole with its program."""
    if not whole:
        print(f"{case.family}: {case.name}: {text.splitlines()[0]}")
        return
    for name, source in case.before.items():
        print(f"# {name}\n{source}", end="")
    for name, changed in case.after.items():
        print(f"--- {name}\n{changed}", end="")
    print(text, end="\n\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
