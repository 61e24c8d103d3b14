"""A page of a list (翻页): keyset, never an offset; the next rows begin after a place."""

from typing import Generic, NamedTuple, TypeVar

Row = TypeVar("Row")
Place = TypeVar("Place")


class Page(NamedTuple, Generic[Row, Place]):
    """Some rows, and after which place the next ones begin; None: these were the last."""

    rows: list[Row]
    next: Place | None
