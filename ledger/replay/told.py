"""What the records of a subject tell (案卷材料): gathered, opened, and what stands in whose place.

The records are found by the ids that they mention, both provinces' alike, and read in the order
in which they became known here. Nothing is dropped: what was corrected stays beside what
corrected it, what is not open says who holds it, and what is missing between two records of a
partner's stream is counted.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple, cast, get_type_hints

from sqlalchemy import select

from ledger.book import Reader
from ledger.domain import divisions
from ledger.domain.corrections import FactAnnulled, FactCorrected
from ledger.domain.ids import FundId, UnionId, ids_in, spoken
from ledger.domain.kernel import (
    Event,
    Fact,
    Fen,
    Group,
    Late,
    NewerKind,
    Office,
    Redacted,
    standing,
)
from ledger.domain.membership import MembershipLoaded
from ledger.domain.money import yuan
from ledger.domain.persons import PersonRegistered, PersonRenamed
from ledger.journal import canonical
from ledger.journal.codec import plan_of
from ledger.journal.record import Record, instant
from ledger.journal.tables import record
from ledger.projections import fund_statements, union_tree, worker_files
from ledger.projections.posting import as_record, channel_name, fact_in
from ledger.projections.two_times import CHUNK, OURS, THEIRS, instants, known_before
from ledger.projections.union_tree import UnionRow
from ledger.projections.worker_files import Mention
from ledger.replay.proofs import RECORDED, Proof, proofs_of
from ledger.replay.sentences import sentence, title
from ledger.replay.words import label, word

KnownOn = date | datetime | None


@dataclass(frozen=True)
class Told:
    """One record, its fact (opened where a `Look` allows it), and when it became known here."""

    record: Record
    fact: Fact
    header: Mapping[str, Any]
    seq: int
    known: str
    order: int  # in which it became known
    rank: int  # the same, but a correction's is that of what it corrects

    @property
    def ref(self) -> str:
        return self.record.ref

    @property
    def place(self) -> tuple[str, int]:
        return self.record.origin, self.record.position


# ── gathering ────────────────────────────────────────────────────────────────────────────────

_RELATED = frozenset({"mem", "trf", "con", "lnk"})
"""What belongs to one subject wholly, so that every record of it belongs to the file too."""


def gather(reader: Reader, subjects: Collection[str], known_on: KnownOn) -> list[Told]:
    """All records that concern these subjects, or what is theirs, in the order of knowledge."""
    conn, origin = reader.conn, reader.ledger.origin
    found = worker_files.mentions(conn, origin, subjects, known_on)
    records = records_at(reader, [one.place for one in found])
    related = set(_related(records.values())) - set(subjects)
    if related:
        have = set(found)
        more = worker_files.mentions(conn, origin, related, known_on)
        found = sorted(have | set(more), key=lambda one: (one.seq, one.origin, one.position))
        records |= records_at(reader, [one.place for one in found if one.place not in records])
    return tell(reader, found, records)


def tell(
    reader: Reader, found: Sequence[Mention], records: Mapping[tuple[str, int], Record]
) -> list[Told]:
    """What the records at these places tell, in that order; opened where a `Look` allows it."""
    return tell_known(reader, [(records[one.place], one.seq, one.known) for one in found])


def gather_streams(
    reader: Reader, streams: Collection[str], known_on: KnownOn,
    opens: Callable[[Fact], bool] | None = None,
) -> list[Told]:  # fmt: skip
    """The records of these streams alone, in the order of knowledge; opened are those that `opens`.

    For what is a thing and no person: of a list of thousands one grant is told with two streams.
    """
    before = known_before(known_on)
    known = [
        (one, seq, at or canonical.decode(one.header)["at"])
        for one, seq, at in records_known(reader, streams)
    ]
    return tell_known(reader, [each for each in known if each[2] < before], opens)


def records_known(reader: Reader, streams: Collection[str]) -> list[tuple[Record, int, str | None]]:
    """The records of these streams in the order of knowledge: by which record of ours, and when.

    When one of ours became known, its own header says.
    """
    conn, own = reader.conn, reader.ledger.origin
    found: list[tuple[tuple[int, int], Record, int, str | None]] = []
    for row in OURS.rows(conn, list(streams), origin=own):
        one = as_record(row)
        found.append(((one.position, 0), one, one.position, None))
    for partner in reader.partners:
        log = channel_name(partner, own)
        rows = THEIRS.rows(conn, list(streams), origin=partner, log=log)
        read = [row for row in rows if row[-2] is not None]  # what is parked is not read yet
        at = instants(conn, own, {row[-2] for row in read})
        found += [((row[-2], row[-1]), as_record(row[:-2]), row[-2], at[row[-2]]) for row in read]
    return [each[1:] for each in sorted(found, key=itemgetter(0))]


def tell_known(
    reader: Reader, known: Sequence[tuple[Record, int, str]],
    opens: Callable[[Fact], bool] | None = None,
) -> list[Told]:  # fmt: skip
    """Records with their facts, opened where a `Look` allows it; given in the order of knowledge."""
    read = [fact_in(one) for one, _, _ in known]
    opened: dict[int, Fact] = {}
    if reader.look is not None:
        wanted = [at for at, (fact, _, _) in enumerate(read) if opens is None or opens(fact)]
        opened = dict(zip(wanted, reader.opened([known[at][0] for at in wanted]), strict=True))
    told: list[Told] = []
    ranks: dict[tuple[str, int | None], int] = {}
    for order, ((one, seq, at), (closed, header, _)) in enumerate(zip(known, read, strict=True)):
        fact = opened.get(order, closed)
        rank = ranks.get((one.origin, fact.corrects), order)
        ranks[one.origin, one.position] = rank
        told.append(Told(one, fact, header, seq, at, order, rank))
    return told


def records_at(reader: Reader, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Record]:
    by_origin: dict[str, list[int]] = {}
    for origin, position in places:
        by_origin.setdefault(origin, []).append(position)
    found: dict[tuple[str, int], Record] = {}
    for origin, positions in by_origin.items():
        for start in range(0, len(positions), CHUNK):
            rows = reader.conn.execute(
                select(record).where(
                    record.c.origin == origin,
                    record.c.position.in_(positions[start : start + CHUNK]),
                )
            )
            found.update(((row[0], row[1]), as_record(row)) for row in rows)
    return found


def _related(records: Iterable[Record]) -> Iterator[str]:
    for one in records:
        if one.stream[:3] in _RELATED or one.stream.startswith("hou_"):
            yield one.stream
        yield from (id_ for id_ in ids_in(canonical.decode(one.body)) if id_[:3] in _RELATED)


# ── what stands ──────────────────────────────────────────────────────────────────────────────


class Standing(NamedTuple):
    """What stands of a file, in place; and by what each fact that stands no more was replaced."""

    told: list[Told]
    replaced: Mapping[str, Told]


def stand(told: Sequence[Told]) -> Standing:
    """A correction stands in the place of what it corrects, if it is known."""
    by_ref = {each.ref: each for each in told}
    replaced: dict[str, Told] = {}
    for each in told:
        if each.fact.corrects is not None:
            corrected = f"{each.record.origin}#{each.fact.corrects}"
            if corrected in by_ref:
                replaced[corrected] = each
    return Standing([by_ref[fact.ref] for fact in standing(t.fact for t in told)], replaced)


def effective(told: Sequence[Told], as_of: date | None) -> list[Told]:
    """What stood on a day: in the order in which it took effect, and on one day as recorded."""
    found = [each for each in stand(told).told if as_of is None or since(each) <= as_of]
    return sorted(found, key=lambda each: (since(each), each.rank))


def since(each: Told) -> date:
    """From which day a fact counts: a membership that was loaded, from its enrolment."""
    fact = each.fact
    return min(fact.event.since, fact.on) if isinstance(fact.event, MembershipLoaded) else fact.on


# ── names ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Lane:
    """One province's side of a file (一栏): whose records these are."""

    origin: str
    province: str  # two digits; empty where the partner's root union is not known here
    name: str
    short: str
    home: bool = False


