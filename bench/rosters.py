"""Rosters measured: a workbook from its first byte to the last view, as `liangdi import` has it."""

import time
from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from statistics import median

from bench.provinces import pair, people
from bench.rows import Places, Row
from ledger.demo.people import EMPLOYERS, TRADES, Someone, write_roster
from ledger.domain.kernel import Basis, Code, Office
from ledger.domain.unions import UnionKind
from ledger.imports.accepting import Approval, Basing, Destination, Job, accept
from ledger.imports.reading import open_roster
from ledger.imports.rows import Verdict

DATABASES = ("sqlite", "postgresql")
AIM = 2_000
NAME = "roster with all views"
ASKED: tuple[tuple[str, Approval | None, Basing | None], ...] = (
    (NAME, None, None),
    (
        f"{NAME}, approved and shared",
        Approval(date(2026, 2, 28), Code("桂工组〔2026〕31号")),
        Basing(Basis.STATUTORY_DUTY, "个人信息保护法13-3"),
    ),
)


def rosters(place: Places) -> list[Row]:
    """Rows a second: taken in as applications; approved by minutes and shared with the partner."""
    rows: list[Row] = []
    for name in DATABASES:
        everybody = _rows()
        reading: list[float] = []
        for what, approval, sharing in ASKED:
            values: list[float] = []
            for turn in range(place.size(4, 2)):
                path = place.folder / f"{name}-{turn}-{approval is not None}.xlsx"
                many = place.size(3_000, 300)
                write_roster(path, list(islice(everybody, many)))
                with pair(place, name) as provinces:
                    home = provinces.home
                    union = home.union("长安街道工会", UnionKind.TOWNSHIP)
                    act = home.act(union, Office.CLERK)
                    begun = time.perf_counter()
                    job = Job(
                        home.ledger, act, home.look(union), open_roster(path),
                        Destination(union), approval=approval, sharing=sharing,
                    )  # fmt: skip
                    outcome = accept(job)
                    spent = time.perf_counter() - begun
                    assert outcome.counts[Verdict.ACCEPTED.value] == many, outcome.counts
                if turn:  # the first round warms up
                    values.append(many / spent)
                    reading.append(many / _read(path, home.today))
            place.tell(f"{what}: {name} {median(values):,.0f} rows/s")
            plain = approval is None
            rows.append(
                Row(
                    what, name, median(values), "rows/s", "reading alone" if plain else "",
                    aim=AIM if plain else None,
                )
            )  # fmt: skip
        rows.append(Row(f"{NAME}: reading alone", name, median(reading), "rows/s"))
    return rows


def _read(path: Path, today: date) -> float:
    begun = time.perf_counter()
    for _ in open_roster(path).judged(today):
        pass
    return time.perf_counter() - begun


def _rows() -> Iterator[Someone]:
    for at, told in enumerate(people()):
        yield Someone(
            told.name, told.sex, told.ethnic, date.fromisoformat(told.birth), told.number,
            told.phone, told.residence, told.division, EMPLOYERS[at % 5], TRADES[at % 9],
            date(2026, 2, 1),
        )  # fmt: skip
