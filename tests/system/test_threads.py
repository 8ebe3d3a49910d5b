"""Many threads import many modules, with circles, in several systems at once: none hangs, none is executed twice."""

from __future__ import annotations

from pathlib import Path

from tests.trees import run

PARTS, PER_PART = 6, 8
COUNT = "import sys\nkey = __builtins__['system'], __name__\nsys.executed[key] = sys.executed.get(key, 0) + 1\n"


def circles() -> dict[str, str]:
    """A package whose modules each import the next of their part, and one of the next part, round and round."""
    tree = {"big/__init__.py": COUNT}
    for part in range(PARTS):
        beyond = (part + 1) % PARTS
        tree[f"big/p{part}/__init__.py"] = f"{COUNT}from . import m0\n"
        for n in range(PER_PART):
            tree[f"big/p{part}/m{n}.py"] = (
                f"{COUNT}from . import m{(n + 1) % PER_PART} as near\nimport big.p{beyond}.m{n} as far\nimport json\n"
            )
    return tree


SCRIPT = """
    import random, sys, threading, modcache

    names = [f"big.p{{part}}.m{{n}}" for part in range({parts}) for n in range({per_part})]

    def work(system, seed, failed):
        mine = names[:]
        random.Random(seed).shuffle(mine)
        try:
            for name in mine:
                module = system.import_module(name)
                assert module is system.modules[name], name
        except BaseException as error:
            failed.append(repr(error))

    for turn in range({rounds}):
        sys.executed = {{}}
        systems = [modcache.ImportSystem(str(n), ["."]) for n in range(3)]
        for system in systems:
            system.builtins["system"] = system.name
        failed = []
        jobs = [(systems[n % 3], 100 * turn + n, failed) for n in range(16)]
        threads = [threading.Thread(target=work, args=job, daemon=True) for job in jobs]
        for thread in threads: thread.start()
        for thread in threads: thread.join(60)
        hangs = sum(thread.is_alive() for thread in threads)
        done = [module.near and module.far for s in systems for name, module in s.modules.items() if name in names]
        whole = len(sys.executed) == 3 * (len(names) + {parts} + 1)
        if hangs or failed or not whole or set(sys.executed.values()) != {{1}}:
            say(turn, hangs, failed[:3], len(sys.executed), max(sys.executed.values()))
    say("done", {{len(system.executing) for system in systems}}, {{len(system._locks._locks) for system in systems}})
"""


def test_sixteen_threads_and_three_systems(tmp_path: Path) -> None:
    script = SCRIPT.format(parts=PARTS, per_part=PER_PART, rounds=8)
    assert run(tmp_path, circles(), script, session=False) == "done {0} {0}"
