"""Taking a roster in (受理花名册): what the ledger knows of each row, then facts, batch by batch.

Every accepted row is an application; a list approval makes members of those who apply or wait; a
legal basis shares them with the partner. A batch is one entry under the head's lock: what is
judged is what is recorded, and a kill leaves whole batches. A rule that stands in the way of one
row, or of its approval or its sharing, is told at that row and stops nothing else.
"""

from base64 import b32encode
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

from ledger.book import Conflict, Entry, Ledger, Look, Reader
from ledger.domain.channels import Cause, Link, NoLivePartnership
from ledger.domain.consents import Consent, Evidence, Purpose, Receiver
from ledger.domain.ids import (
    ImportId,
    MembershipId,
    PartnershipId,
    PersonId,
    StationId,
    UnionId,
    new_consent,
    new_link,
    new_membership,
    new_person,
)
from ledger.domain.kernel import (
    Act,
    Basis,
    Code,
    DateAhead,
    Decision,
    Group,
    Late,
    Office,
    Refused,
    Scope,
)
from ledger.domain.membership import (
    CHANNELS,
    Channel,
    Confirmed,
    Membership,
    NotTheApprovingUnion,
)
from ledger.domain.offices import NotYourOffice
from ledger.domain.partnerships import USUAL_GROUPS, Partnership
from ledger.domain.persons import DeathOnRecord, NumberOwed, Particulars, Person
from ledger.domain.unions import UnionKind, UnionNotOpen
from ledger.imports import jobs, matching
from ledger.imports.headings import Field
from ledger.imports.jobs import Settled, slim
from ledger.imports.matching import NOBODY, Known
from ledger.imports.reading import Roster
from ledger.imports.rows import Fault, Row, Verdict
from ledger.procedures.sharing import OF_A_PERSON, agreement_with
from ledger.projections import channels, union_tree

BATCH = 500
NUMBER_DUE_DAYS = 90
ATTEMPTS = 3


# ── rules ────────────────────────────────────────────────────────────────────────────────────


class NoUnionForResidence(
    Refused,
    zh="按户籍地没有找到可以受理的工会。",
    article="design: rosters",
    instead="写明省、市、县（区）；户籍不在本省的，由户籍省受理，或改为指定工会。",
):
    """A roster that goes home needs a union at, or above, each row's registered residence."""


class MemberAlready(
    Refused,
    zh="已是本工会会员。",
    article="S1 art. 3; E8",
    instead="无需处理。",
):
    """Who is a member here is not enrolled again."""


class MemberElsewhere(
    Refused,
    zh="已是其他工会会员，不重复入会。",
    article="S1 art. 3; E8",
    instead="向会籍所在工会商请接转。",
):
    """Who is a member of another union is transferred, not enrolled."""


class AppliedAlready(
    Refused,
    zh="已有待批的入会申请。",
    article="E2",
    instead="无需处理，等待批准。",
):
    """Who has applied is waiting already."""


class ApprovedNow(
    Refused,
    zh="已有待批的入会申请，本次按会议纪要批准。",
    article="E3",
    instead="无需处理。",
):
    """Who has applied at the union that approves a list is approved with the list."""


class AppliedAfterApproval(
    Refused,
    zh="申请日期晚于名单批准日期：已受理，没有批准。",
    article="E3",
    instead="核对两个日期；确系后来申请的，另行讨论批准。",
):
    """A committee approves those who had applied by the day of its meeting."""


class NoSharingBasis(
    Refused,
    zh="没有登记提供给对方省的法律依据：受理，但不共享。",
    article="L2 art. 13, 23",
    instead="取得单独同意后，注明依据再传一次。",
):
    """A row without a legal basis of sharing is taken in and not shared."""


class WhichPartner(
    Refused,
    zh="本省与不止一个省有合作协议，须写明向哪个省共享。",
    article="P3",
    instead="写明对方省的代码。",
):
    """A list is shared with one partner, which is named where there are several."""


# ── what is asked ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Destination:
    """Where the rows go: all to one union, or each to the lowest union of its residence."""

    union: UnionId | None = None


@dataclass(frozen=True)
class Approval:
    """A list approval: on which day, under which minutes; the unions' committees decided."""

    on: date
    minutes: Code


