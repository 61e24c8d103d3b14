"""A small world for tests: provinces with officers, unions and workers, in a few words each.

    home = open_province(tmp_path, "45")
    village = home.union("纳合村工会", UnionKind.VILLAGE, division="451224")
    worker = home.worker("韦秀英")
    home.enrol(worker, village, on=date(2024, 3, 1))

Time stands still until it is moved (`home.time.to(…)`), everything goes through the real book,
and whoever has to hold an office for an act is appointed to it when the act is asked for.
"""

from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import func, insert, select, update

from ledger.book import Entry, Ledger, Look, Province
from ledger.clock import BEIJING, Clock
from ledger.domain.channels import PartnerRead
from ledger.domain.identity import DocumentKind
from ledger.domain.ids import (
    LinkId,
    MembershipId,
    PersonId,
    TransferId,
    UnionId,
    new,
    new_household,
    new_membership,
    new_person,
    new_transfer,
    new_union,
)
from ledger.domain.kernel import Act, Code, Event, Group, Late, Office
from ledger.domain.membership import (
    Channel,
    Confirmed,
    Membership,
    TransferReason,
)
from ledger.domain.offices import Offices
from ledger.domain.persons import (
    Household,
    LinkGround,
    NumberOwed,
    Particulars,
    Person,
    PersonLink,
    Relation,
)
from ledger.domain.unions import Union, UnionKind
from ledger.journal import canonical
from ledger.journal.database import Database, load
from ledger.journal.merkle import leaf_hash
from ledger.journal.record import Record
from ledger.journal.recorder import make_head
from ledger.journal.tables import channel_leaf, head, metadata, record, sealed
from ledger.journal.vault import Keyring
from ledger.projections.posting import channel_name

NAMES = {
    "45": ("guangxi", "广西壮族自治区", "广西", "451224"),
    "44": ("guangdong", "广东省", "广东", "441900"),
    "43": ("hunan", "湖南省", "湖南", "430102"),
}
LONG_AGO = date(2000, 1, 1)


class Time:
    """A clock that stands still until it is moved; each instant that it tells is a new one."""

    def __init__(self, on: date = date(2026, 3, 2)) -> None:
        self.at = datetime(on.year, on.month, on.day, 9, tzinfo=BEIJING).astimezone(UTC)

    def to(self, on: date) -> None:
        """Goes on to nine in the morning of that day."""
        self.at = max(self.at, Time(on).at)

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at

    def _elapsed(self) -> float:
        return self.at.timestamp()

    @property
    def clock(self) -> Clock:
        return Clock(self.now, self._elapsed)


