"""Where a plan starts from: what differs between the versions of the changed modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modcache._model.diff import Alignment
from modcache._refresh.effects import Effects
from modcache._refresh.inherit import acts_when_inherited
from modcache._refresh.members import changed_functions
from modcache._refresh.registrations.record import NOTHING
from modcache._refresh.within import Within

if TYPE_CHECKING:
    from modcache._refresh.planner import Planner

__all__ = ["EDITED", "NEW", "Seeds"]

NEW = "it is new"
EDITED = "it was edited"


class Seeds:
    """Puts the first taints and steps into a planner."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.world = planner.world
        self.effects = planner.effects
        self._before: dict[str, Effects] = {}

    def seed(self) -> None:
        """Start from what differs in the changed modules."""
        for module, alignment in self.planner.alignments.items():
            for match in alignment.matches:
                if match.verdict == "patch":
                    self._seed_patch(module, match.new, match.old)
                elif match.verdict != "same":
                    why = NEW if match.verdict == "born" else EDITED
                    self._seed_edit(module, match.new, match.old, why)
            for index in alignment.gone:
                self._seed_gone(module, index)
            self._seed_moved(module, alignment)
            if not alignment.unchanged:
                self.planner.partaking.touched(module)
                self.planner.partaking.release(module)

    def _seed_moved(self, module: str, alignment: Alignment) -> None:
        """Definitions may change places, but not past a statement that uses them."""
        olds = [match.old for match in alignment.matches if match.old is not None]
        if olds == sorted(olds):
            return
        unit = self.world.unit(module)
        for index, facts in enumerate(unit.all_facts):
            for name in facts.firm:
                if name in unit.binders and unit.binders[name][0] > index:
                    self.planner.step(module, index, f"{name} is bound below it now", ())
        for name, binders in unit.binders.items():
            before = [old for index in binders if (old := alignment.matches[index].old) is not None]
            for index in binders if before != sorted(before) else ():
                self.planner.step(module, index, f"what binds {name} changed places", ())

    def _seed_patch(self, module: str, new: int, old: int | None) -> None:
        unit, before = self.world.unit(module), self.world.entry(module).unit
        assert old is not None
        changed = changed_functions(before.statements[old], unit.statements[new])
        where = f"{module}:{unit.statements[new].lineno}"
        for body in unit.bodies(new):
            top, _, member = body.qualname.partition(".")
            if body.qualname in changed:
                members = {member.partition(".")[0]} if member else None
                why = (f"{where} has a new body of {body.qualname}",)
                self.planner.content(module, top, members, why, face=changed[body.qualname])
        within = Within(self.world, self.effects, module, changed)
        within.look(unit.statements[new].fragment.node)
        if within.runs:
            self.planner.step(module, new, within.runs, ())
        for decorator in within.doubts:
            self.planner.doubt(f"{where}: {decorator} may have run or read what it decorates")

    def _seed_edit(self, module: str, new: int, old: int | None, why: str) -> None:
        unit = self.world.unit(module)
        facts = unit.facts(new)
        if facts.kind == "pass" or (facts.kind == "doc" and new):
            return
        if facts.kind == "doc":
            self.planner.value(module, "__doc__", (f"{module} has a new docstring",))
        if facts.kind == "future":
            self.planner.make_whole(module, "its future imports changed")
        if facts.annotates:
            self.planner.value(module, "__annotations__", (f"{module} annotates other names",))
        self.planner.step(module, new, why, ())
        if old is not None and not self.planner.partaking.is_held(module, new):
            self._seed_gone_effects(module, old)

    def _seed_gone(self, module: str, index: int) -> None:
        before, after = self.world.entry(module).unit, self.world.unit(module)
        statement, facts = before.statements[index], before.facts(index)
        why = (f"{module}: {statement.headline!r} is gone",)
        if facts.kind == "doc" and index == 0:
            self.planner.value(module, "__doc__", why)
        if facts.kind == "future":
            self.planner.make_whole(module, "its future imports changed")
        if facts.annotates:
            self.planner.value(module, "__annotations__", why)
        for ref in facts.imports:
            if ref.name == "*":
                self.planner.make_whole(module, "a star import is gone")
        for name in facts.binds | facts.deletes:
            if name in after.binders:
                for other in after.binders[name]:
                    self.planner.step(module, other, f"another binding of {name} is gone", why)
            elif self.world.star_offers(module, name):
                self.planner.make_whole(module, f"a star import may bind {name} now")
            self.planner.value(module, name, why)
        if not facts.binds or not facts.binds <= self.planner.partaking.kept(module):
            self._seed_gone_effects(module, index)
        made = [self.world.live(module, name) for name in facts.binds if facts.kind == "class"]
        if any(map(acts_when_inherited, made)):
            self.planner.doubt(f"{module}: what making {statement.headline!r} did by its bases may still stand")

    def seed_gone_module(self, module: str) -> None:
        """All that the statements of a module did goes with its file."""
        unit = self.world.entry(module).unit
        for index in range(len(unit.statements)):
            for owner, name in self.effects.of(module, index):
                if owner != module:
                    self.planner.rebuild(owner, name, (f"{module}: {unit.statements[index].headline!r} is gone",))
            self._left_behind(module, index, self.effects)

    def _seed_gone_effects(self, module: str, index: int) -> None:
        """What a vanished (or replaced) statement had done besides binding: build that anew."""
        before = self.world.entry(module).unit
        facts = before.facts(index)
        old = self._effects_before(module)
        gone = old.of(module, index)
        seen = self._left_behind(module, index, old)
        for owner, name in gone:
            if not (owner == module and name in facts.binds):
                why = (f"{module}: {before.statements[index].headline!r} changed or is gone",)
                self.planner.rebuild(owner, name, why)
                star = self.world.star_offers(owner, name)
                if owner != module and not star and name not in self.world.unit(owner).binders:
                    self.effects.orphans.add((owner, name))
                    self.planner.value(owner, name, why)
        acts = facts.kind in {"effect", "compound", "once"} or facts.stores
        if facts.effect and not (gone or seen) and acts:
            self.planner.doubt(f"{module}: what {before.statements[index].headline!r} did may still stand")

    def _left_behind(self, module: str, index: int, effects: Effects) -> bool:
        """Doubt what an old statement did outside of the roots, unless all of it was seen: then that is taken back."""
        statement = self.world.entry(module).unit.statements[index]
        record = self.world.entry(module).registered.get(statement.lineno, NOTHING)
        called = effects.outside.get((module, index), {})
        unseen = [callee for callee, seen in called.items() if not (seen and record.whole)]
        stored = None if record.whole and record.puts else effects.stores_outside(module, index)
        if unseen or stored:
            what = ", ".join(f"{callee}()" for callee in unseen) or stored
            places = ", ".join(dict.fromkeys(put.place.name for put in record.puts))
            seen = f"; what was seen of it ({places}) is taken back" if places else ""
            self.planner.doubt(f"{module}: what {what} did in {statement.headline!r} may still stand{seen}")
        return record.whole and bool(record.puts or called) and not (unseen or stored)

    def _effects_before(self, module: str) -> Effects:
        """The effects of statements of the version that is being left."""
        known = self._before.get(module)
        if known is None:
            known = self._before[module] = Effects(self.world.leaving(module))
        return known