class Names:
    """How ids are called, on any day: unions from the tree, persons only where they are open.

    And, as it is asked of the same records, how far each of them is proven.
    """

    def __init__(self, reader: Reader, told: Sequence[Told], known_on: KnownOn) -> None:
        conn, ledger = reader.conn, reader.ledger
        self._unions = union_tree.spans_of(conn, ledger.origin, _unions_in(told), known_on)
        funds = fund_statements.get(conn, ledger.origin, _funds_in(told))
        self._funds = {name: row.name for name, row in funds.items()}
        self._persons: dict[str, str] = {}
        for each in told:
            match each.fact.event:
                case PersonRegistered() | PersonRenamed() as e if e.name:
                    self._persons[e.person] = e.name
                case _:
                    pass
        province = ledger.province
        self._lanes = {
            ledger.origin: Lane(ledger.origin, province.code, province.name, province.short)
        }
        for origin in {each.record.origin for each in told} | set(reader.partners):
            if origin not in self._lanes:
                self._lanes[origin] = _partner_lane(reader, origin)
        places = {(each.record.origin, each.record.position) for each in told}
        self._proofs = proofs_of(conn, sorted(places), lambda origin: self.lane(origin).short)

    def lane(self, origin: str) -> Lane:
        return self._lanes.get(origin) or Lane(origin, "", origin, origin)

    @property
    def lanes(self) -> list[Lane]:
        return list(self._lanes.values())

    def union_row(self, union: str | None, on: date | None) -> UnionRow | None:
        rows = self._unions.get(UnionId(union)) if union else None
        return union_tree.nearest(rows, on) if rows else None

    def union(self, union: str | None, on: date | None = None) -> str:
        row = self.union_row(union, on)
        return row.name if row else (f"工会 {union[-6:]}" if union else "")

    def person(self, person: str | None) -> str:
        if person is None:
            return ""
        return self._persons.get(person) or f"人员 {spoken(person)}"

    def fund(self, fund: str | None) -> str:
        if fund is None:
            return ""
        return self._funds.get(FundId(fund)) or f"资金 {fund[-6:]}"

    def proof(self, one: Record) -> Proof:
        return self._proofs.get((one.origin, one.position), RECORDED)

    def learn(self, persons: Mapping[str, str]) -> None:
        """Persons whose names were opened elsewhere for the same page."""
        self._persons = {**persons, **self._persons}

    def on(self, day: date) -> "_NamesOn":
        return _NamesOn(self, day)


