"""Every paid amount derived again (发放重算): from the rules, evidence and approvals of its day.

For each payment of our own journal: what stood on record when it was recorded, judged by the law
itself; what was due by that, to the fen; what the fund paid; and where they are not the same. What
was learned later plays no part, save that a corrected payment is told with its corrected amount.
Read page by page, so that a million payments take time and no memory.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import TypeVar

from sqlalchemy import func, select

from ledger.book import Reader
from ledger.clock import beijing
from ledger.domain.aid import (
    AidApproved,
    AidGrant,
    AidList,
    Payment,
    SheetPaid,
)
from ledger.domain.aiding import CapPer, KindRules
from ledger.domain.auditing import Mismatch
from ledger.domain.hardship import HardshipFile
from ledger.domain.ids import UnionId
from ledger.domain.kernel import Act, Aggregate, Code, Decision, Fact, Fen, Refused, standing
from ledger.domain.schemes import NoRuleForThis, Scheme
from ledger.domain.services import CostRecorded
from ledger.journal.tables import paying, record
from ledger.projections import fund_statements, grants, worker_files
from ledger.projections.posting import live
from ledger.projections.two_times import UNCHANGED
from ledger.replay.told import Told, gather_streams

A = TypeVar("A", bound=Aggregate)

PAGE = 500
"""How many payments are derived at a time."""


@dataclass(frozen=True)
class Derived:
    """One payment: what was paid, what was due by all that was known, and what the fund paid.

    `subject` is a grant, a list with the number of a signing sheet, or a service with that of a
    cost line. Amounts in fen.
    """

    subject: str
    number: int
    ref: str
    on: date
    union: UnionId | None
    paid: Fen
    due: Fen
    drawn: Fen | None  # none where the sheet's own record tells what the fund paid
    why: tuple[Mismatch, ...] = ()
    rules: tuple[str, ...] = ()  # that the approval did not keep

    @property
    def matches(self) -> bool:
        return self.paid == self.due and self.drawn in (None, self.paid) and not self.why


def derive(
    reader: Reader, *, after: int = 0, tell: Callable[[int, int], None] = lambda _, __: None,
    step: int = PAGE,
) -> Iterator[Derived]:  # fmt: skip
    """Derives every payment recorded after a position, in the order of the journal.

    `tell(done, total)` is told how far it has come, in positions; `step` payments are read at once.
    """
    own = record.c.origin == reader.ledger.origin
    size = reader.conn.execute(select(func.max(record.c.position)).where(own)).scalar() or 0
    shared = _Shared(reader)
    position = after
    while True:
        rows = reader.conn.execute(
            select(record.c.position, record.c.stream)
            .where(own, paying, record.c.position > position)
            .order_by(record.c.position)
            .limit(step)
        ).all()
        if not rows:
            tell(size, size)
            return
        position = int(rows[-1][0])
        yield from _page(shared, [(int(at), str(stream)) for at, stream in rows])
        tell(position, size)


def _page(shared: "_Shared", places: Sequence[tuple[int, str]]) -> Iterator[Derived]:
    told = _by_stream(shared.reader, {stream for _, stream in places})
    drawn = _drawn(shared.reader, list(told))
    for position, stream in places:
        history = told[stream]
        fact = next(each.fact for each in history if each.place == (shared.own, position))
        if fact.corrects is not None:
            continue  # it stands in the place of a payment that is told itself
        if isinstance(fact.event, CostRecorded):
            yield from _cost(history, fact, fact.event, drawn)
        elif isinstance(fact.event, SheetPaid):
            yield _sheet(history, fact, drawn)
        else:
            yield _payment(shared, history, fact, drawn)


def _by_stream(reader: Reader, streams: set[str]) -> dict[str, list[Told]]:
    every = sorted(gather_streams(reader, streams, None), key=lambda one: one.record.stream)
    return {
        stream: list(some) for stream, some in groupby(every, key=lambda one: one.record.stream)
    }


def _drawn(reader: Reader, things: Sequence[str]) -> dict[tuple[str, int], int]:
    """What the funds paid for each payment of these grants and lists, as it stands."""
    line = fund_statements.fund_line.c
    rows = reader.conn.execute(
        select(line.grant, line.payment, func.sum(line.drawn))
        .where(
            line.generation == live(reader.conn, reader.ledger.origin, fund_statements.NAME),
            line.known_to == UNCHANGED,
            line.grant.in_(things),
            line.drawn != 0,
        )
        .group_by(line.grant, line.payment)
    )
    return {(grant, payment): int(amount) for grant, payment, amount in rows}


# ── what was known ───────────────────────────────────────────────────────────────────────────


def _before(told: Sequence[Told], position: int) -> list[Fact]:
    """The facts that were known before a record of ours."""
    return [each.fact for each in told if each.seq < position]


class _Shared:
    """What many payments have in common, read once: lists, schemes, files, lines of unions."""

    KEPT = 2000

    def __init__(self, reader: Reader) -> None:
        self.reader, self.own = reader, reader.ledger.origin
        self._told: dict[str, list[Told]] = {}
        self._above: dict[UnionId, list[UnionId]] = {}

    def at(self, cls: type[A], stream: str, position: int) -> A:
        """A thing as it was known before a record of ours."""
        if stream not in self._told:
            if len(self._told) >= self.KEPT:
                self._told = {}
            self._told[stream] = gather_streams(self.reader, [stream], None)
        return cls.of(_before(self._told[stream], position))

    def above(self, rules: KindRules) -> dict[UnionId, list[UnionId]]:
        for level in rules.levels:
            if level.approver not in self._above:
                self._above[level.approver] = self.reader.line(level.approver)
        return {level.approver: self._above[level.approver] for level in rules.levels}


# ── one payment ──────────────────────────────────────────────────────────────────────────────


def _payment(
    shared: _Shared, told: Sequence[Told], fact: Fact, drawn: Mapping[tuple[str, int], int]
) -> Derived:
    grant = AidGrant.of(_before(told, fact.position))
    now = AidGrant.of(each.fact for each in told)
    number: int = fact.event.__dict__.get("payment", 1)
    stands = now.payments.get(number)
    name = told[0].record.stream
    if now.past is not None or grant.id is None:
        due, why, rules = _past(now)
    elif grant.aid_list is not None:
        due, why, rules = _line(shared, grant, fact.position)
    else:
        due, why, rules = _approved(shared, told, grant, number, fact.position)
    paid, out = Fen(stands.amount if stands else 0), drawn.get((name, number), 0)
    if stands is None:
        due = Fen(0)  # annulled: nothing is due, and nothing may have been paid
    if stands is None or stands.amount != fact.event.__dict__["amount"]:
        why = (*why, Mismatch.CORRECTED_SINCE)
    elif paid != due and not why:
        why = (Mismatch.NOT_AS_INSTRUCTED,)
    if grant.aid_list is None and out != paid:
        why = (*why, Mismatch.DRAWN_OTHERWISE)
    if stands is None and not out:
        why = ()
    return Derived(
        name, number, fact.ref, fact.on, now.union or grant.union, paid, due,
        None if grant.aid_list is not None else Fen(out), why, rules,
    )  # fmt: skip


_Due = tuple[Fen, tuple[Mismatch, ...], tuple[str, ...]]


def _past(grant: AidGrant) -> _Due:
    """Paid before there was this book: due is what its paper says, if anybody approved it."""
    past = grant.past
    if past is None or past.approver is None:
        return Fen(0), (Mismatch.NOT_APPROVED,), ()
    against = (Mismatch.AGAINST_RULES,) if past.findings else ()
    return past.amount, against, past.findings


def _line(shared: _Shared, grant: AidGrant, position: int) -> _Due:
    """On a list: each is due the list's amount, once, if the list was approved as it stood."""
    assert grant.aid_list is not None
    listed = shared.at(AidList, grant.aid_list, position)
    if listed.approved is None or listed.approved.content != listed.content or grant.ended:
        return Fen(0), (Mismatch.NOT_APPROVED,), ()
    if grant.paid:
        return Fen(0), (Mismatch.BEYOND_APPROVAL,), ()
    most = _most_each(shared, listed, position)
    if most is not None and listed.each > most:
        return Fen(most), (Mismatch.ABOVE_CAP,), ("AboveTheCap",)
    against = (Mismatch.AGAINST_RULES,) if listed.approved.findings else ()
    return listed.each, against, listed.approved.findings