@dataclass(frozen=True)
class Basing:
    """The legal basis on which everybody on a list is shared with the partner.

    `paper`: of a consent the version of the notice that was given, of any other basis the
    provision (个人信息保护法13-3). `partner`: its origin or its two digits; None: there is only one.
    """

    basis: Basis
    paper: str
    partner: str | None = None
    evidence: tuple[str, ...] = ()  # commitments of attachments, hex
    shown: Evidence = Evidence.SIGNED_LIST


@dataclass(frozen=True)
class Job:
    """One roster, on its way into one ledger. `channel` None: as the receiving union's kind has it."""

    ledger: Ledger
    act: Act  # the officer's, today
    look: Look
    roster: Roster
    destination: Destination
    channel: Channel | None = None
    station: StationId | None = None
    approval: Approval | None = None
    sharing: Basing | None = None

    @cached_property
    def file(self) -> str:
        with self.roster.path.open("rb") as opened:
            digest = sha256()
            while block := opened.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()

    @cached_property
    def id(self) -> ImportId:
        """The same file to the same place is the same import, whenever it is sent."""
        said = f"{self.file}\n{self.destination.union or 'home'}\n{self.ledger.origin}"
        letters = b32encode(sha256(said.encode()).digest()).decode().lower()
        return ImportId(f"imp_{letters[:26]}")

    @property
    def asked(self) -> str:
        """How it is to be taken in: an interrupted import goes on only as it was begun."""
        return repr((self.channel, self.station, self.approval, self.sharing))

    def fault(self, row: Row, rule: type[Refused], at: Field | None = None) -> Fault:
        """A rule against a row, at one of its cells or, without a field, against all of it."""
        if at is None:
            return Fault(row.sheet_row, _WHOLE.get(rule, ""), "", rule)
        headings = self.roster.headings
        place = headings.columns.get(at)
        found = row.found[place] if place is not None and place < len(row.found) else ""
        return Fault(row.sheet_row, headings.heading(at), found, rule, at)


_WHOLE: dict[type[Refused], str] = {NoSharingBasis: "共享依据", ApprovedNow: "批准"}
"""What a result column calls a rule that speaks of no cell."""


@dataclass
class Outcome:
    """What became of a roster, row by row, and the counts. No cell stands here but those in error."""

    job: ImportId
    again: bool = False  # this very file was taken in before
    rows: list[Row] = field(default_factory=list[Row])
    unions: list[UnionId | None] = field(default_factory=list[UnionId | None])
    persons: list[PersonId | None] = field(default_factory=list[PersonId | None])
    by_verdict: Counter[Verdict] = field(default_factory=Counter[Verdict])
    by_union: Counter[UnionId] = field(default_factory=Counter[UnionId])
    enrolled: int = 0
    shared: int = 0
    unshared: int = 0  # taken in or approved, and not shared for want of a legal basis

    def add(self, one: Settled) -> None:
        row = one.row
        self.rows.append(slim(row, row.verdict, row.errors, row.notes))
        self.unions.append(one.union)
        self.persons.append(one.person)
        self.by_verdict[row.verdict] += 1
        if one.union is not None and row.verdict is Verdict.ACCEPTED:
            self.by_union[one.union] += 1
        self.enrolled += one.enrolled
        self.shared += one.shared
        self.unshared += any(note.rule is NoSharingBasis for note in row.notes)

    @property
    def counts(self) -> dict[str, int]:
        return {verdict.value: self.by_verdict[verdict] for verdict in Verdict}

    def head(self) -> dict[str, object]:
        """All but the rows: for `--json` and for the API."""
        return {
            "counts": self.counts, "unions": dict(self.by_union), "enrolled": self.enrolled,
            "shared": self.shared, "unshared": self.unshared, "import": self.job,
            "again": self.again,
        }  # fmt: skip

    def told(self) -> Iterator[dict[str, object]]:
        """The rows, one by one, in the file's order."""
        for row, union, person in zip(self.rows, self.unions, self.persons, strict=True):
            yield {
                "row": row.row, "sheet_row": row.sheet_row, "verdict": row.verdict.value,
                "errors": [fault.as_dict() for fault in row.errors],
                "notes": [fault.as_dict() for fault in row.notes],
                "union": union, "person": person,
            }  # fmt: skip

    def as_dict(self) -> dict[str, object]:
        return {**self.head(), "rows": list(self.told())}


# ── doing it ─────────────────────────────────────────────────────────────────────────────────

Tell = Callable[[int, int], None]


def _silent(_done: int, _total: int) -> None:
    """Tells nobody."""