@dataclass(frozen=True)
class _NamesOn:
    """The names of one day, as a sentence asks for them."""

    names: Names
    day: date

    def union(self, union: str | None) -> str:
        return self.names.union(union, self.day)

    def person(self, person: str | None) -> str:
        return self.names.person(person)

    def province(self, origin: str | None) -> str:
        return self.names.lane(origin).short if origin else ""

    def fund(self, fund: str | None) -> str:
        return self.names.fund(fund)


def _unions_in(told: Iterable[Told]) -> set[str]:
    found: set[str] = set()
    for each in told:
        values = [*each.fact.event.__dict__.values(), each.header.get("union")]
        values.append(each.header.get("decided_by", {}).get("who"))
        found.update(v for v in values if isinstance(v, str) and v.startswith("uni_"))
    return found


def _funds_in(told: Iterable[Told]) -> set[str]:
    values = (value for each in told for value in each.fact.event.__dict__.values())
    return {value for value in values if isinstance(value, str) and value.startswith("fnd_")}


def _partner_lane(reader: Reader, origin: str) -> Lane:
    for root in union_tree.roots(reader.conn, reader.ledger.origin):
        if root.origin == origin and root.division:
            name = divisions.name_of(divisions.province_of(root.division))
            return Lane(origin, root.division[:2], name, _short(name))
    return Lane(origin, "", origin, origin)


def _short(province: str) -> str:
    return province[:3] if province.startswith(("内蒙古", "黑龙江")) else province[:2]


# ── lines ────────────────────────────────────────────────────────────────────────────────────


class Change(NamedTuple):
    """What a fact changed: the field, what it was, what it is."""

    field: str
    old: str
    new: str


@dataclass(frozen=True)
class Line:
    """One line of a timeline (时间轴一行)."""

    ref: str  # origin#position
    kind: str
    title: str
    text: str
    on: date
    at: datetime | None  # recorded, in its own journal
    known: datetime | None  # known here since
    lane: Lane
    union: UnionId | None
    union_name: str
    officer: str | None  # who signed in
    decider: str | None  # the person, or the committee on the paper
    decider_name: str
    office: Office | None
    paper: str | None  # decided on paper: the officer only entered it
    on_paper: bool
    late: Late | None
    evidence: tuple[str, ...]
    reasons: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    findings: tuple[str, ...] = ()  # names of rules
    struck: bool = False  # no longer stands
    corrected_by: str | None = None
    corrects: str | None = None
    told_with: tuple[str, ...] = ()  # records that this line tells along
    closed: Mapping[Group, str] = field(default_factory=dict[Group, str])  # group → why
    hidden: int = 0  # this many records are held by the partner and not shown here
    proof: Proof = RECORDED

    @property
    def restricted(self) -> bool:
        """Whether something of it is held by another union, and not open here."""
        return self.hidden > 0 or "restricted" in self.closed.values()


