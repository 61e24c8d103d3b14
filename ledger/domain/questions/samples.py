"""Samples (抽样): which records an auditor looks at, drawn so that anybody can draw them again.

All records of the population stand as `origin#position`. Each gets the SHA-256 of the UTF-8 bytes
`seed`, a newline, and that text; the records with the smallest hashes are the sample, in that
order. Who has the records and the seed draws the same: no chance is hidden in a program.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from ledger.domain.ids import FundId, SampleId, UnionId
from ledger.domain.kernel import Act, Aggregate, Code, Event, Fact, Office, Scope
from ledger.domain.questions.rules import PopulationUnsaid, SampleOutOfRange, SeedMissing

METHOD = Code("sha256-smallest")
"""How it was drawn; another way would be another word."""

MOST = 500
"""The largest sample that one record holds."""


@dataclass(frozen=True)
class Population:
    """Of what a sample is drawn (总体): facts that stand, of these kinds, in this period."""

    origin: Code  # whose records: ours, or a partner's as far as they were shared
    kinds: tuple[Code, ...]
    fund: FundId | None = None
    since: date | None = None
    until: date | None = None  # the last day


class SampleDrawn(Event, by=Office.AUDITOR, scope=Scope.NEVER):
    """抽样: of a population of `count` records with this digest, by this seed, these were drawn."""

    sample: SampleId
    union: UnionId
    population: Population
    count: int
    digest: Code
    method: Code
    seed: Code
    drawn: tuple[Code, ...]  # origin#position


class Sample(Aggregate):
    """One sample (stream `sam_…`)."""

    def __init__(self) -> None:
        self.drawn: SampleDrawn | None = None

    @classmethod
    def draw(
        cls,
        act: Act,
        sample: SampleId,
        population: Population,
        refs: Iterable[str],
        size: int,
        seed: str,
    ) -> SampleDrawn:
        """Draws `size` of these records. Raises: PopulationUnsaid, SeedMissing, SampleOutOfRange."""
        since, until = population.since, population.until
        if not population.kinds or (since is not None and until is not None and since > until):
            raise PopulationUnsaid(kinds=population.kinds)
        if not seed.strip():
            raise SeedMissing()
        every = sorted(set(refs))
        if not 1 <= size <= min(len(every), MOST):
            raise SampleOutOfRange(size=size, population=len(every), most=MOST)
        chosen = tuple(Code(ref) for ref in drawn(every, seed, size))
        return SampleDrawn(
            sample, act.union, population, len(every), Code(digest(every)), METHOD, Code(seed),
            chosen,
        )  # fmt: skip

    def agrees(self, refs: Iterable[str]) -> bool:
        """Whether these records are its population, and drawn again give the same sample."""
        told, every = self.drawn, sorted(set(refs))
        return (
            told is not None
            and told.digest == digest(every)
            and told.drawn == tuple(drawn(every, told.seed, len(told.drawn)))
        )

    def after(self, fact: Fact) -> None:
        match fact.event:
            case SampleDrawn() as e:
                self.drawn = e
            case _:
                pass


def drawn(refs: Iterable[str], seed: str, size: int) -> list[str]:
    """The sample: those whose hash with the seed is smallest, the smallest first.

    A larger sample of the same seed begins with the smaller one.
    """
    return sorted(set(refs), key=lambda ref: sha256(f"{seed}\n{ref}".encode()).digest())[:size]


def digest(refs: Iterable[str]) -> str:
    """What tells one population from another: the SHA-256 of its records, sorted, one a line."""
    return sha256("\n".join(sorted(set(refs))).encode()).hexdigest()
