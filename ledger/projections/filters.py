"""Filters (筛选条件) from the words of a URL or a command line: an unknown one is an error."""

from collections.abc import Callable, Mapping
from typing import Any


class UnknownFilter(ValueError):
    """A filter that does not exist, or a value that it cannot have: never "everything"."""

    def __init__(self, name: str, value: str = "") -> None:
        super().__init__(f"{name}={value}" if value else name)
        self.name, self.value = name, value


def read(
    given: Mapping[str, str], known: Mapping[str, tuple[str, Callable[[str], Any]]]
) -> dict[str, Any]:
    """What was given, by field; `known` says which field each filter is and how it is read.

    Raises: UnknownFilter.
    """
    fields: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise UnknownFilter(name)
        field, reads = known[name]
        try:
            fields[field] = reads(value)
        except ValueError as wrong:
            raise UnknownFilter(name, value) from wrong
    return fields


def yes_or_no(text: str) -> bool:
    """Raises: ValueError where it is neither `true` nor `false`."""
    if text not in {"true", "false"}:
        raise ValueError(text)
    return text == "true"
