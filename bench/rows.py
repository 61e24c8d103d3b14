"""What a measurement says, and how two things are measured fairly: in turns, on the same disk."""

import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests import postgres


@dataclass(frozen=True)
class Row:
    """One line of the table; the aim is of the ratio where there is one, else of the value."""

    name: str
    database: str
    value: float
    unit: str
    peer: str = ""
    ratio: float | None = None
    aim: float | None = None
    better: str = "higher"

    @property
    def reached(self) -> bool | None:
        """Whether the aim is reached; None where there is none."""
        if self.aim is None:
            return None
        measured = self.value if self.ratio is None else self.ratio
        return measured >= self.aim if self.better == "higher" else measured <= self.aim

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        ratio = "" if self.ratio is None else f"{self.ratio:6.2f} x {self.peer}"
        aim = "" if self.aim is None else f"{'reached' if self.reached else 'missed'} {self.aim:,}"
        return f"{self.name:50}{self.database:11}{self.value:12,.0f} {self.unit:10} {ratio:24}{aim}"


def rate(count: int, work: Callable[[], object]) -> float:
    """How many a second, where `work` does `count`."""
    begun = time.perf_counter()
    work()
    return count / (time.perf_counter() - begun)


def in_turns(
    rounds: int, count: int, ours: Callable[[int], object], theirs: Callable[[int], object]
) -> tuple[float, float, float]:
    """Measures two things in turns: (ours, theirs, ratio), each the median of the rounds.

    Whatever else the machine does meets both alike; the ratio is taken round by round.
    """
    pairs: list[tuple[float, float]] = []
    for turn in range(rounds + 1):
        one = rate(count, lambda turn=turn: ours(turn))
        other = rate(count, lambda turn=turn: theirs(turn))
        if turn:  # the first round warms up
            pairs.append((one, other))
    return (
        median(one for one, _ in pairs),
        median(other for _, other in pairs),
        median(one / other for one, other in pairs),
    )


def median_rate(rounds: int, count: int, work: Callable[[int], object]) -> float:
    """How many a second, the median of the rounds after a first one that warms up."""
    return median(
        [rate(count, lambda turn=turn: work(turn)) for turn in range(rounds + 1)][1:],
    )


@dataclass
class Places:
    """Where measurements take place: a folder on the disk, and a PostgreSQL that really syncs."""

    folder: Path
    server: postgres.Server
    quick: bool = False
    _count: int = 0

    def size(self, whole: int, quick: int) -> int:
        """How many: in a whole run, or where a quick look is enough."""
        return quick if self.quick else whole

    def tell(self, what: str) -> None:
        """Says on stderr what is going on."""
        print(f"  {time.strftime('%H:%M:%S')}  {what}", file=sys.stderr, flush=True)

    def url(self, database: str) -> str:
        """A fresh database, `sqlite` or `postgresql`."""
        if database == "postgresql":
            return self.server.database()
        self._count += 1
        return f"sqlite:///{self.folder / f'{self._count}.sqlite'}"


@contextmanager
def places(*, quick: bool = False) -> Generator[Places]:
    """A folder and a server for the length of a run."""
    with tempfile.TemporaryDirectory() as folder, postgres.server(durable=True) as server:
        yield Places(Path(folder), server, quick)
