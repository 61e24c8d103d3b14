"""What the book is asked and what it answers (登记用词): receipts, looks, and what went wrong."""

from dataclasses import dataclass
from typing import Any

from ledger.domain.kernel import Refused
from ledger.journal import canonical


class NotFound(LookupError):
    """There is no such thing in this ledger."""

    def __init__(self, what: str) -> None:
        super().__init__(f"no {what} here")
        self.what = what


class Conflict(RuntimeError):
    """Somebody wrote first: read again, then decide again."""


class CommandReused(
    Refused,
    zh="同一操作编号不能用于不同的内容。",
    article="design: api",
    instead="换一个新的操作编号，或原样重发。",
):
    """A command id stands for one request; it is not used again with another body."""


@dataclass(frozen=True)
class Province:
    """Whose ledger this is: the two digits (45), the journal's origin, and the names."""

    code: str
    origin: str
    name: str
    short: str


@dataclass
class Receipt:
    """What the journal answers: where the records stand, the leaf of the first, what was made."""

    positions: list[int]
    leaf: str
    entry: str
    result: dict[str, Any]
    replayed: bool = False

    def to_bytes(self) -> bytes:
        return canonical.encode(
            {
                "positions": self.positions,
                "leaf": self.leaf,
                "entry": self.entry,
                "result": self.result,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Receipt":
        said = canonical.decode(data)
        return cls(said["positions"], said["leaf"], said["entry"], said["result"], replayed=True)


@dataclass(frozen=True)
class Look:
    """Who looks at personal data, for which union, through which view, and why."""

    officer: str
    union: str
    view: str
    purpose: str
