"""What fsck says: faults in the order of their positions, and how long each pass took."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

MOST = 100
"""Faults that a report names; the first one matters, and the rest follow from few causes."""


class Fault(NamedTuple):
    """Something that is not as it was written, and where: a position, of a log, on a day."""

    log: str  # a journal's origin, or a channel's name
    position: int
    what: str
    kind: str = ""  # of the record
    day: str = ""  # on which it was recorded, in Beijing; of a missing one, the day before it

    def __str__(self) -> str:
        about = " ".join(part for part in (self.kind, self.day) if part)
        return f"{self.log} {self.position}{f' ({about})' if about else ''}: {self.what}"


class Pass(NamedTuple):
    """One pass: how many records it saw, in how many seconds."""

    name: str
    records: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.records / self.seconds if self.seconds else 0.0


class Progress(NamedTuple):
    """How far a pass has come."""

    name: str
    done: int
    size: int


Tell = Callable[[Progress], None]


@dataclass
class Report:
    """What was found: nothing, or the faults in the order of their positions, our journal first."""

    faults: list[Fault] = field(default_factory=list[Fault])
    passes: list[Pass] = field(default_factory=list[Pass])

    @property
    def sound(self) -> bool:
        return not self.faults

    @property
    def first(self) -> Fault | None:
        return self.faults[0] if self.faults else None
