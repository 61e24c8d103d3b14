"""A partner's channel, read (接收): fetched, verified, and only then applied.

A page is applied in one transaction with one record of our own, `PartnerRead`; where that stands
the views fold it, and procedures answer in the same entry. So it is applied once, whole, or not
at all, and goes on where it was killed. A record that cannot be applied parks its own stream.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from eventsourcing.persistence import IntegrityError
from sqlalchemy import Connection, and_, delete, select, update

from ledger.book import Conflict, Entry, Ledger
from ledger.domain.channels import (
    GroupsRestricted,
    Link,
    LinkClosed,
    LinkNarrowed,
    LinkOpened,
    PartnerRead,
    RecordParked,
)
from ledger.domain.corrections import FactAnnulled, FactCorrected
from ledger.domain.kernel import Code, Event, Fact, Group
from ledger.exchange.mirroring import hold
from ledger.exchange.wire import (
    Checkpoint,
    NotARecord,
    NotSigned,
    Opening,
    OpeningDiffers,
    Page,
    PageDiffers,
    Partner,
    Received,
    RecordTwice,
    RolledBack,
    TwoHistories,
    Unproven,
    applicable,
    checked,
    read_line,
)
from ledger.journal import alarms, canonical, notes
from ledger.journal.database import TAKEN, load
from ledger.journal.merkle import Frontier, root_at, verify_consistency
from ledger.journal.notes import BadNote, Note, verify
from ledger.journal.record import Record, written
from ledger.journal.recorder import Head, LogReader, grow, make_head, move_head, read_head
from ledger.journal.tables import channel_leaf, contact, parked, record, sealed, token, wanted
from ledger.journal.vault import SHREDDED, Sealer, forget_tokens, texts_of
from ledger.journal.witness import of_journal
from ledger.procedures import react
from ledger.projections.channels import links_of
from ledger.projections.posting import Told, as_record, channel_name, put

AT_ONCE = 200
"""How many links are asked about at once for openings that are owed."""

QUIET = timedelta(seconds=10)
"""After how long it is written down again that a partner was heard and had no news."""


class Reading:
    """Reads one partner's channel into our ledger."""

    def __init__(self, ledger: Ledger, partner: Partner) -> None:
        self._ledger, self._partner = ledger, partner
        self.origin = partner.origin
        self.log = channel_name(self.origin, ledger.origin)
        self._said: tuple[int | None, str] | None = None
        self._said_at = ledger.clock.now()
        self._toward: Checkpoint | None = None
        with ledger.database.writing() as conn:
            make_head(conn, self.log)

    def once(self, limit: int = 1000, *, further: bool = False) -> int:
        """Reads one page, or fetches what is owed; returns how much there was: 0 is nothing new.

        `further`: towards the checkpoint of the page before, where that is not reached. A page
        proves that it leads there; a new one is asked for after anything else.

        Raises: Unproven; Conflict where another reader was faster; the partner's own failures.
        """
        try:
            return self._once(limit, further)
        except Unproven as fault:
            self._heard(fault=type(fault).__name__)
            self._doubted(fault)
            raise

    def _once(self, limit: int, further: bool) -> int:
        with self._ledger.database.reading() as conn:
            mine = read_head(conn, self.log)
        checkpoint, self._toward = self._toward, None
        if not further or checkpoint is None or checkpoint.size <= mine.frontier.size:
            checkpoint = self._look(mine.frontier)
        if checkpoint.size == mine.frontier.size:
            self._heard(checkpoint.size)
            hold(self._ledger, self.log, checkpoint)
            return self._fetch_owed()
        first = mine.frontier.size + 1
        page = self._partner.page(first, limit, checkpoint.size)
        received = self._verified(mine.frontier, checkpoint, page, limit)
        self._apply(mine, received)
        self._heard(checkpoint.size)
        self._toward = checkpoint
        return len(received)

    # ── verifying ──

    def _look(self, mine: Frontier) -> Checkpoint:
        """The partner's newest checkpoint: its channel begins as ours does, and its key signed it."""
        checkpoint = self._partner.checkpoint(mine.size)
        try:
            self._compare(mine, checkpoint)
        except TwoHistories as fault:
            self._check_signed(checkpoint)
            fault.shown = checkpoint.note
            raise
        return self._check_signed(checkpoint)

    def _check_signed(self, checkpoint: Checkpoint) -> Checkpoint:
        """A signed checkpoint is of this channel, and by a key that we believe for its journal. It
        goes on with those signatures alone: what else stands below it proves nothing, and where it
        claims to be by a key that others believe, it would spoil what rests on it.

        Over a network every checkpoint is signed; within one process one may not be.
        """
        if not checkpoint.note:
            return checkpoint
        with self._ledger.database.reading() as conn:
            keys = of_journal(conn, self.origin, self._ledger.trust.of_log)
        if not keys:
            return checkpoint._replace(note=b"")
        try:
            note = Note.parse(checkpoint.note)
            by = {(each.key.name, each.key.id) for each in verify(note, keys)}
            said = notes.Checkpoint.parse(note.text)
        except BadNote as fault:
            raise NotSigned(self.origin, what=str(fault)) from None
        if said.origin != self.log:
            raise NotSigned(self.origin, what="of another log")
        lines = {(each.name, each.id): each for each in note.signatures}  # one of each key
        kept = Note(note.text, tuple(each for key, each in lines.items() if key in by))
        return checkpoint._replace(note=kept.to_bytes())

    def _compare(self, mine: Frontier, checkpoint: Checkpoint) -> None:
        """What we have read must be how the partner's channel begins."""
        facts: dict[str, Any] = {"mine": mine.size, "theirs": checkpoint.size}
        ours = checkpoint.size == mine.size and checkpoint.root == mine.root()
        if ours or checkpoint.size > mine.size:
            return
        with self._ledger.database.reading() as conn:
            then = root_at(LogReader(conn, self.log, channel=True), checkpoint.size)
        if checkpoint.root != then:
            roots = {"my_root": then.hex(), "their_root": checkpoint.root.hex()}
            raise TwoHistories(self.origin, **facts, **roots)
        if checkpoint.size < mine.size:
            raise RolledBack(self.origin, **facts)

    def _verified(
        self, mine: Frontier, checkpoint: Checkpoint, page: Page, limit: int
    ) -> list[Received]:
        """The records of a page, if it leads from what we have read to the checkpoint."""
        lines = page.lines
        if not lines or len(lines) > limit or mine.size + len(lines) > checkpoint.size:
            raise PageDiffers(self.origin, lines=len(lines), size=checkpoint.size)
        received = [
            read_line(line, self.origin, self.log, number)
            for number, line in enumerate(lines, mine.size + 1)
        ]
        ahead = mine.extend([each.leaf for each in received])
        if not verify_consistency(
            ahead.size, ahead.root(), checkpoint.size, checkpoint.root, page.proof
        ):
            # Which of the two it is cannot be told from here; the checkpoint will tell, next time.
            raise PageDiffers(self.origin, first=mine.size + 1, last=ahead.size)
        return received

    # ── applying ──

    def _apply(self, mine: Head, received: Sequence[Received]) -> None:
        ledger = self._ledger
        first, last = received[0].number, received[-1].number
        try:
            with ledger.entry(ledger.procedure(ledger.root), lock=True) as entry:
                conn = entry.conn
                self._unread(conn, mine)
                waiting = self._parked(conn, received)
                tree = self._mirror(conn, mine, received, waiting, entry.next_position)
                opened = [(each.record, each.openings) for each in received if each.openings]
                keep_openings(self._ledger, conn, entry.sealer, opened)
                told = [
                    each.told
                    for each in received
                    if isinstance(each.told, Told) and each.number not in waiting
                ]
                entry.follow(self.log, last, told)
                root = Code(tree.root().hex())
                entry.write(PartnerRead(Code(self.origin), first, last, root))
                for number, why in waiting.items():
                    if why:
                        entry.write(RecordParked(Code(self.origin), number, Code(why)))
                self._answer(entry, [each.fact for each in told])
        except IntegrityError as fault:
            raise Conflict(f"{self.log} was read by another") from fault
        except TAKEN:
            # The tables' keys refuse what stands there already: no question before each page.
            with ledger.database.writing() as conn:
                self._unread(conn, mine)
                self._refuse_twice(conn, received)
            raise

    def _unread(self, conn: Connection, mine: Head) -> None:
        """Nobody has read on meanwhile, nor does before this transaction ends. Raises: Conflict."""
        if read_head(conn, self.log, lock=True).frontier != mine.frontier:
            raise Conflict(f"{self.log} was read by another")

    def _refuse_twice(self, conn: Connection, received: Sequence[Received]) -> None:
        """One record a position and a version; one leaf a record. Raises: RecordTwice."""
        places = [each.record.position for each in received]
        versions = {(each.record.stream, each.record.version) for each in received}
        if len(set(places)) < len(places) or len(versions) < len(places):
            raise RecordTwice(self.origin, first=received[0].number)
        for some in _parts(places):
            row = conn.execute(
                select(record.c.position).where(
                    record.c.origin == self.origin, record.c.position.in_(some)
                )
            ).first()
            if row is not None:
                raise RecordTwice(self.origin, position=row[0])
        for some in _parts(sorted({stream for stream, _ in versions})):
            rows = conn.execute(
                select(record.c.stream, record.c.version).where(
                    record.c.origin == self.origin, record.c.stream.in_(some)
                )
            )
            for stream, version in rows:
                if (stream, version) in versions:
                    raise RecordTwice(self.origin, stream=stream, version=version)

    def _parked(self, conn: Connection, received: Sequence[Received]) -> dict[int, str]:
        """Which of these wait, and why; one that only waits for another before it says nothing."""
        rows = conn.execute(select(parked.c.stream).where(parked.c.log == self.log).distinct())
        streams = {row[0] for row in rows}
        waiting: dict[int, str] = {}
        for each in received:
            why = each.told if isinstance(each.told, str) else ""
            if why or each.record.stream in streams:
                waiting[each.number] = why
                streams.add(each.record.stream)
        return waiting

    def _mirror(
        self,
        conn: Connection,
        mine: Head,
        received: Sequence[Received],
        waiting: Mapping[int, str],
        at: int,
    ) -> Frontier:
        """Keeps the records beside ours, and the channel's tree as the partner has it."""
        load(conn, record, [each.record for each in received])
        load(conn, channel_leaf, [
            (
                self.log, each.number, self.origin, each.record.position, each.header, each.leaf,
                None if each.number in waiting else at,
            )
            for each in received
        ])  # fmt: skip
        load(conn, parked, [
            (self.log, each.number, each.record.stream, waiting[each.number])
            for each in received
            if each.number in waiting
        ])  # fmt: skip
        leaves = [each.leaf for each in received]
        frontier = grow(conn, self.log, mine.frontier, leaves, channel=True)
        move_head(conn, self.log, mine, Head(frontier, self._now()))
        return frontier

    # ── answering ──

    def _answer(self, entry: Entry, facts: Sequence[Fact]) -> None:
        """What follows from what was read, in the same entry."""
        self._restrict(entry, facts)
        opened = [
            fact.event
            for fact in facts
            if isinstance(fact.event, LinkOpened) and fact.event.partner == self._ledger.origin
        ]
        put(entry.conn, wanted, [
            {"log": self.log, "link": event.link, "person": event.person} for event in opened
        ])  # fmt: skip
        corrected = [
            (event.person, event.position)
            for event in (fact.event for fact in facts)
            if isinstance(event, FactCorrected | FactAnnulled) and event.person is not None
        ]
        forget_tokens(entry.conn, self.origin, corrected)
        react(entry, facts)

    def _restrict(self, entry: Entry, facts: Sequence[Fact]) -> None:
        """Gives back what the partner gives no longer, and says so."""
        stops = [
            (fact, fact.event)
            for fact in facts
            if isinstance(fact.event, LinkNarrowed | LinkClosed)
            and fact.event.partner == self._ledger.origin
        ]
        if not stops:
            return
        persons = sorted({event.person for _, event in stops})
        links: dict[str, set[str]] = {
            person: {row["link"] for row in rows}
            for person, rows in links_of(entry.conn, self.origin, persons).items()
        }
        for fact in facts:
            if isinstance(fact.event, LinkOpened) and fact.event.person in persons:
                links.setdefault(fact.event.person, set()).add(fact.event.link)
        given: dict[str, frozenset[Group]] = {}
        for person in persons:
            known = [entry.get(Link, each) for each in sorted(links.get(person, ()))]
            given[person] = frozenset(g for each in known if each.open for g in each.groups)
            left = [group for group in Group if group not in given[person]]
            self._ledger.vault.restrict(entry.conn, self.origin, person, left)
        for fact, event in stops:
            opened = entry.get(Link, event.link).opened
            if opened is not None and opened.person == event.person:
                stopped = event.groups if isinstance(event, LinkNarrowed) else opened.groups
                groups = tuple(group for group in stopped if group not in given[event.person])
                entry.write(
                    GroupsRestricted(event.link, event.person, Code(self.origin), groups),
                    causation=fact.ref,
                )

    # ── what is owed ──

    def _fetch_owed(self) -> int:
        """Fetches openings of records that were read before they could be given."""
        with self._ledger.database.reading() as conn:
            rows = conn.execute(
                select(wanted.c.link).where(wanted.c.log == self.log).limit(AT_ONCE)
            )
            links = [row[0] for row in rows]
        if not links:
            return 0
        owed = self._partner.owed(links)
        if len({each.number for each in owed}) < len(owed):
            raise OpeningDiffers(self.origin, what="one record twice")
        sealer = self._ledger.vault.sealer()
        with self._ledger.database.writing() as conn:
            read_head(conn, self._ledger.origin, lock=True)
            records = self._at(conn, [each.number for each in owed])
            opened: list[tuple[Record, Sequence[Opening]]] = []
            for each in owed:
                one = records.get(each.number)
                if one is None:
                    raise NotARecord(self.origin, number=each.number, what="openings of nothing")
                body = canonical.decode(one.body)
                checked(each.openings, body, self.origin, each.number)
                opened.append((one, each.openings))
            keep_openings(self._ledger, conn, sealer, self._not_held(conn, opened))
            sealer.keep(conn)
            conn.execute(delete(wanted).where(wanted.c.log == self.log, wanted.c.link.in_(links)))
        sealer.committed()
        return len(links)

    def _at(self, conn: Connection, numbers: Sequence[int]) -> dict[int, Record]:
        found: dict[int, Record] = {}
        for some in _parts(numbers):
            rows = conn.execute(
                select(record, channel_leaf.c.number)
                .join(channel_leaf, _STANDS)
                .where(channel_leaf.c.log == self.log, channel_leaf.c.number.in_(some))
            )
            found.update((number, as_record(row)) for *row, number in rows)
        return found

    def _not_held(
        self, conn: Connection, opened: Sequence[tuple[Record, Sequence[Opening]]]
    ) -> list[tuple[Record, Sequence[Opening]]]:
        held: set[tuple[int, str, str]] = set()
        for some in _parts([one.position for one, _ in opened]):
            rows = conn.execute(
                select(sealed.c.position, sealed.c.subject, sealed.c.grp).where(
                    sealed.c.origin == self.origin, sealed.c.position.in_(some)
                )
            )
            held.update((position, subject, group) for position, subject, group in rows)
        return [
            (one, [o for o in openings if (one.position, o.person, o.group) not in held])
            for one, openings in opened
        ]

    # ── what is parked ──

    def unpark(self) -> int:
        """Applies what waits, where this version can; returns how many records moved on.

        Called when a ledger is opened: after an upgrade, what could not be read can be.
        """
        ledger = self._ledger
        with ledger.database.reading() as conn:
            if (
                conn.execute(select(parked.c.number).where(parked.c.log == self.log)).first()
                is None
            ):
                return 0
        with ledger.entry(ledger.procedure(ledger.root), lock=True) as entry:
            ready = self._ready(entry.conn)
            for number, one, _ in ready:
                at = entry.next_position
                root = root_at(LogReader(entry.conn, self.log, channel=True), number)
                entry.conn.execute(
                    update(channel_leaf)
                    .where(channel_leaf.c.log == self.log, channel_leaf.c.number == number)
                    .values(read_at=at)
                )
                entry.write(PartnerRead(Code(self.origin), number, number, Code(root.hex())))
                self._find_again(entry, one)
            numbers = [number for number, _, _ in ready]
            for some in _parts(numbers):
                entry.conn.execute(
                    delete(parked).where(parked.c.log == self.log, parked.c.number.in_(some))
                )
            self._answer(entry, [fact for _, _, fact in ready])
        return len(ready)

    def _ready(self, conn: Connection) -> list[tuple[int, Record, Fact]]:
        """Of each stream that waits, the records up to the first that still cannot be applied."""
        rows = conn.execute(
            select(parked.c.number).where(parked.c.log == self.log).order_by(parked.c.number)
        )
        records = self._at(conn, [row[0] for row in rows])
        stuck: set[str] = set()
        ready: list[tuple[int, Record, Fact]] = []
        for number, one in sorted(records.items()):
            told = applicable(one, canonical.decode(one.header), canonical.decode(one.body))
            if one.stream in stuck or isinstance(told, str):
                stuck.add(one.stream)
            else:
                ready.append((number, one, told.fact))
        return ready

    def _find_again(self, entry: Entry, one: Record) -> None:
        """Makes the tokens that could not be made when the record was parked."""
        committed = canonical.decode(one.body).get("sealed", {})
        rows = entry.conn.execute(
            select(sealed.c.subject, sealed.c.grp, sealed.c.box).where(
                sealed.c.origin == self.origin, sealed.c.position == one.position
            )
        )
        marks: list[tuple[Any, ...]] = []
        for person, group, box in rows:
            opened = self._ledger.vault.open(
                entry.conn, one.origin, one.stream, one.version, person, group, bytes(box),
                committed[person][group],
            )  # fmt: skip
            if opened is not None:
                marks += [
                    (*mark, one.origin, one.position)
                    for mark in self._ledger.vault.tokens_of(person, one.kind, texts_of(opened[1]))
                ]
        held = entry.conn.execute(
            select(token.c.kind, token.c.token, token.c.person).where(
                token.c.origin == self.origin, token.c.position == one.position
            )
        )
        known = {(kind, bytes(mark), person) for kind, mark, person in held}
        load(entry.conn, token, [m for m in dict.fromkeys(marks) if m[:3] not in known])

    # ── how it stands ──

    def _now(self) -> str:
        return written(self._ledger.clock.now())

    def _heard(self, size: int | None = None, fault: str = "") -> None:
        """Writes down when the partner was heard, and what was wrong with what it said.

        The same answer again is written down every so often, not each time.
        """
        said, now = (size, fault), self._ledger.clock.now()
        if said == self._said and now < self._said_at + QUIET:
            return
        self._said, self._said_at = said, now
        with self._ledger.database.writing() as conn:
            note_contact(conn, self.log, self._now(), size=size, fault=fault)
            if not fault:
                alarms.passed(conn, self.log, [each.__name__ for each in Unproven.__subclasses__()])

    def _doubted(self, fault: Unproven) -> None:
        """Writes down what stands until the partner has shown a good page; keeps what is proof."""
        kind, now = type(fault).__name__, self._now()
        with self._ledger.database.writing() as conn:
            alarms.meet(conn, self.log, kind, now, fault.facts)
            if isinstance(fault, TwoHistories | RecordTwice):
                told = {"kind": kind, "channel": self.log, "reader": self._ledger.origin}
                said = json.dumps({**told, **fault.facts}, sort_keys=True, default=str).encode()
                size = fault.facts.get("mine", 0)
                alarms.keep(conn, self.log, kind, fault.shown or said, now, size=size)


