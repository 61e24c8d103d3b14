"""One hardship file (一份困难档案): each step, as at a date, as known on a date."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ledger.book import NotFound, Reader
from ledger.domain.hardship import Assessment, FileOutcome, HardshipFile
from ledger.domain.ids import FileId, HouseholdId, PersonId, UnionId
from ledger.projections import worker_files
from ledger.replay.moments import Compared, differences
from ledger.replay.people import people
from ledger.replay.told import KnownOn, Lane, Line, Names, effective, gather, lines
from ledger.replay.words import word


@dataclass(frozen=True)
class FileTold:
    """A hardship file as at a date, as known on a date."""

    file: FileId
    as_of: date | None
    known_on: KnownOn
    day: date  # the day that the state is of: `as_of`, or today
    number: str
    household: HouseholdId | None
    person: PersonId | None
    union: UnionId | None
    union_name: str
    lane: Lane | None  # whose journal keeps it
    open: bool
    valid: bool  # open, and not yet due for its review
    found: Assessment | None  # what was found last
    closed_on: date | None
    outcome: FileOutcome | None
    lines: tuple[Line, ...]


def hardship_file(
    reader: Reader, file: str, *, as_of: date | None = None, known_on: KnownOn = None,
    mask: bool = True,
) -> FileTold:  # fmt: skip
    """One file with its records; its texts as far as they are open. Raises: NotFound."""
    told = [each for each in gather(reader, [file], known_on) if each.record.stream == file]
    conn, origin = reader.conn, reader.ledger.origin
    if not told and not worker_files.mentions(conn, origin, [file]):
        raise NotFound(file)
    names = Names(reader, told, known_on)
    day = as_of or reader.ledger.today
    held = HardshipFile.of(each.fact for each in effective(told, as_of))
    opened, opening = held.opened, held.opening
    if opened is not None and reader.look is not None:
        shown = people(reader, [opened.person], mask=mask)
        names.learn({person: one.name for person, one in shown.items() if one.name})
    return FileTold(
        FileId(file), as_of, known_on, day, opened.file_number if opened else "",
        opened.household if opened else None, opened.person if opened else None,
        opened.union if opened else None, names.union(opened.union, day) if opened else "",
        names.lane(opening.origin) if opening else None, held.open_on(day), held.valid_on(day),
        held.assessments[-1] if held.assessments else None, held.closed_on,
        held.closed.outcome if held.closed else None,
        tuple(lines(told, names, origin, as_of, mask=mask)),
    )  # fmt: skip


def hardship_between(
    reader: Reader, file: str, before: tuple[date | None, KnownOn],
    after: tuple[date | None, KnownOn], *, mask: bool = True,
) -> Compared:  # fmt: skip
    """What changed in a file between two moments, each (as at, as known on). Raises: NotFound."""
    then = hardship_file(reader, file, as_of=before[0], known_on=before[1], mask=mask)
    now = hardship_file(reader, file, as_of=after[0], known_on=after[1], mask=mask)
    was, is_ = dict(_said(then)), dict(_said(now))
    changes = [(what, was[what], is_[what]) for what in is_ if was[what] != is_[what]]
    return Compared(tuple(changes), tuple(differences(then, now)))


def _said(told: FileTold) -> Iterator[tuple[str, str]]:
    """What stands beside each other."""
    found = told.found
    state = "在档，应复核" if told.open and not told.valid else "在档" if told.open else ""
    yield "状态", state or ("已结案" if told.closed_on else "尚未建档")
    yield "困难类别", word(found.category) if found else ""
    yield "主要致困原因", word(found.main) if found else ""
    yield "次要致困原因", "、".join(word(each) for each in found.others) if found else ""
    yield "认定依据", word(found.basis) if found else ""
    yield "有效期至", found.valid_until.isoformat() if found else ""
    yield "结案原因", word(told.outcome)
