"""How everything was before a module is executed anew: what all that is found afterwards is compared with."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from modcache._stress.fingerprint import Fingerprint
from modcache._stress.identity import Homes
from modcache._stress.subject import Subject

__all__ = ["Baseline"]


class Baseline:
    """The modules of a subject at one moment, as a fresh process has them if nothing was done yet.

    It serves for one module after the other, as long as what each does is taken back and :meth:`differences` says so:
    to take it is most of the work.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.modules = subject.modules()
        self.fingerprint = Fingerprint({name: vars(one) for name, one in self.modules.items()}, subject.cache)
        self.homes = Homes(self.modules)

    @cached_property
    def described(self) -> dict[str, Any]:
        """The modules as data; ask for it before anything is done."""
        return self._subject.describe()

    def differences(self) -> list[str]:
        """What is other by now, by name; none if the next module can begin from here."""
        return self.fingerprint.differences()

    def holds(self) -> bool:
        """Is everything as it was, and no module there that was not?"""
        return self._subject.modules().keys() == self.modules.keys() and not self.differences()
