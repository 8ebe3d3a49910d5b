"""The hall's space: one that can be refreshed."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from os import PathLike

from modcache._session.session import Session
from modcache._spaces import space
from modcache._spaces.closing import Closing

__all__ = ["Space"]


class Space(space.Space):
    """A private import system; see there. Here it gets its sessions."""

    _sessions: weakref.WeakSet[Session]

    def session(self, roots: Iterable[str | PathLike[str]] | None = None) -> Session:
        """A session that keeps the modules of this space true to their source; it closes with the space.

        ``roots``: as for :class:`modcache.Session`; by default the folders of the space's path. Raises
        :class:`modcache.errors.SpaceClosed`.
        """
        made = Session(self.path if roots is None else roots, system=self.system)
        with self._lock:
            if "_sessions" not in vars(self):
                self._sessions = weakref.WeakSet()
            self._sessions.add(made)
        return made

    def close(self) -> Closing:
        """Close its sessions, then the space."""
        for session in list(vars(self).get("_sessions", ())):
            session.close()
        return super().close()

    __doc__ = space.Space.__doc__