class World:
    """One province: its ledger, its root union, and its officers."""

    def __init__(self, ledger: Ledger, time: Time, division: str) -> None:
        self.ledger, self.time, self.division = ledger, time, division
        self.root = new_union()
        self._officers: dict[tuple[str, Office], PersonId] = {}
        self._numbers = 0
        self._read: dict[str, int] = {}
        code, name = ledger.province.code, ledger.province.name
        with self.procedure(self.root, LONG_AGO) as entry:
            act = entry.act
            entry.write(Union.open_journal(act, self.root, Code(code), Code(ledger.origin)))
            root = Union.found(
                act, self.root, f"{name}总工会", UnionKind.FEDERATION, None,
                division=Code(f"{code}0000"),
            )  # fmt: skip
            entry.write(root)

    @classmethod
    def at(
        cls, ledger: Ledger, time: Time, root: UnionId,
        officers: Mapping[tuple[str, Office], PersonId],
    ) -> "World":  # fmt: skip
        """A province that is there already, with the officers that it has."""
        made = cls.__new__(cls)
        made.ledger, made.time, made.root = ledger, time, root
        made.division = f"{ledger.province.code}1224"
        made._officers, made._numbers, made._read = dict(officers), 0, {}
        return made

    def number_from(self, first: int) -> None:
        """Of several processes that register people, each counts from elsewhere."""
        self._numbers = first

    @property
    def origin(self) -> str:
        return self.ledger.origin

    @property
    def today(self) -> date:
        return self.ledger.today

    # ── who acts ──

    def act(
        self, union: str, office: Office = Office.CLERK, on: date | None = None,
        evidence: tuple[str, ...] = (),
    ) -> Act:  # fmt: skip
        """The act of the officer who holds this office, on a day; of old dates, typed up late."""
        today = self.ledger.clock.today()
        day = on or today
        late = Late.TYPED_UP if (today - day).days > self.ledger.terms.late_after_days else None
        return Act(
            self.officer(union, office), UnionId(union), office, day, today, None, evidence, late
        )

    def officer(self, union: str, office: Office) -> PersonId:
        found = self._officers.get((union, office))
        if found is None:
            found = self._officers[union, office] = new_person()
            with self.procedure(UnionId(union), LONG_AGO) as entry:
                entry.write(
                    Offices().appoint(entry.act, found, UnionId(union), office, line=[])
                )  # fmt: skip
        return found

    @contextmanager
    def entry(
        self, union: str, office: Office = Office.CLERK, on: date | None = None,
        evidence: tuple[str, ...] = (),
    ) -> Generator[Entry]:  # fmt: skip
        act = self.act(union, office, on, evidence)
        with self.ledger.entry(act) as entry:
            yield entry

    @contextmanager
    def procedure(self, union: str, on: date | None = None) -> Generator[Entry]:
        with self.ledger.entry(self.ledger.procedure(UnionId(union), on)) as entry:
            yield entry

    def write(
        self, event: Event, union: str, office: Office = Office.CLERK, on: date | None = None,
        corrects: int | None = None,
    ) -> int:  # fmt: skip
        """Writes one event as it is; returns its position."""
        with self.entry(union, office, on) as entry:
            entry.write(event, corrects=corrects)
        assert entry.receipt is not None
        return entry.receipt.positions[-1]

    def look(self, union: str | None = None) -> Look:
        """How the province's clerk looks at personal data."""
        where = union or self.root
        return Look(self.officer(where, Office.CLERK), where, "test", "a test")

    # ── what there is ──

    def union(
        self, name: str, kind: UnionKind = UnionKind.VILLAGE, superior: str | None = None,
        division: str | None = None, on: date = LONG_AGO, location: str | None = None,
    ) -> UnionId:  # fmt: skip
        """Founds a union, under the root where no superior is given."""
        union, above = new_union(), UnionId(superior or self.root)
        with self.entry(above, Office.CHAIR, on) as entry:
            founded = Union.found(
                entry.act, union, name, kind, entry.read(Union, above), line=entry.line(above),
                division=Code(division or self.division),
                location=Code(location) if location else None,
            )  # fmt: skip
            entry.write(founded)
        return union

    def worker(
        self, name: str = "", *, union: str | None = None, on: date | None = None,
        phone: str = "", person: PersonId | None = None,
    ) -> PersonId:  # fmt: skip
        """Registers a person with an identity number of her own."""
        self._numbers += 1
        number = citizen_number(self.division, date(1990, 1, 1), self._numbers)
        who = person or new_person()
        with self.entry(union or self.root, Office.CLERK, on) as entry:
            told = Particulars(
                name or f"职工{self._numbers}", DocumentKind.CITIZEN_NUMBER, number, sex="女",
                birth="1990-01-01", division=self.division, phone=phone,
            )  # fmt: skip
            entry.write(Person.register(entry.act, who, told))
        return who

    def child(self, guardian: PersonId, born: date | None, name: str = "韦小宝") -> PersonId:
        """Registers a child, in the household of the guardian, which is opened for it."""
        person, household = new_person(), new_household()
        told = Particulars(name, birth=born.isoformat() if born else "")
        with self.entry(self.root) as entry:
            entry.write(
                Person.register(
                    entry.act, person, told, number_owed=NumberOwed.NOT_AT_HAND,
                    number_due=entry.act.today,
                ),
                *Household.open(entry.act, household, guardian),
            )  # fmt: skip
            held = entry.look_up(Household, household)
            entry.write(held.join(entry.act, household, person, Relation.CHILD, guardian=guardian))
        return person

    def apply(
        self, person: PersonId, union: UnionId, on: date | None = None,
        channel: Channel = Channel.PLAIN,
    ) -> MembershipId:  # fmt: skip
        membership = new_membership()
        with self.entry(union, Office.CLERK, on) as entry:
            applied = Membership.apply(
                entry.act, membership, person, union, channel, of_age=True,
                confirmed=Confirmed.SIGNED, employer="东江电子厂", trade="装配工",
            )  # fmt: skip
            entry.write(applied)
        return membership

    def approve(self, membership: MembershipId, union: str, on: date | None = None) -> int:
        with self.entry(union, Office.APPROVER, on) as entry:
            entry.write(entry.read(Membership, membership).enrol(entry.act))
        assert entry.receipt is not None
        return entry.receipt.positions[-1]

    def enrol(
        self, person: PersonId, union: UnionId, on: date | None = None,
        channel: Channel = Channel.PLAIN,
    ) -> MembershipId:  # fmt: skip
        """Applies and approves, on one day."""
        membership = self.apply(person, union, on, channel)
        self.approve(membership, union, on)
        return membership

    def offer(
        self, membership: MembershipId, union: UnionId, to_union: UnionId, to_origin: str,
        deadline: date, on: date | None = None,
    ) -> TransferId:  # fmt: skip
        offer = new_transfer()
        with self.entry(union, Office.LIAISON, on) as entry:
            held = entry.read(Membership, membership)
            entry.write(
                held.offer_to(
                    entry.act, offer, to_union, Code(to_origin), deadline,
                    TransferReason.WORKS_THERE,
                )
            )  # fmt: skip
        return offer

    def accept(
        self, membership: MembershipId, offer: TransferId, union: UnionId, on: date | None = None
    ) -> None:
        with self.entry(union, Office.LIAISON, on) as entry:
            entry.write(entry.read(Membership, membership).accept(entry.act, offer, union))

    def conclude(self, membership: MembershipId, offer: TransferId, union: UnionId) -> None:
        """What the holder's procedure writes on an answer: release or return."""
        with self.procedure(union) as entry:
            held = entry.read(Membership, membership)
            outcome = held.conclude(offer, self.origin)
            assert outcome is not None
            entry.write(
                outcome, act=entry.act.effective(held.offers[offer].answered_on or self.today)
            )

    def receive(self, membership: MembershipId, offer: TransferId, union: UnionId) -> None:
        """What the receiver's procedure writes on a release."""
        with self.procedure(union) as entry:
            held = entry.read(Membership, membership)
            received = held.receive(offer, self.origin)
            assert received is not None
            entry.write(
                received, act=entry.act.effective(held.offers[offer].outcome_on or self.today)
            )  # fmt: skip

    def link(self, person: PersonId, other: PersonId) -> LinkId:
        """Decides that two records are one person."""
        link, second = LinkId(new("lnk")), self.officer(self.root, Office.REVIEWER)
        with self.entry(self.root) as entry:
            joined = PersonLink.join(
                entry.act, link, person, other, LinkGround.SAME_NUMBER, second, "同号"
            )
            entry.write(joined)
        return link

    def unlink(self, link: LinkId, person: PersonId, other: PersonId) -> None:
        """Decides that they are two people after all."""
        second = self.officer(self.root, Office.REVIEWER)
        with self.entry(self.root) as entry:
            parted = entry.read(PersonLink, link).part(
                entry.act, link, person, other, LinkGround.CARDS_SEEN, second, "不是一人"
            )
            entry.write(parted)

    # ── what the partner shared ──

    def read_from(
        self, other: "World", *, groups: Collection[Group] = tuple(Group),
        without: Collection[str] = (),
    ) -> int:  # fmt: skip
        """Mirrors what the other province recorded since, as the exchange does at its end.

        Records of the kinds `without` are held back; of the rest `groups` are opened. Returns the
        position of our `PartnerRead`.
        """
        after = self._read.get(other.origin, 0)
        with other.ledger.database.reading() as conn:
            every = other.ledger.recorder.page(conn, after, 100_000)
            records = [one for one in every if one.kind not in {"PartnerRead", *without}]
            opened = _opened(other.ledger, records, {group.value for group in groups})
        self._read[other.origin] = every[-1].position if every else after
        return _mirror(self.ledger, self.root, other.origin, records, opened)