def _most_each(shared: _Shared, listed: AidList, position: int) -> int | None:
    if listed.scheme is None or listed.kind is None or listed.drawn_on is None:
        return None
    try:
        _, rules = shared.at(Scheme, listed.scheme, position).rules(
            listed.kind, listed.drawn_on, listed.approved_on or listed.drawn_on
        )
    except NoRuleForThis:
        return None
    caps = (cap for cap in rules.caps if cap.per is CapPer.APPLICATION and not cap.category)
    return min((cap.most for cap in caps), default=None)


def _approved(
    shared: _Shared, told: Sequence[Told], grant: AidGrant, number: int, position: int
) -> _Due:
    """Approved by itself: what the law allows of it that day, less what was already on its way."""
    approval = grant.approval
    decided = next(
        (each for each in told if approval is not None and each.ref == approval.ref), None
    )
    if approval is None or decided is None or approval.content != grant.content:
        return Fen(0), (Mismatch.NOT_APPROVED,), ()
    allowed, why, rules = _allowed(shared, told, decided)
    instructed = grant.payments.get(number)
    sent = instructed.amount if instructed else Fen(0)
    left = allowed - grant.paid - _under_way(grant, instructed)
    if instructed is None:
        return Fen(max(0, left)), (*why, Mismatch.NOT_AS_INSTRUCTED), rules
    if sent > left and not why:
        why = (Mismatch.BEYOND_APPROVAL,)
    return Fen(max(0, min(sent, left))), why, rules


