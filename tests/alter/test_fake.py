"""Fakes: what they have, what they lack, and that code which uses the real one goes through."""

from __future__ import annotations

import pytest

from tests.conftest import Runner

REAL = {
    "real/__init__.py": """
        from .core import Tensor, zeros, Trouble
        from . import nn
        import os
        __version__ = "2.1"
        LIMIT = 3
        """,
    "real/core.py": """
        from __future__ import annotations
        class Base:
            def shared(self): ...
        class Tensor(Base):
            kind = "dense"
            def __init__(self, data, *, grad=False):
                self.data = data
            def to(self, device) -> Tensor: ...
            @property
            def T(self): ...
            @staticmethod
            def make(n): ...
            def __len__(self): return 5
        class Trouble(ValueError): ...
        def zeros(n: int) -> Tensor: ...
        def names() -> list[str]: ...
        def nothing() -> None: ...
        """,
    "real/nn/__init__.py": "class Module:\n    def __call__(self, x): ...\n",
    "real/nn/functional.py": "def relu(x): ...\n",
    "stub.pyi": "class Tensor: ...\n",
}
USE = """
    import modcache, sys
    {before}
    with modcache.fake("real", {spec}):
        import real, real.nn.functional as F
        from real.nn import Module
        from real.core import Tensor
        t = real.zeros(3)
        say(isinstance(t, real.Tensor), Tensor is real.Tensor, isinstance(t.to("cpu"), Tensor))
        say(real.LIMIT, real.__version__, real.core.names(), real.core.nothing())
        say(real.Tensor([1]).data is not None, t.T is not None, Tensor.kind, len(t), Tensor.make(2) is not None)
        class Net(Module):
            def __init__(self):
                super().__init__()
                self.x = 1
        say(Net()(3) is not None, Net().x, F.relu(t) is not None, t.shared() is not None, t)
        try:
            raise real.Trouble("x")
        except ValueError as error:
            say(type(error).__name__)
        for code in ("real.nope", "Tensor.nope", "t.nope", "Tensor()", "real.zeros()", "F.relu(1, 2)"):
            try:
                eval(code)
            except (AttributeError, TypeError) as error:
                say(str(error).partition(": ")[0])
        for code in ("import real.nope", "from real import nope"):
            try:
                exec(code)
            except ImportError as error:
                say(type(error).__name__)
    say("real" in sys.modules)
    """
USED = [
    "True True True",
    "3 2.1 [] None",
    "True True dense 0 True",
    "True 1 True True <fake real.core.Tensor object>",
    "Trouble",
    "the fake 'real' has no attribute 'nope'",
    "the fake 'real.core.Tensor' has no attribute 'nope'",
    "the fake 'real.core.Tensor' has no attribute 'nope'",
    "Tensor()",
    "zeros()",
    "relu()",
    "ModuleNotFoundError",
    "ImportError",
]


def test_recorded_from_the_real_one(run: Runner) -> None:
    script = USE.format(before="import real as spec, real as kept", spec="spec")
    assert run(REAL, script, session=False) == " | ".join([*USED, "True"])


def test_recorded_from_its_folder_without_being_imported(run: Runner) -> None:
    script = USE.format(before="", spec="'./real'")
    assert run(REAL, script, session=False) == " | ".join([*USED, "False"])


def test_recorded_from_a_stub(run: Runner) -> None:
    script = '''
        import modcache, pathlib
        stub = """
        import os
        from os import path as path
        class Tensor:
            shape: tuple
            def to(self, device: str) -> Tensor: ...
        def zeros(n: int) -> Tensor: ...
        if sys.version_info >= (3, 999):
            def future(): ...
        """
        import textwrap
        with modcache.fake("torch", textwrap.dedent(stub)):
            import torch
            say(isinstance(torch.zeros(1).to("x"), torch.Tensor), torch.zeros(1).shape is not None)
            say(hasattr(torch, "future"), hasattr(torch, "os"), hasattr(torch, "path"))
        for spec in ("stub.pyi", pathlib.Path("stub.pyi")):
            with modcache.fake("torch", spec):
                import torch
                say(torch.Tensor, hasattr(torch, "zeros"))
        '''
    one = "<fake class 'torch.Tensor'> False"
    assert run(REAL, script, session=False) == f"True True | False False True | {one} | {one}"


def test_without_a_specification_everything_is_there(run: Runner) -> None:
    script = """
        import abc, modcache
        with modcache.fake("torch"):
            import torch, torch.nn.functional as F
            from torch.nn import Module
            class Net(Module, abc.ABC):
                def __init__(self):
                    super().__init__()
                    self.layer = torch.nn.Linear(1, 2)
                def forward(self, x):
                    return F.relu(self.layer(x))
            net = Net()
            say(isinstance(net, Module), Net.__mro__[1] is torch.nn.Module, list(net.parameters()))
            say(net.forward(1) is None)
            @torch.no_grad()
            def f():
                return 7
            @torch.jit.script
            def g():
                return 8
            say(f(), g(), torch.float32 is torch.float32, hasattr(torch, "__wrapped__"))
            with torch.cuda.amp.autocast("x") as context:
                pass
            try:
                raise torch.cuda.OutOfMemoryError("x")
            except torch.cuda.OutOfMemoryError as error:
                say(isinstance(error, Exception))
            hint: torch.Tensor | None = None
            torch.Tensor[int]
        """
    assert run(REAL, script, session=False) == "True True [] | False | 7 8 True False | True"


def test_a_mapping_and_an_object(run: Runner) -> None:
    script = """
        import modcache, types
        tree = {"cuda.is_available": lambda: False, "nn": {"X": 1}, "nn.Module": ..., "__version__": "2"}
        with modcache.fake("torch", tree):
            import torch, torch.nn
            from torch.cuda import is_available
            say(is_available(), torch.nn.X, torch.nn.Module, torch.__version__, hasattr(torch, "zeros"))
        with modcache.fake("torch", tree, strict=False):
            import torch
            say(torch.cuda.is_available(), torch.zeros(3) is not None)
        with modcache.fake("a.b", types.SimpleNamespace(x=1)):
            import a.b
            say(a.b.x, hasattr(a.b, "y"))
        """
    expected = "False 1 <fake class 'torch.nn.Module'> 2 False | False True | 1 False"
    assert run(REAL, script, session=False) == expected


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ("'no/such.pyi'", "FileNotFoundError"),
        ("'def f('", "SyntaxError"),
        ("{3: 1}", "TypeError"),
        ("{'x': 1, 'x.y': 2}", "ValueError"),
    ],
)
def test_what_is_no_specification(run: Runner, spec: str, error: str) -> None:
    script = f"""
        import modcache
        try:
            modcache.fake("torch", {spec})
        except Exception as error:
            say(type(error).__name__)
        """
    assert run(REAL, script, session=False) == error


def test_c25_a_fake_goes_without_a_trace(run: Runner) -> None:
    script = """
        import modcache, real.nn.functional, sys, json
        modcache.fake, modcache.blocked
        for spec in (real, "./real"):
            with modcache.fake("real", spec):
                from real import core, nn
        from tests.alter.state import state
        import real
        del spec, core, nn
        before, specs = state(), [None, {"X": 1}, real, "./real"]
        while specs:
            with modcache.fake("real", specs.pop()) as handle:
                import real
                say(type(real).__name__, real is handle)
            import real
            after = state()
            say([part for part in before if after[part] != before[part]])
        """
    assert run(REAL, script, session=False) == " | ".join(["module False", "[]"] * 4)