_REASONS = (
    "reason", "opinion", "text", "finding", "said", "note", "remark", "answer",
)  # fmt: skip


def lines(
    told: Sequence[Told], names: Names, own: str, as_of: date | None, *, mask: bool = True
) -> list[Line]:
    """The timeline: what took effect until that day, in order, with what was struck beside it."""
    stands = stand(told)
    heads = {
        f"{each.record.origin}#{each.fact.event.position}": each
        for each in told
        if isinstance(each.fact.event, FactCorrected)
    }
    changes = dict(_changes(told, stands, Showing(names, mask)))
    found: list[tuple[tuple[date, int, int], Line]] = []
    for each in told:
        if as_of is not None and since(each) > as_of:
            continue
        head = None
        if isinstance(each.fact.event, FactCorrected):
            corrected = f"{each.record.origin}#{each.fact.event.position}"
            if corrected in stands.replaced:
                continue  # it is told with the fact that it put in the other's place
        elif each.fact.corrects is not None:
            head = heads.get(f"{each.record.origin}#{each.fact.corrects}")
        made = _line(each, names, head, stands.replaced.get(each.ref), changes.get(each.ref, ()))
        found.append(((each.fact.on, each.rank, each.order), made))
    found += _gaps(told, names, own, as_of)
    return [line for _, line in sorted(found, key=lambda pair: pair[0])]


def _line(
    each: Told, names: Names, head: Told | None, replaced: Told | None, changes: Sequence[Change]
) -> Line:
    fact, header = each.fact, each.header
    event = fact.event
    decided = fact.decided_by
    reasons = [*_texts(event), *(_texts(head.fact.event) if head else ())]
    if head and isinstance(head.fact.event, FactCorrected):
        reasons.insert(0, f"更正：{word(head.fact.event.why)}")
    decider = fact.decider
    named = names.union(decider, fact.on) if decider and decider.startswith("uni_") else ""
    return Line(
        ref=each.ref,
        kind=each.record.kind,
        title=title(event),
        text=sentence(event, names.on(fact.on)),
        on=fact.on,
        at=fact.at,
        known=instant(each.known),
        lane=names.lane(each.record.origin),
        union=fact.union,
        union_name=names.union(fact.union, fact.on),
        officer=fact.officer,
        decider=decider,
        decider_name=named,
        office=decided.office if decided else fact.office,
        paper=decided.paper if decided else None,
        on_paper=decided is not None,
        late=Late(header["late"]) if "late" in header else None,
        evidence=tuple(header.get("evidence", ())),
        reasons=tuple(reasons),
        changes=tuple(changes),
        findings=tuple(event.__dict__.get("findings", ())),
        struck=replaced is not None,
        corrected_by=replaced.ref if replaced else None,
        corrects=f"{each.record.origin}#{fact.corrects}" if fact.corrects is not None else None,
        told_with=(head.ref,) if head else (),
        closed=closed_groups(event),
        proof=names.proof(each.record),
    )


def _texts(event: Event) -> Iterator[str]:
    for name in _REASONS:
        value = event.__dict__.get(name)
        if isinstance(value, str) and not isinstance(value, StrEnum) and value:
            yield value


def closed_groups(event: Event) -> dict[Group, str]:
    """The groups of a fact that are not open, each with why: closed, restricted, shredded."""
    if isinstance(event, NewerKind):
        return {}
    found: dict[Group, str] = {}
    for name, mark in plan_of(type(event).__name__).secret:
        value = event.__dict__.get(name)
        if isinstance(value, Redacted):
            found[mark.group] = value.why
    return found


