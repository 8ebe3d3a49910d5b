"""Room: watch. Which source files changed, told once each save has settled.

What arrives from the operating system is not saves but the steps of saves: truncate, write, write again, close;
or write a temporary file and rename it; or rename the old one away and write a new one; and "save all" or ``git
checkout`` do that for many files. A refresh in the middle of it would read half a file, or half of a set of files
that belong together. So a :class:`Watcher` hands out a set of paths only when they are *settled*
(:class:`Settling` has the rules, as a pure class with its own clock):

- **settle, 20 ms**: no event came for so long, for any file, and each file's size, time and inode stayed what
  they were. Measured here: files that ``git checkout``, ``sed -i``, ``vim :bufdo w`` and a loop of ``write()``
  save together come 9 ms after each other at most, 12 ms with all cores busy (the longest gap in some 12,000
  events; once, off a cold disk, 87 ms). A person notices delays from about 50 ms on. Too short is not a disaster:
  a refresh is a transaction, so half a set of files aborts, or is one generation more, and the rest follows with
  the next.
- **grace, 250 ms**: what looks unfinished waits longer: a file that is missing (renamed away, to be written
  anew), one that is empty and was not known to be (truncated, to be filled), one that is still open for writing.
  If it comes back in that time it is just an edit. Creating an empty file or deleting one for good is what pays:
  a quarter of a second.
- **patience, 2 s**: a file that never rests does not hold up the others for longer than that.

Where events come from: on Linux from inotify, asked through ``ctypes``: nothing to install, blocked at no cost,
an event is there microseconds after the save, "was anything changed?" costs 2 us whatever the number of files, and
the kernel says when a file is closed, which no portable interface does. Elsewhere from ``watchfiles``, imported
only then. Where that is not installed, on file systems that other hosts write to (NFS, a virtual machine's shared
folders: the kernel does not hear of that), or if ``MODCACHE_POLLING`` is set: by looking at the files again and
again (``watchfiles`` polls too, but compares times in whole seconds, so that the second of two saves within one
second was missed).
"""

from __future__ import annotations

from modcache._watch.lookout import Lookout
from modcache._watch.settling import Settling
from modcache._watch.watcher import Watcher

__all__ = ["Lookout", "Settling", "Watcher"]
