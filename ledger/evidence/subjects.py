"""What a dossier is about (案卷对象): a worker, a transfer, a grant, a case, a fund, or a period.

Each is the records that its page tells, opened as far as its page opens them, and no further: of
a worker's file what is sealed to her, of a grant what is sealed to who applied and for whom, of a
case what concerns the whole of it. A fund and a period open nobody's texts.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import select

from ledger import replay
from ledger.book import NotFound, Reader
from ledger.clock import BEIJING
from ledger.domain.aid import AidGrant
from ledger.domain.ids import FundId
from ledger.domain.kernel import Fact, Group, NewerKind, Redacted, Refused
from ledger.domain.persons import Person
from ledger.journal import canonical, codec
from ledger.journal.record import Record, instant
from ledger.journal.recorder import read_head
from ledger.journal.tables import record
from ledger.projections import fund_statements, transfers, worker_files
from ledger.projections.case_boards import of_the_whole
from ledger.projections.posting import as_record, fact_in
from ledger.replay import Amount, word
from ledger.replay.told import Names, Told, gather, masked, records_known, tell_known

MOST_RECORDS = 5_000
"""The most records of one dossier: what is longer is taken by period, or piece by piece."""

_IDENTITY = frozenset({"PersonRegistered", "PersonIdentified", "PersonRenamed", "NumberCorrected"})


class Kind(StrEnum):
    """What one can take a dossier of (案卷种类)."""

    WORKER = "worker"
    TRANSFER = "transfer"
    GRANT = "grant"
    CASE = "case"
    FUND = "fund"
    PERIOD = "period"


KINDS: Mapping[Kind, str] = {
    Kind.WORKER: "职工",
    Kind.TRANSFER: "会籍接转",
    Kind.GRANT: "帮扶救助",
    Kind.CASE: "维权案件",
    Kind.FUND: "资金",
    Kind.PERIOD: "期间",
}

OPENS = frozenset({Kind.WORKER, Kind.TRANSFER, Kind.GRANT, Kind.CASE})
"""Those that open personal texts, so that a purpose is asked for."""


class DossierTooLong(
    Refused,
    zh=f"案卷最多 {MOST_RECORDS} 条记录。",
    article="design: dossiers",
    instead="按较短的期间取证，或分别就有关的救助、案件、接转取证。",
):
    """A dossier has at most five thousand records."""


@dataclass(frozen=True)
class Subject:
    """What a dossier is asked of: a thing by its id, or a union with two days."""

    kind: Kind
    id: str
    since: date | None = None
    until: date | None = None  # the last day

    @property
    def text(self) -> str:
        """As the manifest names it."""
        return f"{self.id} {self.since} {self.until}" if self.since else self.id


@dataclass(frozen=True)
class Sight:
    """Which numbers the office of whoever takes it works with in whole."""

    numbers: bool = True
    accounts: bool = True

    def sees(self, texts: Mapping[str, str]) -> bool:
        """Whether the office sees all of a sealed group."""
        return (self.numbers or not {"number", "phone"} & texts.keys()) and (
            self.accounts or "account" not in texts
        )


@dataclass(frozen=True)
class Matter:
    """The records of a dossier in the order of knowledge, and what heads its page."""

    subject: Subject
    told: Sequence[Told]
    names: Names
    persons: frozenset[str]  # whose texts are opened
    title: str
    facts: Sequence[tuple[str, str]] = ()
    totals: Sequence[tuple[str, Amount]] = ()
    whole_case: bool = False  # of a case: only what concerns all of it is opened
    who: frozenset[str] = frozenset()  # records that only say who somebody is

    def opens(self, one: Record, person: str, group: str) -> bool:
        """Whether a group of this record that is sealed to a person is opened."""
        if self.whole_case:
            return of_the_whole(fact_in(one)[0])
        return person in self.persons and (one.ref not in self.who or group == Group.IDENTITY)


def matter(reader: Reader, subject: Subject, sight: Sight) -> Matter:
    """The matter of a dossier. Raises: NotFound, DossierTooLong."""
    return _MATTERS[subject.kind](reader, subject, sight)


# ── one function a kind ──────────────────────────────────────────────────────────────────────


def _worker(reader: Reader, subject: Subject, sight: Sight) -> Matter:
    ids = worker_files.identity(reader.conn, reader.ledger.origin, subject.id)
    known = _known(gather(_closed(reader), ids, None))
    if not known:
        raise NotFound(subject.id)
    told, names = _opened(reader, known, ids)
    file = replay.worker(_closed(reader), subject.id)
    person = _person(told, subject.id)
    now = file.current
    facts = [
        ("姓名", _text(person.name)),
        ("证件号码", _text(person.number if sight.numbers else masked("number", person.number))),
        ("人员编号", "、".join(sorted(ids))),
        ("会籍状态", word(now.state) if now else "没有会籍"),
        ("会籍所在工会", now.union_name if now else ""),
        ("负责工会", "、".join(each.union_name for each in file.responsible_on(file.day))),
    ]
    return Matter(subject, told, names, frozenset(ids), f"职工档案：{_text(person.name)}", facts)


def _transfer(reader: Reader, subject: Subject, sight: Sight) -> Matter:
    rows = transfers.get(reader.conn, reader.ledger.origin, [subject.id])
    if not rows:
        raise NotFound(subject.id)
    (row,) = rows.values()
    file = replay.transfer(_closed(reader), subject.id)
    persons = worker_files.identity(reader.conn, reader.ledger.origin, row.person)
    places = {each.ref for each in file.lines} | {r for each in file.lines for r in each.told_with}
    about = [each for each in gather(_closed(reader), [subject.id], None) if each.ref in places]
    told, names = _opened(reader, _with_identity(reader, _known(about), persons), persons)
    person, now = _person(told, row.person), file.state
    facts = [
        ("职工", _text(person.name)),
        ("人员编号", "、".join(sorted(persons))),
        ("接转编号", subject.id),
        ("转出工会", now.from_name),
        ("转入工会", now.to_name),
        ("状态", word(now.state)),
    ]
    title = f"会籍接转：{_text(person.name)}"
    who = frozenset(each.ref for each in told) - {each.ref for each in about}
    return Matter(subject, told, names, frozenset(persons), title, facts, who=who)


def _grant(reader: Reader, subject: Subject, sight: Sight) -> Matter:
    one = reader.find(AidGrant, subject.id)
    if one.person is None or one.kind is None:
        raise NotFound(subject.id)
    persons = {each for each in (one.person, one.beneficiary) if each}
    streams = [each for each in (subject.id, one.aid_list) if each]
    own = _streams(reader, streams)
    told, names = _opened(reader, _with_identity(reader, own, persons), persons)
    file = replay.grant(_closed(reader), subject.id)
    now = file.state
    facts = [
        ("申请人", _text(_person(told, one.person).name)),
        ("救助编号", subject.id),
        ("项目", word(file.kind)),
        ("受理工会", file.union_name),
        ("环节", word(now.stage)),
        ("办法", file.scheme_title),
        ("名册", file.list_title),
    ]
    totals = [
        ("申请金额", now.amount), ("审批金额", now.approved), ("已支付", now.paid),
        ("已追回", now.taken_back),
    ]  # fmt: skip
    title = f"帮扶救助：{_text(_person(told, one.person).name)}"
    who = frozenset(each.ref for each in told) - {one.ref for one, _, _ in own}
    return Matter(subject, told, names, frozenset(persons), title, facts, totals, who=who)


def _case(reader: Reader, subject: Subject, sight: Sight) -> Matter:
    known = _streams(reader, [subject.id])
    told, names = _opened(reader, known, None, of_the_whole)
    now = replay.case(_closed(reader), subject.id).state
    sums = now.totals
    facts = [
        ("案号", now.number),
        ("案件编号", subject.id),
        ("案由", word(now.kind)),
        ("状态", word(now.state)),
        ("主办", next((each.name for each in now.sides), "")),
        ("职工人数", str(sums.claimants)),
    ]
    totals = [
        ("诉求合计", Amount.of(sums.asked.total)), ("协议合计", Amount.of(sums.agreed.total)),
        ("追回合计", Amount.of(sums.recovered.total)), ("尚欠合计", Amount.of(sums.open.total)),
    ]  # fmt: skip
    title = f"维权案件：{now.number or subject.id}"
    return Matter(subject, told, names, frozenset(), title, facts, totals, whole_case=True)


def _fund(reader: Reader, subject: Subject, sight: Sight) -> Matter:
    origin = reader.ledger.origin
    row = fund_statements.get(reader.conn, origin, [subject.id]).get(FundId(subject.id))
    if row is None:
        raise NotFound(subject.id)
    told, names = _opened(reader, _streams(reader, [subject.id]), ())
    sums = fund_statements.totals(reader.conn, origin, [row.fund])[row.fund]
    facts = [
        ("资金", row.name),
        ("资金编号", subject.id),
        ("管账工会", names.union(row.keeper)),
        ("来源", word(row.source)),
    ]
    totals = [(text, Amount.of(getattr(sums, name))) for name, text in replay.TOTALS.items()]
    return Matter(subject, told, names, frozenset(), f"资金：{row.name}", facts, totals)


def _period(reader: Reader, subject: Subject, sight: Sight) -> Matter:
    assert subject.since is not None
    assert subject.until is not None
    known = [(one, one.position, at) for one, at in _recorded(reader, subject)]
    told, names = _opened(reader, known, ())
    union = names.union(subject.id) if known else subject.id
    days = f"{subject.since} 至 {subject.until}"
    facts = [("工会", union), ("登记日期", days), ("记录", f"{len(known)} 条")]
    return Matter(subject, told, names, frozenset(), f"期间登记：{union}，{days}", facts)


_MATTERS: Mapping[Kind, Callable[[Reader, Subject, Sight], Matter]] = {
    Kind.WORKER: _worker,
    Kind.TRANSFER: _transfer,
    Kind.GRANT: _grant,
    Kind.CASE: _case,
    Kind.FUND: _fund,
    Kind.PERIOD: _period,
}


# ── what these have in common ────────────────────────────────────────────────────────────────

_Known = tuple[Record, int, str]


def _closed(reader: Reader) -> Reader:
    """The same moment, nothing opened: so that nobody is noted as shown who is not."""
    return Reader(reader.ledger, reader.conn)


def _known(told: Sequence[Told]) -> list[_Known]:
    return [(each.record, each.seq, each.known) for each in told]


def _streams(reader: Reader, streams: Sequence[str]) -> list[_Known]:
    found = [
        (one, seq, at or canonical.decode(one.header)["at"])
        for one, seq, at in records_known(reader, streams)
    ]
    if not found:
        raise NotFound(streams[0])
    return found


def _with_identity(
    reader: Reader, known: Sequence[_Known], persons: Collection[str]
) -> list[_Known]:
    """With what says who these persons are: a dispute about a thing is about somebody."""
    have = {(one.origin, one.position) for one, _, _ in known}
    who = [
        (one, seq, at or canonical.decode(one.header)["at"])
        for one, seq, at in records_known(reader, sorted(persons))
        if one.kind in _IDENTITY and (one.origin, one.position) not in have
    ]
    return sorted([*known, *who], key=lambda each: (each[1], each[0].origin, each[0].position))


def _opened(
    reader: Reader, known: Sequence[_Known], persons: Collection[str] | None,
    opens: Callable[[Fact], bool] | None = None,
) -> tuple[list[Told], Names]:  # fmt: skip
    """Told, with the texts open that are sealed to these persons (None: as `opens` says)."""
    if len(known) > MOST_RECORDS:
        raise DossierTooLong(records=len(known))

    def theirs(fact: Fact) -> bool:
        if isinstance(fact.event, NewerKind):
            return False
        return opens(fact) if opens else codec.person_of(fact.event) in (persons or ())

    told = tell_known(reader, known, theirs)
    names = Names(reader, told, None)
    # Who signed in and who decided acted for a union: they are named, and it is on the read log.
    acted = {who for each in told for who in (each.fact.officer, each.fact.decider) if who}
    acting = sorted(who for who in acted if who.startswith("per_"))
    shown = replay.people(reader, acting)
    names.learn({person: one.name for person, one in shown.items() if one.name})
    return told, names


def _person(told: Sequence[Told], person: str) -> Person:
    return Person.of(each.fact for each in told if each.record.stream == person)


def _text(text: str) -> str:
    if isinstance(text, Redacted):
        return "（已删除）" if text.why == "shredded" else "（未提供）"
    return text or "（未提供）"


def _recorded(reader: Reader, subject: Subject) -> list[tuple[Record, str]]:
    """The records of our journal that were entered for a union on these days, Beijing's."""
    assert subject.since is not None
    assert subject.until is not None
    first = _position_at(reader, subject.since)
    last = _position_at(reader, subject.until + timedelta(1))
    found: list[tuple[Record, str]] = []
    for start in range(first, last, 2_000):
        rows = reader.conn.execute(
            select(record)
            .where(
                record.c.origin == reader.ledger.origin,
                record.c.position >= start,
                record.c.position < min(start + 2_000, last),
            )
            .order_by(record.c.position)
        )
        for row in rows:
            one = as_record(row)
            header = canonical.decode(one.header)
            if header.get("union") == subject.id:
                found.append((one, header["at"]))
                if len(found) > MOST_RECORDS:
                    raise DossierTooLong(records=len(found))
    return found


def _position_at(reader: Reader, day: date) -> int:
    """The first position that was recorded on this day or later: `at` never sinks."""
    begins = datetime.combine(day, time(), BEIJING).astimezone(UTC)
    low, high = 1, read_head(reader.conn, reader.ledger.origin).frontier.size + 1
    while low < high:
        middle = (low + high) // 2
        (row,) = reader.conn.execute(
            select(record).where(
                record.c.origin == reader.ledger.origin, record.c.position == middle
            )
        )
        if instant(canonical.decode(bytes(row.header))["at"]) < begins:
            low = middle + 1
        else:
            high = middle
    return low
