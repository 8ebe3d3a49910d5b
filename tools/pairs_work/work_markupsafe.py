"""markupsafe at work: its part in C, and the class that it makes."""

from __future__ import annotations

import pickle

import markupsafe
from markupsafe import _speedups


def work() -> str:
    """Escape, by the native function, and come back through pickle."""
    assert markupsafe.escape("<a & 'b'>") == "&lt;a &amp; &#39;b&#39;&gt;"
    assert type(markupsafe.escape("x")) is markupsafe.Markup
    assert markupsafe.Markup("<i>%s</i>") % "<" == "<i>&lt;</i>"
    assert (markupsafe.Markup("a") + "<").__class__ is markupsafe.Markup
    back = pickle.loads(pickle.dumps(markupsafe.Markup("<i>")))
    assert type(back) is markupsafe.Markup
    assert _speedups.__file__.endswith((".so", ".pyd"))
    return "escaping in C, pickle"
