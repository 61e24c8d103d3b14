"""Hardship files (建档办理): one open a household, on whichever side; reviewed, closed, told apart."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from ledger.book import Entry, NotFound, Reader
from ledger.domain.hardship import (
    Category,
    FileBasis,
    FileOutcome,
    HardshipCause,
    HardshipFile,
    HardshipFileClosed,
    HardshipFileOpened,
    HardshipFileReviewed,
)
from ledger.domain.ids import FileId, HouseholdId, PersonId, new_file
from ledger.domain.kernel import Code
from ledger.domain.persons import Household, NotInHousehold
from ledger.procedures.delegation import acted_for
from ledger.procedures.enrolling import kin_of, known_as
from ledger.projections import hardship_files, worker_files
from ledger.projections.hardship_files import FileRow


def open_around(
    reader: Reader, persons: Iterable[PersonId], household: HouseholdId | None = None
) -> list[FileRow]:
    """The files that are open now for these persons, or for anybody they live with today.

    Both provinces' households and files count, as far as they are known here, and every id under
    which somebody is known: so a wife's file in one province is found for her husband in the other.
    """
    conn, origin, today = reader.conn, reader.ledger.origin, reader.ledger.today
    circle, homes = set(persons), {household} if household else set[HouseholdId]()
    for _ in range(2):  # whom they live with, and where those are registered
        same = worker_files.identities(conn, origin, circle)
        circle |= {one for ids in same.values() for one in ids}
        for name in worker_files.streams_of(conn, origin, circle, "hou"):
            if not circle.isdisjoint(reader.get(Household, name).members(today)):
                homes.add(HouseholdId(name))
        circle |= {one for home in homes for one in reader.get(Household, home).members(today)}
    return hardship_files.open_of(conn, origin, circle, homes)


def open_file(
    entry: Entry,
    household: HouseholdId,
    person: PersonId,
    category: Category,
    main: HardshipCause,
    others: Sequence[HardshipCause],
    basis: FileBasis,
    valid_until: date,
    number: Code,
    remark: str = "",
) -> HardshipFileOpened:
    """Opens the file of a household, through one of its members.

    The entry holds the head (`lock=True`): no other file comes to be known while it is decided.

    Raises: NotFound, NotInHousehold, and what `HardshipFile.open_for` raises.
    """
    assert entry.locked
    members = entry.read(Household, household).members(entry.act.on)
    if person not in members:
        raise NotInHousehold(household=household, person=person)
    known = open_around(entry, members, household)
    opened = HardshipFile.open_for(
        entry.act, new_file(), household, person, category, main, others, basis, valid_until,
        number, remark, known_open=[row.file for row in known],
        kin=members | kin_of(entry, *members),
    )  # fmt: skip
    entry.start(opened)
    return opened


def review_file(
    entry: Entry,
    file: FileId,
    category: Category,
    valid_until: date,
    *,
    main: HardshipCause | None = None,
    others: Sequence[HardshipCause] | None = None,
    basis: FileBasis | None = None,
    remark: str = "",
) -> HardshipFileReviewed:
    """Looks at a file again. Raises: NotFound, and what `HardshipFile.review` raises."""
    held, opened = _read(entry, file)
    act, opening = entry.act, held.opening
    assert opening is not None
    opener = opening.decided_by.office if opening.decided_by else opening.office
    reviewed = held.review(
        act, category, valid_until, line=entry.line(opened.union), main=main, others=others,
        basis=basis, remark=remark, kin=kin_of(entry, opened.person),
        acting_for=acted_for(entry, act.decider, act.union, act.on, act.deciding_office)
        | known_as(entry, act.decider),
        opened_for=acted_for(entry, opening.decider, opened.union, opening.on, opener),
    )  # fmt: skip
    entry.write(reviewed)
    return reviewed


def close_file(
    entry: Entry,
    file: FileId,
    outcome: FileOutcome,
    *,
    duplicate_of: FileId | None = None,
    remark: str = "",
) -> HardshipFileClosed:
    """Ends a file; a duplicate names the household's other one, perhaps the partner's.

    Raises: NotFound, and what `HardshipFile.close` raises.
    """
    held, opened = _read(entry, file)
    beside: Collection[FileId] = ()
    if duplicate_of is not None:
        around = open_around(entry, [opened.person], opened.household)
        beside = {row.file for row in around}
    closed = held.close(
        entry.act, outcome, line=entry.line(opened.union), duplicate_of=duplicate_of,
        other_open=duplicate_of in beside, remark=remark, kin=kin_of(entry, opened.person),
    )  # fmt: skip
    entry.write(closed)
    return closed


def _read(entry: Entry, file: FileId) -> tuple[HardshipFile, HardshipFileOpened]:
    """Raises: NotFound, also where the opening was annulled."""
    held = entry.read(HardshipFile, file)
    if held.opened is None:
        raise NotFound(file)
    return held, held.opened