def _under_way(grant: AidGrant, but: Payment | None) -> int:
    return grant.under_way - (but.amount if but is not None else 0)


def _allowed(shared: _Shared, told: Sequence[Told], decided: Told) -> _Due:
    """What the law allows of an approval: it is put to the law once more, as it was known then."""
    # A corrected approval is judged as of the day of the one in whose place it stands.
    first = next(each for each in told if each.rank == decided.rank)
    fact, position = first.fact, first.seq
    stands = decided.fact.event
    assert isinstance(stands, AidApproved)
    asked = AidGrant.of(_before(told, position))
    rules = _rules(shared, asked, fact, position)
    if rules is None:
        return Fen(0), (Mismatch.NO_RULES,), ()
    already = _already(shared, asked, rules, first)
    category = _category(shared, asked, decided.fact, position)
    act = replace(_on_paper(fact), on=decided.fact.on)
    if decided.fact.decided_by is not None:
        act = replace(act, decided_by=decided.fact.decided_by)
    try:
        again = asked.approve(
            act, asked.content, rules=rules, fund=stands.fund, already=already,
            category=category, above=shared.above(rules), minutes=stands.minutes,
        )  # fmt: skip
    except Refused as rule:
        return Fen(0), (Mismatch.NOT_APPROVED,), (type(rule).__name__,)
    against = tuple(name for name in again.findings if name != "AboveTheCap")
    if against:
        return Fen(0), (Mismatch.AGAINST_RULES,), again.findings
    if again.findings:
        most = min(
            cap.most - already.get(cap.per, 0)
            for cap in rules.caps
            if cap.category in (None, category)
        )
        return Fen(max(0, most)), (Mismatch.ABOVE_CAP,), again.findings
    if again.amount != stands.amount:
        return again.amount, (Mismatch.AGAINST_RULES,), ("ContentChanged",)
    return again.amount, (), ()


def _on_paper(fact: Fact) -> Act:
    """The act of a decision as one that was taken already: broken rules are named, not refused."""
    assert fact.office is not None
    assert fact.union is not None
    assert fact.officer is not None
    decided = fact.decided_by or Decision(fact.officer, fact.office)
    return Act(fact.officer, fact.union, fact.office, fact.on, _day(fact), decided)


def _day(fact: Fact) -> date:
    """The day on which a fact was recorded."""
    assert fact.at is not None
    return beijing(fact.at).date()


def _rules(shared: _Shared, grant: AidGrant, fact: Fact, position: int) -> KindRules | None:
    """Those that judged the application on the day of its approval."""
    if grant.scheme is None or grant.kind is None or grant.applied_on is None:
        return None
    try:
        scheme = shared.at(Scheme, grant.scheme, position)
        return scheme.rules(grant.kind, grant.applied_on, _day(fact))[1]
    except NoRuleForThis:
        return None


