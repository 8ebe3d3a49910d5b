"""attrs at work: classes, validators, converters, slots, string annotations, a look by name."""

from __future__ import annotations

import typing

import attr


@attr.s(auto_attribs=True, slots=True, frozen=True)
class Point:
    """Slots, frozen, and annotations that are strings."""

    x: int = attr.ib(converter=int)
    tags: typing.List[str] = attr.ib(factory=list)  # noqa: UP006 - a name that get_type_hints has to look up


@attr.s
class Account:
    """A validator and a comparison."""

    owner = attr.ib(validator=attr.validators.instance_of(str))
    balance = attr.ib(default=0)


def work() -> str:
    """Make, compare, refuse, convert, resolve."""
    point = Point("3", ["a"])
    assert attr.asdict(point) == {"x": 3, "tags": ["a"]}
    assert attr.evolve(point, x=4) != point
    assert hash(point.x) == 3
    attr.resolve_types(Point)
    assert attr.fields(Point).tags.type == typing.List[str]  # noqa: UP006
    try:
        Account(owner=1)
    except TypeError as error:
        assert "owner" in str(error)
    else:
        raise AssertionError("the validator did not run")
    assert Account("a", 1) == Account("a", 1)
    return "slots, frozen, validators, asdict, resolve_types"
