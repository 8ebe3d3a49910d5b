"""PyYAML at work: load, dump, tags, errors; by libyaml where this release was built with it."""

from __future__ import annotations

import yaml

TEXT = """
name: &n tea
price: 3.60
again: *n
when: 2020-01-02
rows: [1, {a: b}]
"""


class Money(yaml.YAMLObject):
    """An object with a tag of its own."""

    yaml_tag = "!money"
    yaml_loader = yaml.SafeLoader

    def __init__(self, amount: float) -> None:
        self.amount = amount


def work() -> str:
    """Load, dump, and be told where the mistake is."""
    found = yaml.safe_load(TEXT)
    assert found["again"] == "tea"
    assert found["when"].year == 2020
    assert yaml.safe_load(yaml.safe_dump(found)) == found
    assert yaml.load("!money {amount: 2}", yaml.SafeLoader).amount == 2
    try:
        yaml.safe_load("a: [1")
    except yaml.YAMLError as error:
        assert "line 1" in str(error)
    if not yaml.__with_libyaml__:
        return "load, dump, tags, errors (this build has no libyaml)"
    assert yaml.load(TEXT, yaml.CSafeLoader) == found
    assert yaml.load(yaml.dump(found, Dumper=yaml.CSafeDumper), yaml.CSafeLoader) == found
    try:
        yaml.load("a: [1", yaml.CSafeLoader)
    except yaml.YAMLError as error:
        assert type(error).__module__.startswith("yaml.")
    return "load, dump, tags, errors; libyaml in C"
