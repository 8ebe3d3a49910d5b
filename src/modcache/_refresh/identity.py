"""What stands for an object of the stage after the commit."""

from __future__ import annotations

__all__ = ["IdentityMap"]


class IdentityMap:
    """Staged object -> what stands for it after the commit; keeps both alive."""

    def __init__(self) -> None:
        self._final: dict[int, tuple[object, object]] = {}
        self.taken: set[int] = set()
        """The ids of what stands for something else than a copy of itself."""

    def put(self, staged: object, final: object) -> None:
        """Let ``final`` stand for ``staged``."""
        self._final[id(staged)] = (staged, final)
        self.taken.add(id(final))

    def put_copy(self, copy: object, final: object) -> None:
        """Let ``final`` stand for a copy of itself; it is free yet to take the content of another one."""
        self._final[id(copy)] = (copy, final)

    def get(self, staged: object) -> object:
        """What stands for an object: itself, if nothing else was said."""
        found = self._final.get(id(staged))
        return found[1] if found is not None else staged

    def __contains__(self, staged: object) -> bool:
        return id(staged) in self._final

    def ids(self) -> set[int]:
        """The ids of the staged objects that something else stands for."""
        return {key for key, (staged, final) in self._final.items() if staged is not final}

    def staged(self) -> list[object]:
        """The staged objects that something else stands for."""
        return [staged for staged, final in self._final.values() if staged is not final]
