"""The special methods that Python runs by itself (language reference, 3.3): nobody loads them by name."""

from __future__ import annotations

__all__ = ["MAKING", "SPECIAL"]

MAKING = frozenset({
    "__new__", "__init__", "__post_init__", "__attrs_post_init__", "__attrs_pre_init__", "__attrs_init__",
    "__call__", "__set_name__", "__init_subclass__", "__prepare__", "__mro_entries__", "__getattr__",
    "__getattribute__", "__get__", "__setattr__", "__set__", "__class_getitem__", "__del__",
    "_generate_next_value_", "_missing_",
})  # fmt: skip
"""Those that may run where objects and classes are only made, called and asked for attributes; of enumerations too."""

_OTHERS = frozenset({
    "__enter__", "__exit__", "__aenter__", "__aexit__", "__await__", "__aiter__", "__anext__", "__iter__",
    "__next__", "__getitem__", "__setitem__", "__delitem__", "__missing__", "__contains__", "__len__",
    "__length_hint__", "__bool__", "__hash__", "__index__", "__fspath__", "__bytes__", "__reversed__",
    "__instancecheck__", "__subclasscheck__", "__subclasshook__", "__delete__", "__delattr__", "__dir__",
    "__copy__", "__deepcopy__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__",
    "__getnewargs_ex__", "__replace__", "__complex__", "__int__", "__float__", "__round__",
    "__trunc__", "__floor__", "__ceil__", "__str__", "__repr__", "__format__", "__sizeof__", "__buffer__",
    "__release_buffer__", "__getinitargs__",
})  # fmt: skip
_OPERATORS = "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and or xor".split()
SPECIAL = (
    MAKING
    | _OTHERS
    | {f"__{side}{name}__" for name in _OPERATORS for side in ("", "r", "i")}
    | {f"__{name}__" for name in "eq ne lt le gt ge neg pos abs invert".split()}
)
"""All of them."""
