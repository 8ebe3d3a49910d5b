"""pydantic at work: models with string annotations, validation, JSON, generics; the native part is used."""

from __future__ import annotations

import datetime
import enum
import typing

import pydantic


class Colour(enum.Enum):
    """An enum in a model."""

    RED = "red"


class Item(pydantic.BaseModel):
    """A part of another model."""

    name: str
    price: float = pydantic.Field(gt=0)
    colour: Colour = Colour.RED


class Order(pydantic.BaseModel):
    """A model whose annotations name others."""

    when: datetime.date
    items: typing.List[Item]  # noqa: UP006 - pydantic 1 on every Python
    note: typing.Optional[str] = None  # noqa: UP045


def work() -> str:
    """Parse, refuse, say it as JSON."""
    given = {"when": "2020-01-02", "items": [{"name": "tea", "price": "3.6"}]}
    two = int(pydantic.VERSION.split(".")[0]) >= 2
    order = Order.model_validate(given) if two else Order.parse_obj(given)
    assert order.items[0].price == 3.6
    assert order.items[0].colour is Colour.RED
    assert '"2020-01-02"' in (order.model_dump_json() if two else order.json())
    try:
        Order(when="x", items=[{"name": "tea", "price": -1}])
    except pydantic.ValidationError as error:
        assert {row["loc"] for row in error.errors()} == {("when",), ("items", 0, "price")}
    else:
        raise AssertionError("the model took what is wrong")
    schema = Order.model_json_schema() if two else Order.schema()
    assert schema["required"] == ["when", "items"]
    if two:
        import pydantic_core

        return f"models, errors, JSON, schema; Rust core {pydantic_core.__version__}"
    return f"models, errors, JSON, schema; {'compiled' if pydantic.compiled else 'not compiled'}"