def _category(shared: _Shared, grant: AidGrant, fact: Fact, position: int) -> Code | None:
    if grant.file is None:
        return None
    file = shared.at(HardshipFile, grant.file, position)
    held = file.category_on(fact.on)
    return Code(held) if held is not None and file.valid_on(fact.on) else None


def _already(
    shared: _Shared, grant: AidGrant, rules: KindRules, decided: Told
) -> dict[CapPer, Fen]:
    """What was granted beside it in its year, to whom was one person or household, as known then."""
    if all(cap.per is CapPer.APPLICATION for cap in rules.caps):
        return {}
    assert grant.kind is not None
    assert grant.applied_on is not None
    conn, own = shared.reader.conn, shared.own
    there = [each for each in (grant.person, grant.beneficiary) if each is not None]
    same = worker_files.identities(conn, own, there, decided.fact.at)
    asked: dict[CapPer, grants.Whose] = {}
    if grant.person is not None:
        asked[CapPer.PERSON_YEAR] = grants.Whose(persons=same[grant.person])
    if grant.beneficiary is not None:
        asked[CapPer.CHILD_YEAR] = grants.Whose(beneficiaries=same[grant.beneficiary])
    if grant.household is not None:
        asked[CapPer.HOUSEHOLD_YEAR] = grants.Whose(household=grant.household)
    found: dict[CapPer, Fen] = {}
    for per, whose in asked.items():
        names = grants.counted_together(conn, own, grant.kind, whose)
        others = [shared.at(AidGrant, name, decided.seq) for name in names if name != grant.id]
        found[per] = Fen(
            sum(
                each.granted
                for each in others
                if each.applied_on is not None and each.applied_on.year == grant.applied_on.year
            )
        )
    return found


# ── one cost of a service ────────────────────────────────────────────────────────────────────


def _cost(
    told: Sequence[Told], fact: Fact, cost: CostRecorded, drawn: Mapping[tuple[str, int], int]
) -> Iterator[Derived]:
    """A cost line that a fund paid: what stands of it, and what the fund paid for it."""
    stands = next(
        (
            each.event
            for each in standing(one.fact for one in told)
            if isinstance(each.event, CostRecorded) and each.event.number == cost.number
        ),
        None,
    )
    funded = stands is not None and stands.fund is not None
    out = drawn.get((cost.activity, cost.number), 0)
    if funded or out:
        due = Fen(stands.amount if stands and funded else 0)
        why = () if out == due else (Mismatch.DRAWN_OTHERWISE,)
        name = told[0].record.stream
        yield Derived(name, cost.number, fact.ref, fact.on, cost.union, due, due, Fen(out), why)


# ── one sheet ────────────────────────────────────────────────────────────────────────────────


def _sheet(told: Sequence[Told], fact: Fact, drawn: Mapping[tuple[str, int], int]) -> Derived:
    """A signing sheet: so many times the list's amount, as the fund paid it."""
    assert isinstance(fact.event, SheetPaid)
    listed = AidList.of(_before(told, fact.position))
    now = AidList.of(each.fact for each in told)
    stands = next((e for e in now.handed_out if e.sheet == fact.event.sheet), None)
    name, number = told[0].record.stream, fact.event.sheet
    paid, out = Fen(stands.total if stands else 0), drawn.get((name, number), 0)
    why: tuple[Mismatch, ...] = ()
    due = Fen(stands.count * listed.each if stands else 0)
    approved = listed.approved
    if approved is None:
        due, why = Fen(0), (Mismatch.NOT_APPROVED,)
    elif listed.paid + (fact.event.count - fact.event.again) * listed.each > approved.total:
        why = (Mismatch.BEYOND_APPROVAL,)
    if stands is None or stands != fact.event:
        why = (*why, Mismatch.CORRECTED_SINCE)
    if out != paid:
        why = (*why, Mismatch.DRAWN_OTHERWISE)
    return Derived(name, number, fact.ref, fact.on, now.union, paid, due, Fen(out), why)