def preview(job: Job, tell: Tell = _silent) -> Outcome:
    """What would become of each row now. Nothing is written but the read log.

    Raises: as `accept`.
    """
    plan = _planned(job)
    outcome = Outcome(job.id)
    for rows in _batches(job.roster.judged(job.ledger.today)):
        with job.ledger.looking(job.look) as reader:
            for turn in _turns(job, plan, reader, rows):
                outcome.add(turn.foreseen())
        tell(len(outcome.rows), job.roster.total)
    return outcome


def accept(
    job: Job, tell: Tell = _silent, deliver: Callable[[Outcome], None] | None = None
) -> Outcome:
    """Takes the roster in. Interrupted at any moment, the same call goes on where it stopped.

    `deliver` hands the outcome over; only then is the import finished, and the same file from
    then on a second upload. Killed before, it tells the same once more.

    Raises, for what is wrong with all of it: NotYourOffice, UnionNotOpen, NotTheApprovingUnion,
    DateAhead, NoLivePartnership, WhichPartner, Conflict. A rule against one row is told at the row.
    """
    plan = _planned(job)
    begun = jobs.begin(
        job.ledger, job.id, file=job.file, asked=job.asked, officer=job.act.officer,
        union=job.destination.union or "", rows=job.roster.total,
    )  # fmt: skip
    outcome = Outcome(job.id, again=begun.again)
    rows = job.roster.judged(begun.day)
    for kept, row in zip(begun.kept, rows, strict=False):  # no row is drawn that was not kept
        outcome.add(jobs.settled(row, kept, job.fault))
    for batch in _batches(rows):
        for one in _take_in(job, plan, batch):
            outcome.add(one)
        tell(len(outcome.rows), job.roster.total)
    if deliver is not None:
        deliver(outcome)
    jobs.finish(job.ledger, job.id, outcome.counts)
    return outcome


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """A few hundred rows at a time; a row that may be one before it begins a batch of its own."""
    batch: list[Row] = []
    names: dict[str, bool] = {}  # name → whether some row of that name has no number
    for row in rows:
        numberless = names.get(row.name)
        unsure = numberless is not None and (numberless or not row.number)
        if unsure or len(batch) == BATCH:
            yield batch
            batch, names = [], {}
        batch.append(row)
        if row.verdict is Verdict.ACCEPTED:
            names[row.name] = names.get(row.name, False) or not row.number
    if batch:
        yield batch