def _gaps(
    told: Sequence[Told], names: Names, own: str, as_of: date | None
) -> Iterator[tuple[tuple[date, int, int], Line]]:
    """What a partner holds of these streams and did not share: the versions that are missing."""
    streams: dict[tuple[str, str], list[Told]] = {}
    for each in told:
        if each.record.origin != own:
            streams.setdefault((each.record.origin, each.record.stream), []).append(each)
    for (origin, _), known in streams.items():
        before: Told | None = None
        for each in sorted(known, key=lambda one: one.record.version):
            missing = each.record.version - (before.record.version if before else 0) - 1
            if missing and (as_of is None or each.fact.on <= as_of):
                near = before or each
                lane, on = names.lane(origin), near.fact.on
                held = names.union(near.fact.union, on)
                text = f"{missing} 条受限记录（{'·'.join(n for n in (lane.short, held) if n)}）"
                yield (
                    (on, near.order, near.order + (before is not None)),
                    Line(
                        ref=f"{origin}#", kind="", title="受限记录", text=text, on=on, at=None,
                        known=None, lane=lane, union=near.fact.union, union_name=held,
                        officer=None, decider=None, decider_name="", office=None, paper=None,
                        on_paper=False, late=None, evidence=(), hidden=missing,
                    ),
                )  # fmt: skip
            before = each


# ── changes ──────────────────────────────────────────────────────────────────────────────────

_TRACKED = (
    "name", "document", "number", "phone", "address", "division", "residence", "employer", "trade",
)  # fmt: skip
_CHANGING = frozenset(
    {
        "PersonRenamed", "PersonIdentified", "NumberCorrected", "ContactChanged", "ResidenceMoved",
        "EmploymentChanged", "MembershipResumed",
    }
)  # fmt: skip


class Showing(NamedTuple):
    """How values are shown beside each other."""

    names: Names
    mask: bool

    def __call__(self, name: str, value: Any) -> str:
        match value:
            case None:
                return ""
            case StrEnum():
                return word(value)
            case tuple():
                every = cast(tuple[Any, ...], value)
                return "、".join(self(name, each) for each in every)
            case bool():
                return "是" if value else "否"
            case str() if value.startswith("fnd_"):
                return self.names.fund(value)
            case int() if name in _amounts():
                return yuan(value) if label(name).endswith("（元）") else f"{yuan(value)}元"
            case date():
                return value.isoformat()
            case str() if value.startswith("uni_"):
                return self.names.union(value)
            case str() if value.startswith("per_"):
                return self.names.person(value)
            case str() if name == "division" and value:
                return divisions.name_of(value[:6])
            case _:
                return masked(name, str(value)) if self.mask else str(value)


@cache
def _amounts() -> frozenset[str]:
    """The fields of facts that are money: shown as yuan."""
    hints = (get_type_hints(kind).items() for kind in Event.kinds.values())
    return frozenset(name for each in hints for name, hint in each if hint is Fen)


def _changes(
    told: Sequence[Told], stands: Standing, show: Showing
) -> Iterator[tuple[str, list[Change]]]:
    by_ref = {each.ref: each for each in told}
    now: dict[tuple[str, str], Any] = {}
    for each in sorted(stands.told, key=lambda one: (one.fact.on, one.rank)):
        held, stream = each.fact.event.__dict__, each.record.stream
        if type(each.fact.event).__name__ in _CHANGING:
            fields = [name for name in _TRACKED if name in held]
            before = {name: now.get((stream, name), "") for name in fields}
            yield each.ref, list(_differ(before, held, fields, show))
        now.update(((stream, name), held[name]) for name in _TRACKED if name in held)
    for each in told:
        old = by_ref.get(f"{each.record.origin}#{each.fact.corrects}")
        if old is None or isinstance(each.fact.event, FactAnnulled):
            continue
        before, after = dict(old.fact.event.__dict__), dict(each.fact.event.__dict__)
        found = list(_differ(before, after, [name for name in after if name in before], show))
        if old.fact.on != each.fact.on:
            day = Change(label("on"), old.fact.on.isoformat(), each.fact.on.isoformat())
            found.insert(0, day)
        yield each.ref, found


def _differ(
    before: Mapping[str, Any], after: Mapping[str, Any], fields: Iterable[str], show: Showing
) -> Iterator[Change]:
    for name in fields:
        old, new = before[name], after[name]
        if old != new and not isinstance(new, Redacted) and not isinstance(old, Redacted):
            yield Change(label(name), show(name, old), show(name, new))


def masked_name(name: str) -> str:
    """A name as a public notice shows it: 韦*英, 李*."""
    if len(name) < 3:
        return name[:-1] + "*" if name else ""
    return name[0] + "*" * (len(name) - 2) + name[-1]


def masked(name: str, text: str) -> str:
    """A number, an account or a telephone as a page shows it: 452***********1234, 138****5678."""
    if name not in {"number", "phone", "account"} or len(text) < 8:
        return text
    return text[:3] + "*" * (len(text) - 7) + text[-4:]
