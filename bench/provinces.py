"""Provinces to measure in: real ledgers with an agreement between them, and workers by the thousand.

What is measured goes through the book. What only has to be there is written by lists through the
recorder, just as the book would have written it: sealed, claimed, findable, the views caught up.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import NamedTuple

from eventsourcing.persistence import StoredEvent
from sqlalchemy import Connection

from bench.rows import Places
from ledger import projections, schema
from ledger.demo.people import COUNTIES, EMPLOYERS, GIVEN, SURNAMES, TRADES, check_digit
from ledger.domain.identity import DocumentKind
from ledger.domain.ids import MembershipId, PersonId, UnionId, new, new_membership, new_person
from ledger.domain.kernel import Act, Code, Event, Office
from ledger.domain.membership import Channel, Confirmed, EmploymentChanged, Membership
from ledger.domain.partnerships import Annex
from ledger.domain.persons import ContactChanged, Particulars, Person
from ledger.journal import canonical, codec
from ledger.journal.database import Database
from ledger.journal.record import Particulars as Beside
from ledger.journal.record import Record, header_of
from ledger.journal.recorder import Visit
from ledger.journal.vault import Sealer
from ledger.projections.posting import Projection
from tests.pair import Pair, close, open_pair
from tests.world import World

LIST = 1000
EACH = 5
"""How many records a worker has: registered, applied, enrolled, moved on, another telephone."""

VILLAGES = 200
APPLIED, ENROLLED, LATER = date(2026, 2, 2), date(2026, 2, 5), date(2026, 2, 20)


@contextmanager
def pair(place: Places, database: str, terms: Annex | None = None) -> Generator[Pair]:
    """广西 on a database to be measured and 广东 beside it, the agreement signed by both."""
    url = place.url(database)
    made = Database(url)
    schema.upgrade(made)
    made.close()
    folder = Path(place.url("sqlite").removeprefix("sqlite:///")).with_suffix("")
    folder.mkdir()
    opened = open_pair(folder, home_url=url)
    try:
        yield opened.agree(terms)
    finally:
        close(opened)


def villages(home: World, number: int = VILLAGES) -> list[UnionId]:
    """The village unions of a province."""
    return [home.union(f"第{at}村工会") for at in range(1, number + 1)]


@dataclass(frozen=True)
class Worker:
    """Somebody who was filled in."""

    person: PersonId
    membership: MembershipId
    union: UnionId


def fill(
    home: World, unions: Sequence[UnionId], workers: int, place: Places | None = None
) -> list[Worker]:
    """Fills a ledger with this many workers, `EACH` records each; the views follow list by list."""
    acts = [
        Acts(clerk.effective(APPLIED), approver.effective(ENROLLED), clerk.effective(LATER))
        for clerk, approver in ((home.act(u), home.act(u, Office.APPROVER)) for u in unions)
    ]
    everybody = people()
    found: list[Worker] = []
    while len(found) < workers:
        page = Page(home)
        for _ in range(min(LIST // EACH, workers - len(found))):
            found.append(page.worker(next(everybody), acts[len(found) % len(acts)]))
        page.close()
        if place is not None and len(found) % 10_000 == 0:
            place.tell(f"{len(found) * EACH:,} records")
    return found


class Acts(NamedTuple):
    """Under what the officers of one union act, on three days."""

    applied: Act
    enrolled: Act
    later: Act


class Line(NamedTuple):
    """A line of a list; `holds`: whether what it takes is not given back within the same list."""

    version: int
    person: PersonId
    event: Event
    act: Act
    holds: bool = True


class Page:
    """One list: what an entry of the book hands to the recorder, without its reading and judging."""

    def __init__(self, home: World) -> None:
        self._ledger = home.ledger
        self.lines: list[Line] = []

    def worker(self, told: Particulars, acts: Acts) -> Worker:
        """Adds what is on record of one worker."""
        clerk, approver, later = acts
        person, membership, union = new_person(), new_membership(), clerk.union
        employer, trade = EMPLOYERS[int(told.phone) % 5], TRADES[int(told.phone) % 9]
        applied = Membership.apply(
            clerk, membership, person, union, Channel.VILLAGE, of_age=True,
            confirmed=Confirmed.LIST, employer=employer, trade=trade,
        )  # fmt: skip
        enrolled = Membership.told(applied).enrol(approver, minutes=Code("桂工组〔2026〕31号"))
        moved = EmploymentChanged(membership, person, union, EMPLOYERS[0], trade)
        called = ContactChanged(person, f"137{told.phone[3:]}", told.residence)
        self.lines += [
            Line(1, person, Person.register(clerk, person, told), clerk),
            Line(1, person, applied, clerk, holds=False),
            Line(2, person, enrolled, approver),
            Line(3, person, moved, later),
            Line(2, person, called, later),
        ]
        return Worker(person, membership, union)

    def close(self, *views: Projection) -> None:
        """Writes the list; these views, or all of them, catch up in its transaction."""
        ledger, sealer = self._ledger, self._ledger.vault.sealer()
        with ledger.database.reading() as conn:
            sealer.ready(conn, (line.person for line in self.lines))
        made = [self._made(sealer, line) for line in self.lines]

        def posted(conn: Connection, records: Sequence[Record]) -> None:
            projections.catch_up(conn, ledger.origin, views or projections.VIEWS, fresh=records)

        visit = Visit(
            [beside for _, beside in made], ledger.clock.now(), new("ent"), before=sealer.keep,
            then=posted,
        )  # fmt: skip
        ledger.recorder.insert_events([stored for stored, _ in made], visit=visit)
        sealer.committed()

    def _made(self, sealer: Sealer, line: Line) -> tuple[StoredEvent, Beside]:
        vault, parts = self._ledger.vault, codec.encode(line.event)
        kind, stream = type(line.event).__name__, codec.stream_of(line.event)
        boxes: list[tuple[str, str, bytes]] = []
        tokens: list[tuple[str, bytes, str]] = []
        if parts.groups:
            sealed = sealer.seal(
                self._ledger.origin, stream, line.version, line.person, parts.groups
            )
            parts.body["sealed"] = {line.person: sealed.commitments}
            boxes = sealed.boxes
            for texts in parts.groups.values():
                tokens += vault.tokens_of(line.person, kind, texts)
        takes = [
            (
                claim.rule.__name__,
                vault.number_token(claim.key).hex() if claim.secret else claim.key,
            )
            for claim in line.event.takes()
            if line.holds
        ]
        stored = StoredEvent(stream, line.version, kind, canonical.encode_own(parts.body))
        return stored, Beside(header_of(line.act), takes, (), boxes, tokens)


def people() -> Iterator[Particulars]:
    """Invented people, always the same, each with a lawful number of her own."""
    random = Random(20150327)
    for at in count():
        born = date(1964, 1, 1) + timedelta(days=at % 15_700)
        city, county, code, _ = COUNTIES[at // 15_700 % len(COUNTIES)]
        sex = "女" if at % 2 else "男"
        body = f"{code}{born:%Y%m%d}{700 + at // 15_700 % 140 * 2 + (sex == '男'):03d}"
        yield Particulars(
            random.choice(SURNAMES) + random.choice(GIVEN), DocumentKind.CITIZEN_NUMBER,
            body + check_digit(body), sex=sex, ethnic="壮族", birth=born.isoformat(),
            division=code, residence=f"广西{city}{county}{at % 97}号", phone=f"139{at % 10**8:08d}",
        )  # fmt: skip
