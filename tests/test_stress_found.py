"""What the stress modes have found in real packages: wrong before, each by its mechanism."""

from __future__ import annotations

from tests.conftest import Runner


def test_c17_a_new_kind_of_dict_refers_to_the_survivors_of_what_is_in_it(run: Runner) -> None:
    """As in flask.signals: the names went on as the old objects, the namespace that gave them out had the new ones."""
    tree = {
        "lib.py": """
            import collections
            class Signal:
                def __init__(self, name):
                    self.name = name
            class Namespace(dict):
                def signal(self, name):
                    return self.setdefault(name, Signal(name))
            class Row(list):
                pass
            class Bag(set):
                pass
            class Line(collections.deque):
                pass
            class Ordered(collections.OrderedDict):
                pass
            """,
        "app.py": """
            import collections
            import lib
            SPACE = lib.Namespace()
            ready = SPACE.signal("ready")
            ROW, BAG, LINE = lib.Row([ready]), lib.Bag([ready]), lib.Line([ready])
            ORDERED = lib.Ordered(ready=ready, other=1)
            KEYED = collections.OrderedDict([(ready, 1), ("other", 2)])
            """,
    }
    script = """
        import app, modcache
        held = app.ready
        modcache.reload(app)
        same = [app.SPACE["ready"], app.ROW[0], *app.BAG, app.LINE[0], app.ORDERED["ready"], list(app.KEYED)[0]]
        say(app.ready is held, [one is held for one in same], app.KEYED[held], list(app.KEYED.items())[1])
        """
    assert run(tree, script) == "True [True, True, True, True, True, True] 1 ('other', 2)"


def test_c13_members_are_found_by_the_values_that_they_have(run: Runner) -> None:
    """As click's sentinels: members had their new values, the class looked them up by the old ones."""
    tree = {
        "kinds.py": """
            import enum
            class Sentinel(enum.Enum):
                UNSET = object()
                OTHER = [1]
            """,
    }
    script = """
        import kinds, modcache
        held = kinds.Sentinel.UNSET
        modcache.reload(kinds)
        say(kinds.Sentinel.UNSET is held, kinds.Sentinel(held.value) is held, kinds.Sentinel([1]).name)
        """
    assert run(tree, script) == "True True OTHER"


def test_c01_an_instance_whose_class_answers_for_its_dict_is_left_alone(run: Runner) -> None:
    """As werkzeug's LocalProxy: asking it for its ``__dict__`` raises where there is nothing behind it."""
    tree = {
        "lib.py": """
            class Behind:
                def __get__(self, instance, owner=None):
                    raise RuntimeError("nothing is behind it")
            class Proxy:
                __dict__ = Behind()
                __slots__ = ()
            proxy = Proxy()
            def f():
                return 1
            """,
    }
    script = """
        import lib, modcache
        modcache.reload(lib)
        edit("lib.py", "return 1", "return 2")
        say(refresh().outcome, lib.f())
        """
    assert run(tree, script) == "committed 2"


def test_c17_a_module_that_keeps_its_own_namespace_keeps_the_live_one(run: Runner) -> None:
    """As httpx: ``__locals = locals()`` held the namespace of the stage afterwards."""
    tree = {
        "lib.py": """
            names = globals()
            table = {"names": locals()}
            def f():
                return 1
            """,
    }
    script = """
        import lib, modcache
        modcache.reload(lib)
        say(lib.names is vars(lib), lib.table["names"] is vars(lib))
        edit("lib.py", "return 1", "return names['__name__']")
        say(refresh().outcome, lib.f(), lib.names["f"] is lib.f)
        """
    assert run(tree, script) == "True True | committed lib True"


def test_c01_a_class_with_a_class_of_its_own_is_taken_back_from_anywhere(run: Runner) -> None:
    """As werkzeug's LocalProxy: a way back that began in the middle of its member failed itself."""
    tree = {
        "proxy.py": """
            class Lookup:
                __slots__ = ("name",)
                def __init__(self, name):
                    self.name = name
                def __get__(self, instance, owner=None):
                    return self if instance is None else type(instance)
            class Proxy:
                __class__ = Lookup(["class"])
                def m(self):
                    return 1
            """,
    }
    script = """
        import proxy
        found = session.stress(modes=["rollback", "undo"])
        say([str(row) for module in found.modules for row in module.findings if row.certain])
        """
    assert run(tree, script) == "[]"


def test_c01_an_object_that_lies_about_its_class_is_not_asked(run: Runner) -> None:
    """As django's settings: asking what they are raises as long as they are not configured."""
    tree = {
        "lazy.py": """
            class Lazy:
                @property
                def __class__(self):
                    raise RuntimeError("not configured")
            settings = Lazy()
            """,
        "app.py": """
            from lazy import settings
            TABLE = {"settings": settings}
            def register(value):
                TABLE["more"] = value
            register(settings)
            def f():
                return 1
            """,
    }
    script = """
        import app, lazy
        edit("app.py", "return 1", "return 2")
        say(refresh().outcome, app.f())
        edit("app.py", "import settings", "import settings as settings")
        say(session.plan().errors, session.plan().modules[0].mode)
        """
    assert run(tree, script) == "committed 2 | () partial"


def test_c11_an_object_whose_class_says_what_its_class_is_becomes_one_of_the_survivor(run: Runner) -> None:
    """As in django.utils.functional: a lazy object answers for another, and nobody could set its class."""
    tree = {
        "lib.py": """
            class Lazy:
                def __init__(self, wrapped):
                    self.wrapped = wrapped
                @property
                def __class__(self):
                    return type(self.wrapped)
                def size(self):
                    return 1
            LAZY = Lazy("text")
            HELD = {object(): Lazy("other")}
            """,
    }
    script = """
        import lib, modcache
        kind = lib.Lazy
        modcache.reload(lib)
        edit("lib.py", "return 1", "return 2")
        report = refresh()
        same = lib.Lazy is kind, type(lib.LAZY) is kind, [type(one) for one in lib.HELD.values()] == [kind]
        say(same, lib.LAZY.size(), lib.LAZY.wrapped, report.outcome)
        """
    assert run(tree, script) == "(True, True, True) 2 text committed"
