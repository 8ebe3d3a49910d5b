"""What can be called without anybody noticing: functions and classes that change nothing but what they are given."""

from __future__ import annotations

import dis
import logging
import os
import warnings
from abc import ABCMeta
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType
from typing import Any

from modcache._runtime.functions import cell_content, raw_dict
from modcache._runtime.peek import Kinds, home, is_a, mro_of, said

__all__ = ["IMMUTABLE", "MAKERS", "PURE", "counts", "is_harmless"]

IMMUTABLE = Kinds(
    int,
    float,
    complex,
    str,
    bytes,
    bool,
    type(None),
    tuple,
    frozenset,
    range,
    type(...),
    type(NotImplemented),
    property,
)
PURE = frozenset({
    "get", "items", "keys", "values", "copy", "index", "count", "union", "intersection", "difference", "issubset",
    "issuperset", "symmetric_difference", "isdisjoint", "most_common", "elements", "__getitem__", "__contains__",
    "__len__",
})  # fmt: skip
"""Methods of the built-in containers that change nothing."""
MAKERS = frozenset({"__new__", "__init__", "__del__"})
"""What runs when an instance is made, or goes."""


def counts(value: Any) -> bool:
    """May a call change what a closure has captured: a container, or a variable that is ``nonlocal``?"""
    if type(value) is not FunctionType or not value.__closure__:
        return False
    if any(type(cell_content(cell)) in (list, dict, set) for cell in value.__closure__):
        return True
    free = set(value.__code__.co_freevars)
    return any(i.opname == "STORE_DEREF" and i.argval in free for i in dis.get_instructions(value.__code__))


_MODULES = frozenset({
    "builtins", "typing", "types", "collections", "functools", "operator", "itertools", "enum", "dataclasses", "re",
    "abc", "contextlib", "math", "string", "datetime", "decimal", "fractions", "pathlib", "os.path", "posixpath",
    "textwrap", "struct", "json", "copy", "typing_extensions", "weakref", "threading", "_thread", "contextvars",
    "_contextvars", "collections.abc", "_collections", "_functools", "_operator", "uuid", "_struct", "_weakrefset",
    "array", "bisect", "_bisect", "heapq", "_heapq", "queue", "_queue", "graphlib", "sched",
    "asyncio.locks", "asyncio.queues", "cmath", "colorsys", "statistics", "_statistics", "numbers", "genericpath",
    "ntpath", "base64", "binascii", "hashlib", "_hashlib", "_blake2", "hmac", "zlib", "html", "html.parser",
    "_markupbase", "http", "urllib.parse",
    "ipaddress", "zoneinfo", "email.message", "keyword", "shlex", "fnmatch", "difflib", "unicodedata", "inspect",
    "ast", "_ast", "platform", "argparse", "configparser", "tomllib._parser",
    "attr", "attr._make", "attr._next_gen", "markupsafe", "packaging.version", "packaging.specifiers",
    "pydantic.main", "pydantic.root_model", "pydantic.fields", "pydantic.config", "pydantic.types", "pydantic.networks",
    "pydantic.aliases", "pydantic.functional_validators", "pydantic.functional_serializers", "pydantic.type_adapter",
})  # fmt: skip
"""Modules of which no function, and no making of an instance, leaves anything behind that code could find. A cache of
what they gave for the same arguments is nothing to be found."""
_NAMES: dict[str, str] = {
    "time": "gmtime localtime mktime strftime strptime asctime ctime time time_ns monotonic monotonic_ns perf_counter "
    "perf_counter_ns process_time process_time_ns thread_time get_clock_info",
    "sys": "intern getsizeof getrecursionlimit getdefaultencoding getfilesystemencoding getrefcount exc_info",
    "posix": "fspath cpu_count getpid getppid getuid getgid urandom",
    "os": "fsencode fsdecode cpu_count process_cpu_count get_exec_path",
    "random": "Random SystemRandom",
    "secrets": "compare_digest",
    "_io": "StringIO BytesIO",
    "_csv": "reader writer",
    "csv": "DictReader DictWriter Sniffer",
    "pprint": "pformat PrettyPrinter saferepr",
    "traceback": "format_exc format_exception format_exception_only format_list format_stack format_tb extract_stack "
    "extract_tb TracebackException",
    "concurrent.futures.thread": "ThreadPoolExecutor",
    "rich.console": "Console Group",
    "rich.table": "Table Column",
    "rich.text": "Text",
    "rich.style": "Style",
    "rich.theme": "Theme",
    "rich.panel": "Panel",
    "numpy": "array asarray zeros ones empty full arange linspace logspace eye identity dtype ndarray bool_ int8 int16 "
    "int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128 datetime64 timedelta64",
}
"""Module -> such names in it, where others do leave something."""
_IDEMPOTENT: tuple[Any, ...] = (warnings.warn, logging.getLogger, os.getenv)
"""They may leave something behind, but nothing that a second call, or code of a module, would find other than it was:
a warning that was shown, a logger under the name that was asked for."""


def _is_made_by_builtins(kind: type) -> bool:
    """Does making an instance run nothing but what built-in types do, as of most exceptions and containers?"""
    made = all(home(base) == "builtins" or MAKERS.isdisjoint(raw_dict(base)) for base in mro_of(kind))
    return made and (type(kind) is type or type(kind) is ABCMeta)


def is_harmless(value: Any) -> bool:
    """Functions and classes outside the roots that change nothing but what they are given or make."""
    if is_a(value, MethodDescriptorType):
        pure = home(value.__objclass__) in {"builtins", "collections"} and value.__name__ in PURE
        return pure or value.__objclass__ in IMMUTABLE
    if type(value) is BuiltinFunctionType and value.__self__ is not None and type(value.__self__) in IMMUTABLE:
        return True
    if any(value is known for known in _IDEMPOTENT):
        return True
    if is_a(value, type) and _is_made_by_builtins(value):
        return True
    module = said(value, "__module__")
    return module in _MODULES or said(value, "__qualname__") in _NAMES.get(module, "").split()