def _take_in(job: Job, plan: "_Plan", rows: Sequence[Row]) -> list[Settled]:
    """One batch, one entry. Where a unique fact stops it as a whole, its halves, to the one row."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _entered(job, plan, rows)
        except Conflict:
            if attempt == ATTEMPTS:
                raise
        except NotYourOffice:
            raise
        except Refused as rule:
            if len(rows) > 1:
                half = len(rows) // 2
                return [*_take_in(job, plan, rows[:half]), *_take_in(job, plan, rows[half:])]
            fault = job.fault(rows[0], type(rule))
            refused = [Settled(rows[0].became(Verdict.REFUSED, fault))]
            with job.ledger.database.writing() as conn:
                jobs.keep(conn, job.id, refused)
            return refused
    raise AssertionError("an attempt returns or raises")


def _entered(job: Job, plan: "_Plan", rows: Sequence[Row]) -> list[Settled]:
    act = replace(job.act, on=job.ledger.today, today=job.ledger.today, correlation=job.id)
    with job.ledger.entry(act, lock=True) as entry:
        entry.look = job.look
        turns = list(_turns(job, plan, entry, rows))
        intake = _Intake(job, plan, entry, turns)
        done = [intake.take(turn) for turn in turns]
        jobs.keep(entry.conn, job.id, done)
        entry.log_reads()
    return done


# ── what holds for all of it ─────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Plan:
    """What is found out once: the union of a list, its kind, and whether anybody could share."""

    kinds: dict[UnionId, UnionKind]
    has_partner: bool


def _planned(job: Job) -> _Plan:
    today, union = job.ledger.today, job.destination.union
    if job.approval is not None and job.approval.on > today:
        raise DateAhead(on=job.approval.on.isoformat(), today=today.isoformat())
    with job.ledger.entry(job.act) as entry:  # reads only: nothing is written, nothing recorded
        kinds = dict[UnionId, UnionKind]()
        if union is not None:
            row = union_tree.get(entry.conn, entry.ledger.origin, [union]).get(union)
            if row is None or row.origin != entry.ledger.origin or not row.holds(today):
                raise UnionNotOpen(union=union, on=today.isoformat())
            kinds[union] = row.kind
            channel = job.channel or channel_of(row.kind)
            if CHANNELS[channel].kinds and row.kind not in CHANNELS[channel].kinds:
                raise NotTheApprovingUnion(channel=channel, kind=row.kind)
        if job.sharing is not None:
            _terms(entry, job.sharing)
        live = [p for p in channels.partners(entry.conn) if agreement_with(entry, p, Scope.PERSON)]
    return _Plan(kinds, bool(live))


def channel_of(kind: UnionKind) -> Channel:
    """The channel by which a list comes to a union of this kind, where nothing else is said."""
    return _CHANNELS.get(kind, Channel.PLAIN)


_CHANNELS = {
    UnionKind.FEDERATION: Channel.VILLAGE,
    UnionKind.TOWNSHIP: Channel.VILLAGE,
    UnionKind.VILLAGE: Channel.VILLAGE,
    UnionKind.GRASSROOTS: Channel.FIRM,
    UnionKind.GROUP: Channel.FIRM,
    UnionKind.JOINT: Channel.JOINT,
    UnionKind.UNION_FEDERATION: Channel.JOINT,
    UnionKind.SECTOR: Channel.FALLBACK,
    UnionKind.INDUSTRY: Channel.FALLBACK,
    UnionKind.PROJECT: Channel.PROJECT,
    UnionKind.AWAY_COMMITTEE: Channel.AWAY,
}


# ── one row ──────────────────────────────────────────────────────────────────────────────────


@dataclass
class _Turn:
    """One row: what the ledger knows of it, and what is to be written."""

    job: Job
    plan: _Plan
    row: Row
    union: UnionId | None = None
    known: Known = NOBODY

    def judged(self) -> Row:
        """The row with its verdict by the ledger."""
        row, known = self.row, self.known
        if row.verdict is not Verdict.ACCEPTED:
            return row
        if known.against is not None:
            return self._refused(known.against, Field.NUMBER)
        if known.dead:
            return self._refused(DeathOnRecord, Field.NAME)
        differs = [self.job.fault(row, rule, at) for rule, at in known.differs]
        if known.misnamed:
            return row.became(Verdict.CHANGED, *differs)
        standing = self._standing()
        if standing is not None:
            if differs:
                row = replace(row, notes=(*row.notes, standing))
                return row.became(Verdict.CHANGED, *differs)
            return row.became(Verdict.KNOWN, standing)
        if self.union is None:
            return self._refused(NoUnionForResidence, Field.RESIDENCE)
        return replace(row, notes=(*row.notes, *differs)) if differs else row

    def _standing(self) -> Fault | None:
        """Why somebody who stands on a roster already is not taken in."""
        known = self.known
        if known.member is not None:
            here = known.member.union == self.union
            return self.job.fault(self.row, MemberAlready if here else MemberElsewhere, Field.NAME)
        if known.applied:
            waits = self.waiting is not None and self.job.approval is not None
            return self.job.fault(self.row, ApprovedNow if waits else AppliedAlready, Field.NAME)
        return None

    def _refused(self, rule: type[Refused], at: Field) -> Row:
        return self.row.became(Verdict.REFUSED, self.job.fault(self.row, rule, at))

    @property
    def waiting(self) -> MembershipId | None:
        """The application that waits at the very union to which the list goes."""
        here = (one.membership for one in self.known.applied if one.union == self.union)
        return next(here, None) if self.known.member is None else None

    def ours(self, row: Row) -> bool:
        """Whether the row is taken in, or stands here already: whom a basis of sharing is for."""
        if row.verdict is Verdict.ACCEPTED:
            return True
        here = self.known.member is not None and self.known.member.union == self.union
        settled = row.verdict in (Verdict.KNOWN, Verdict.CHANGED) and not self.known.misnamed
        return settled and (here or self.waiting is not None)

    def foreseen(self) -> Settled:
        """What would become of it."""
        row = self.judged()
        return Settled(self.unshared(row), self.where(row), self.known.person)

    def where(self, row: Row) -> UnionId | None:
        """The union to which it goes, or where somebody who is known stands."""
        if row.verdict is Verdict.ACCEPTED:
            return self.union
        known = self.known
        stands = known.member or next(iter(known.applied), None)
        return stands.union if stands else None

    def unshared(self, row: Row) -> Row:
        """The row, with a note where it could be shared and is not."""
        wants = self.plan.has_partner and self.job.sharing is None
        if wants and row.verdict is Verdict.ACCEPTED:
            return replace(row, notes=(*row.notes, self.job.fault(row, NoSharingBasis)))
        return row


# ── writing ──────────────────────────────────────────────────────────────────────────────────

_APPROVED = (Verdict.ACCEPTED, Verdict.KNOWN, Verdict.CHANGED)


class _Intake:
    """Writes the facts of one batch into its entry."""

    def __init__(self, job: Job, plan: _Plan, entry: Entry, turns: Sequence[_Turn]) -> None:
        self.job, self.plan, self.entry = job, plan, entry
        self.sharing = _Sharing(job, entry, turns) if job.sharing else None
        self._acts: dict[tuple[date, UnionId | None], Act] = {}

    def take(self, turn: _Turn) -> Settled:
        """A row's facts; each part stands or, where a rule refuses, is told at the row."""
        row, entry = turn.judged(), self.entry
        person, membership = turn.known.person, turn.waiting
        if row.verdict is Verdict.ACCEPTED:
            try:
                with entry.attempt():
                    act = self._act(self._applied_on(turn.row))
                    person = person or self._register(turn.row, act)
                    membership = self._apply(turn, person, act)
            except NotYourOffice:
                raise
            except Refused as rule:
                return Settled(row.became(Verdict.REFUSED, self.job.fault(row, type(rule))))
        notes: list[Fault] = []
        enrolled = shared = False
        if self.job.approval is not None and membership is not None and row.verdict in _APPROVED:
            try:
                with entry.attempt():
                    self._enrol(turn, membership, self.job.approval)
                enrolled = True
            except Refused as rule:
                notes.append(self.job.fault(row, type(rule)))
        if self.sharing is not None and person is not None and turn.ours(row):
            try:
                with entry.attempt():
                    shared = self.sharing.open(entry, person, row.born)
            except Refused as rule:
                notes.append(self.job.fault(row, type(rule)))
        if notes:
            row = replace(row, notes=(*row.notes, *notes))
        return Settled(turn.unshared(row), turn.where(row), person, enrolled, shared)

    def _applied_on(self, row: Row) -> date:
        """The day on the list; a list without days lay before the meeting that approved it."""
        approval = self.job.approval
        return row.applied_on or (approval.on if approval else self.entry.act.today)

    def _register(self, row: Row, act: Act) -> PersonId:
        """The person, known from the day of the application on, as the list tells it."""
        person = new_person()
        particulars = Particulars(
            name=row.name, document=row.document, number=row.number, sex=row.sex,
            ethnic=row.ethnicity, birth=row.born.isoformat() if row.born else "",
            division=row.division or "", residence=row.residence, phone=row.phone,
        )  # fmt: skip
        owed = row.number_owed
        registered = Person.register(
            act, person, particulars,
            number_owed=NumberOwed.NOT_ON_LIST if owed else None,
            number_due=act.today + timedelta(days=NUMBER_DUE_DAYS) if owed else None,
            import_id=self.job.id,
        )  # fmt: skip
        self.entry.start(registered, act=act)
        return person

    def _apply(self, turn: _Turn, person: PersonId, act: Act) -> MembershipId:
        row, job, union, membership = turn.row, self.job, turn.union, new_membership()
        assert union is not None
        kind = self.plan.kinds.get(union, UnionKind.FEDERATION)
        applied = Membership.apply(
            act, membership, person, union, job.channel or channel_of(kind), of_age=True,
            confirmed=Confirmed.LIST, employer=row.employer, trade=row.trade, remark=row.remark,
            station=job.station, import_id=job.id,
        )  # fmt: skip
        self.entry.start(applied, act=act)
        return membership

    def _enrol(self, turn: _Turn, membership: MembershipId, approval: Approval) -> None:
        """Enters the approval of the union's committee, as the minutes have it."""
        applied = turn.row.applied_on
        if applied is not None and applied > approval.on:
            raise AppliedAfterApproval(
                applied=applied.isoformat(), approved=approval.on.isoformat()
            )
        act = self._act(approval.on, turn.union)
        held = self.entry.look_up(Membership, membership)
        self.entry.write(held.enrol(act, minutes=approval.minutes), act=act)

    def _act(self, on: date, decider: UnionId | None = None) -> Act:
        """The officer's act of a day; for a union's committee, what it decided on paper.

        A roster is typed up after the fact; where that is long ago, this is the reason.
        """
        act = self._acts.get((on, decider))
        if act is None:
            late = (self.entry.act.today - on).days > self.entry.ledger.terms.late_after_days
            act = replace(self.entry.act, on=on, late=Late.TYPED_UP if late else None)
            if decider is not None and self.job.approval is not None:
                decision = Decision(decider, Office.APPROVER, self.job.approval.minutes)
                act = replace(act, union=decider, office=Office.CLERK, decided_by=decision)
            self._acts[on, decider] = act
        return act