_STANDS = and_(
    channel_leaf.c.origin == record.c.origin, channel_leaf.c.position == record.c.position
)


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """What one question asks about at most."""
    for start in range(0, len(items), 500):
        yield items[start : start + 500]


def keep_openings(
    ledger: Ledger, conn: Connection, sealer: Sealer,
    opened: Sequence[tuple[Record, Sequence[Opening]]],
) -> None:  # fmt: skip
    """Seals what was given under our own key for the person, and makes it findable here.

    What is given of who was forgotten here is not kept.
    """
    concerned = list(dict.fromkeys(each.person for _, openings in opened for each in openings))
    resting = ledger.vault.at_rest(conn, concerned)
    gone = {person for person, state in resting.items() if state == SHREDDED}
    sealer.ready(conn, [person for person in concerned if person not in gone])
    boxes: list[tuple[Any, ...]] = []
    marks: list[tuple[Any, ...]] = []
    for one, openings in opened:
        for each in openings:
            if each.person in gone:
                continue
            box = sealer.box(
                one.origin, one.stream, one.version, each.person, each.group, each.salt,
                each.payload,
            )  # fmt: skip
            boxes.append((one.origin, one.position, each.person, each.group, box))
            if one.kind in Event.kinds:
                texts = texts_of(each.payload)
                for kind, mark, person in ledger.vault.tokens_of(each.person, one.kind, texts):
                    marks.append((kind, mark, person, one.origin, one.position))
    load(conn, sealed, boxes)
    load(conn, token, sorted(set(marks)))  # neighbours stand on one page, read and written once


def note_contact(
    conn: Connection, log: str, at: str, *, size: int | None = None, fault: str = ""
) -> None:
    row = conn.execute(select(contact).where(contact.c.log == log)).first()
    if row is None:
        conn.execute(contact.insert().values(log=log, heard="", size=0, fault="", fault_at=""))
    said = {"fault": fault, "fault_at": at if fault else ""}
    if size is not None:
        said |= {"heard": at, "size": size}
    conn.execute(update(contact).where(contact.c.log == log).values(**said))
