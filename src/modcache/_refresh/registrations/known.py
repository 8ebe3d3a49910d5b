"""What is known of functions outside the roots that register things: all that they do is seen by looking on."""

from __future__ import annotations

import functools
import sys
from abc import ABCMeta
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator
from types import FunctionType, MethodDescriptorType
from typing import Any

from modcache._runtime.peek import home, is_a, mro_of, qualname_of, said

__all__ = ["RUNNERS", "is_keeper", "is_maker", "is_of_keeper", "is_seen", "keepers_caches", "keeps"]

_STANDING = frozenset({
    "atexit", "logging", "logging.handlers", "logging.config", "warnings", "_warnings", "_py_warnings",
})  # fmt: skip
_STANDING_NAMES = frozenset({
    "signal.signal", "_signal.signal", "signal.getsignal", "_signal.getsignal", "_signal.default_int_handler",
    "signal.default_int_handler", "signal.Signals", "signal.Handlers", "signal.strsignal", "_signal.strsignal",
    "signal.valid_signals", "copyreg.pickle", "copyreg.constructor",
})  # fmt: skip
"""The same of modules that do more than is looked at: timers and masks of signals, codes of classes for pickling."""
_DIRECT = frozenset({"codecs", "_codecs", "mimetypes"})
_NAMED = frozenset({
    "shutil.register_archive_format", "shutil.register_unpack_format", "shutil.unregister_archive_format",
    "shutil.unregister_unpack_format", "functools.singledispatch.<locals>.register",
})  # fmt: skip
_CONTAINERS: frozenset[type] = frozenset({dict, list, set, deque, OrderedDict, defaultdict})
_KEEPERS = frozenset({"flask", "quart", "click", "typer", "rich_click", "fastapi", "starlette", "bottle"})
"""Packages whose classes, functions and methods (those in ``_KEEPING``) keep what they are given in the object that
they make or are called on, and leave nothing anywhere else: they do not run it, nor look into its body, but may look at
its face. Each was tried: apps of all kinds, edited before and after their first use, answered as in a fresh process."""
_SHARED = frozenset({"bottle"})
"""Those of them whose functions keep it in an object that everybody shares: bottle's are of its default application."""
_TESTING = frozenset({"testing", "testclient", "test"})
"""Modules of theirs that run what they are given."""
_KEEPING = frozenset({
    # applications, routers, blueprints
    "route", "get", "post", "put", "delete", "patch", "options", "head", "trace", "websocket", "api_route", "endpoint",
    "add_url_rule", "add_websocket", "add_route", "add_websocket_route", "websocket_route", "add_api_route",
    "add_api_websocket_route", "register_blueprint", "include_router", "mount", "host", "merge", "as_view",
    # what they do around a request
    "before_request", "after_request", "teardown_request", "before_app_request", "after_app_request",
    "teardown_app_request", "teardown_appcontext", "before_websocket", "after_websocket", "teardown_websocket",
    "before_serving", "after_serving", "while_serving", "errorhandler", "app_errorhandler", "register_error_handler",
    "error", "exception_handler", "add_exception_handler", "middleware", "add_middleware", "hook", "add_hook",
    "install", "on_event", "add_event_handler", "url_value_preprocessor", "app_url_value_preprocessor", "url_defaults",
    "app_url_defaults", "Depends", "Security", "Query", "Path", "Body", "Header", "Cookie", "Form", "File",
    # what templates and shells are given
    "context_processor", "app_context_processor", "shell_context_processor", "template_filter", "app_template_filter",
    "add_template_filter", "add_app_template_filter", "template_test", "app_template_test", "add_template_test",
    "add_app_template_test", "template_global", "app_template_global", "add_template_global", "add_app_template_global",
    # commands
    "command", "group", "add_command", "callback", "result_callback", "add_typer", "option", "argument", "pass_context",
    "pass_obj", "make_pass_decorator", "version_option", "password_option", "confirmation_option", "help_option",
    "Option", "Argument",
})  # fmt: skip
_LOG = frozenset({
    "debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log", "handle", "emit",
    "callHandlers",
})  # fmt: skip
_CODED = frozenset({
    "encode", "decode", "open", "lookup", "lookup_error", "read_text", "write_text", "fdopen", "TextIOWrapper", "bytes",
    "str", "getencoder", "getdecoder", "getreader", "getwriter", "iterencode", "iterdecode",
})  # fmt: skip
_COPIED = frozenset({"copy", "deepcopy", "dump", "dumps", "load", "loads", "Pickler", "Unpickler"})
_SHOWN = frozenset({"print", "write", "writelines", "pprint", "stdout", "stderr", "print_exc", "input"})
RUNNERS: dict[str, frozenset[str]] = {
    "logging": _LOG,
    "logging.setLoggerClass": frozenset({"getLogger", "getChild"}),
    "codecs": _CODED,
    "copyreg": _COPIED,
    "warnings": frozenset({"warn", "warn_explicit"}),
    "sys.stdout": _SHOWN,
    "sys.stderr": _SHOWN | {"warn"},
}
"""Library, or one name of it -> the words without which no code makes it run what it was given."""
_SERVERS = frozenset({"http.server", "socketserver", "wsgiref.simple_server", "xmlrpc.server"})
"""Modules whose classes keep the class of handlers that they are given, and make one only when somebody asks."""
_LRU: type = type(functools.lru_cache(lambda: None))


def is_seen(value: Any, *, directly: bool) -> bool:
    """Does calling it register things in places alone that are looked at?

    ``directly``: the statement itself calls it, and is looked at more closely than the functions that it calls.
    """
    module = said(value, "__module__")
    if module in _STANDING or f"{module}.{said(value, '__qualname__')}" in _STANDING_NAMES:
        return True
    if is_a(value, MethodDescriptorType) and value.__objclass__ in _CONTAINERS:
        return directly
    return directly and (
        module in _DIRECT or value is ABCMeta.register or f"{module}.{said(value, '__qualname__')}" in _NAMED
    )


def keeps(value: Any) -> bool:
    """Does it only keep what it is given, or decorates, for later?"""
    if not said(value, "__module__"):
        return False
    server = is_a(value, type) and said(value, "__module__") in _SERVERS
    return server or is_seen(value, directly=True) or is_keeper(value)


def is_keeper(value: Any) -> bool:
    """Is it of a package that is known to keep things in its own objects, and nowhere else?"""
    module = said(value, "__module__")
    if module.partition(".")[0] not in _KEEPERS:
        return False
    if is_a(value, type):
        return module.rpartition(".")[2] not in _TESTING
    return said(value, "__qualname__").rpartition(".")[2] in _KEEPING


def is_maker(value: Any) -> bool:
    """Is it a class or a plain function of a keeper, that keeps what it is given in nothing but what it makes?"""
    if not is_keeper(value):
        return False
    plain = type(value) is FunctionType and "." not in qualname_of(value)
    return is_a(value, type) or (plain and home(value).partition(".")[0] not in _SHARED)


def is_of_keeper(kind: type) -> bool:
    """Is a class one of a keeper, or derived from one?"""
    return any(home(base).partition(".")[0] in _KEEPERS for base in mro_of(kind))


def keepers_caches() -> Iterator[Any]:
    """What keepers remember of what they have looked at: to be forgotten when the face of something changed."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in _KEEPERS:
            yield from [value for value in list(vars(module).values()) if type(value) is _LRU]