def _turns(job: Job, plan: _Plan, reader: Reader, rows: Sequence[Row]) -> Iterator[_Turn]:
    """Each row with its union and with what the ledger knows of the person."""
    waiting = [row for row in rows if row.verdict is Verdict.ACCEPTED]
    unions = _unions(job, plan, reader, waiting)
    known = matching.known(reader, waiting)
    for row in rows:
        yield _Turn(job, plan, row, unions.get(row.row), known.get(row.row, NOBODY))


def _unions(job: Job, plan: _Plan, reader: Reader, rows: Sequence[Row]) -> dict[int, UnionId]:
    if job.destination.union is not None:
        return {row.row: job.destination.union for row in rows}
    codes = {row.division for row in rows if row.division}
    lowest = union_tree.lowest(reader.conn, job.ledger.origin, sorted(codes))
    return {row.row: lowest[row.division] for row in rows if row.division in lowest}


# ── sharing ──────────────────────────────────────────────────────────────────────────────────


class _Terms(NamedTuple):
    """What the live agreement gives a list to share: with whom, which groups and facts."""

    partner: Code
    partnership: PartnershipId
    receiver: Receiver
    groups: tuple[Group, ...]
    scopes: tuple[Scope, ...]


def _terms(entry: Entry, sharing: Basing) -> _Terms:
    """Raises: NoLivePartnership, WhichPartner."""
    found: dict[str, _Terms] = {}
    for partner in channels.partners(entry.conn):
        under = agreement_with(entry, partner, Scope.PERSON) or agreement_with(entry, partner)
        if under is None:
            continue
        parties = entry.look_up(Partnership, under[0]).partners(entry.ledger.origin)
        party = next(each for each in parties if each.origin == partner)
        if sharing.partner in (None, partner, party.province):
            groups = tuple(group for group in under[1].groups if group in USUAL_GROUPS)
            scopes = tuple(sorted(OF_A_PERSON & set(under[1].scopes)))
            receiver = Receiver(party.name, Code(partner), contact=party.contact)
            found[partner] = _Terms(Code(partner), under[0], receiver, groups, scopes)
    if not found:
        raise NoLivePartnership(partner=sharing.partner)
    if len(found) > 1:
        raise WhichPartner(partners=sorted(found))
    return next(iter(found.values()))