def open_province(
    folder: Path, code: str = "45", *, url: str | None = None, time: Time | None = None,
    begun: World | None = None,
) -> World:  # fmt: skip
    """Opens a province's ledger, on a SQLite file in the folder where no URL is given.

    `begun` is the world as it was before its ledger was closed, which is opened again.
    """
    path, name, short, division = NAMES[code]
    file = folder / f"{path}.sqlite"
    if url is None and not file.exists():
        file.write_bytes(_blank())
    database = Database(url or f"sqlite:///{file}")
    if url is not None:
        metadata.create_all(database.engine)
    clock = time or Time()
    ledger = Ledger(
        Province(code, f"liangdi.example/{path}", name, short), database,
        Keyring(folder / f"{path}-keys"), clock.clock, attachments=folder / f"{path}-papers",
    )  # fmt: skip
    if begun is not None:
        return World.at(ledger, clock, begun.root, begun._officers)
    return World(ledger, clock, division)


@cache
def _blank() -> bytes:
    """A SQLite file with all tables and no rows: a copy takes a millisecond, the tables sixty."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "blank.sqlite"
        database = Database(f"sqlite:///{path}")
        metadata.create_all(database.engine)
        database.close()
        return path.read_bytes()


def citizen_number(division: str, birth: date, sequence: int) -> str:
    """A citizen identity number with its check character (GB 11643)."""
    digits = f"{division}{birth:%Y%m%d}{sequence % 1000:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
    return digits + "10X98765432"[total % 11]


Opened = dict[tuple[int, str, str], tuple[bytes, bytes]]


def _opened(ledger: Ledger, records: list[Record], groups: set[str]) -> Opened:
    """Salt and payload of each group that is given, by position, person and group."""
    found: Opened = {}
    with ledger.database.reading() as conn:
        for one in records:
            for person, committed in canonical.decode(one.body).get("sealed", {}).items():
                boxes = conn.execute(
                    select(sealed.c.grp, sealed.c.box).where(
                        sealed.c.origin == one.origin, sealed.c.position == one.position
                    )
                )
                for group, box in boxes:
                    if group not in groups:
                        continue
                    opened = ledger.vault.open(
                        conn, one.origin, one.stream, one.version, person, group, bytes(box),
                        committed[group],
                    )  # fmt: skip
                    if opened is not None:
                        found[one.position, person, group] = opened
    return found


def _mirror(
    ledger: Ledger, root: UnionId, origin: str, records: list[Record], opened: Opened
) -> int:
    log = channel_name(origin, ledger.origin)
    with ledger.database.writing() as conn:
        make_head(conn, log)
        first = 1 + (
            conn.execute(
                select(func.max(channel_leaf.c.number)).where(channel_leaf.c.log == log)
            ).scalar()
            or 0
        )
        size = first - 1 + len(records)
        conn.execute(update(head).where(head.c.log == log).values(size=size))
        load(conn, record, [
            (r.origin, r.position, r.stream, r.version, r.kind, r.header, r.body, r.leaf)
            for r in records
        ])  # fmt: skip
        sealer = ledger.vault.sealer()
        sealer.ready(conn, {person for _, person, _ in opened})
        by_position = {one.position: one for one in records}
        load(conn, sealed, [
            (origin, position, person, group, sealer.box(
                origin, by_position[position].stream, by_position[position].version, person, group,
                salt, payload,
            ))
            for (position, person, group), (salt, payload) in opened.items()
        ])  # fmt: skip
        sealer.keep(conn)
    sealer.committed()
    with ledger.entry(ledger.procedure(root), lock=True) as entry:
        entry.write(PartnerRead(Code(origin), first, size, Code("00" * 32)))
        at = _next_position(entry)
        entry.conn.execute(insert(channel_leaf), [
            {
                "log": log, "number": number, "origin": one.origin, "position": one.position,
                "header": b"{}", "leaf": leaf_hash(b"{}\n" + one.bytes), "read_at": at,
            }
            for number, one in enumerate(records, first)
        ])  # fmt: skip
    assert entry.receipt is not None
    return entry.receipt.positions[0]


def _next_position(entry: Entry) -> int:
    at = entry.conn.execute(
        select(head.c.size).where(head.c.log == entry.ledger.origin)
    ).scalar_one()
    return int(at) + 1
