"""jinja2 at work: templates that inherit, escape, loop and fail; markupsafe's part in C."""

from __future__ import annotations

import jinja2
import markupsafe

TEMPLATES = {
    "base.html": "<h1>{% block title %}-{% endblock %}</h1>{% block body %}{% endblock %}",
    "page.html": (
        "{% extends 'base.html' %}{% block title %}{{ title }}{% endblock %}"
        "{% block body %}{% for n in rows if n is odd %}{{ loop.index }}:{{ n|string }} {% endfor %}{% endblock %}"
    ),
    "wrong.html": "{{ nobody.knows }}",
}


def work() -> str:
    """Render, escape, and get the right line of a mistake."""
    environment = jinja2.Environment(loader=jinja2.DictLoader(TEMPLATES), autoescape=True)
    page = environment.get_template("page.html").render(title="<a & b>", rows=range(5))
    assert page == "<h1>&lt;a &amp; b&gt;</h1>1:1 2:3 ", page
    try:
        environment.get_template("wrong.html").render()
    except jinja2.UndefinedError as error:
        assert "nobody" in str(error)
    native = markupsafe.escape.__module__ == "markupsafe._speedups" or hasattr(markupsafe, "_speedups")
    package = jinja2.Environment(loader=jinja2.PackageLoader("work_jinja2_templates", "."))
    assert package.get_template("hello.txt").render(name="x") == "hello x"
    assert markupsafe.escape("<") == markupsafe.Markup("&lt;")
    return f"inheritance, escaping, a package loader, {'C' if native else 'Python'} speed-ups"