class _Sharing:
    """The sharing of one batch: the terms of today, and who is shared already."""

    def __init__(self, job: Job, entry: Entry, turns: Sequence[_Turn]) -> None:
        assert job.sharing is not None
        self.said = job.sharing
        self.terms = _terms(entry, job.sharing)
        persons = [turn.known.person for turn in turns if turn.known.person is not None]
        links = channels.links_of(entry.conn, entry.ledger.origin, persons)
        self.open_to = {
            person
            for person, rows in links.items()
            if any(row["open"] and row["partner"] == self.terms.partner for row in rows)
        }

    def open(self, entry: Entry, person: PersonId, born: date | None) -> bool:
        """Records the basis and opens the worker to the partner; False where she is open already."""
        if person in self.open_to:
            return False
        said, terms = self.said, self.terms
        act = replace(entry.act, evidence=said.evidence)
        consent = new_consent()
        if said.basis is Basis.SEPARATE_CONSENT:
            based = Consent.give(
                act, consent, person, terms.receiver, Purpose.MEMBERSHIP, terms.groups, said.shown,
                Code(said.paper), born=born,
            )  # fmt: skip
        else:
            based = Consent.record_basis(
                act, consent, person, terms.receiver, Purpose.MEMBERSHIP, terms.groups, said.basis,
                Code(said.paper), born=born,
            )  # fmt: skip
        entry.start(based, act=act)
        opened = Link.start(
            act, new_link(), person, terms.partner, terms.partnership, said.basis, terms.groups,
            terms.scopes, Cause.ROSTER, consent,
        )  # fmt: skip
        entry.start(opened, act=act)
        self.open_to.add(person)
        return True
