"""What one grant, or one list, shows by itself (逐笔审查): its own history, and the rules of its day."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

from ledger.clock import beijing
from ledger.domain.aid import (
    AidGrant,
    AidList,
    AidListApproved,
    Duties,
    Duty,
    HoldLifted,
    Lifted,
    Payee,
    PayeeKind,
    PayeeNamed,
    PaymentMade,
    PaymentState,
    ReceiptSigned,
    Signed,
)
from ledger.domain.aiding import Cap, CapPer, KindRules, PayMode, Step
from ledger.domain.auditing import (
    DecidedAgainstRules,
    DutiesMerged,
    EmergencyUnreviewed,
    EnteredLate,
    Finding,
    GoodsUnsigned,
    NoticeCutShort,
    PaidAboveCap,
    PaidToAnother,
    PaidUnapproved,
    PaidWithoutFile,
    ReceiptMissing,
    ReturnNotReissued,
)
from ledger.domain.kernel import Fact, Late, standing
from ledger.projections.disbursement_audit.tables import Found
from ledger.projections.two_times import Known

ANOTHER = frozenset({Lifted.ANOTHER_NEED, Lifted.NOT_THE_SAME})
"""Grounds on which a person has decided that two grants are not for one need."""

_BROKEN: Mapping[str, str] = {
    rule: kind.__name__ for kind in Finding.kinds.values() for rule in kind.breaks
}
_BY_SCHEME = frozenset({"AboveTheCap", "NoticeStands"})
"""What is worked out anew wherever the scheme is known, whatever was said at the time."""


class Decided(NamedTuple):
    """When it was decided that this is given, how much, and by which record."""

    on: date
    ref: str
    amount: int


class Arrived(NamedTuple):
    """A payment that arrived."""

    on: date
    ref: str
    amount: int


class FileTime(NamedTuple):
    """A time in which a hardship file was open, as the view of files has it."""

    since: str
    until: str
    valid_until: str
    category: str


@dataclass(frozen=True)
class Listed:
    """The list that a grant is on, and the record of its approval.

    A line hangs on its list from when it is paid; before that its own facts say all.
    """

    aid_list: AidList
    approved: str | None

    @classmethod
    def of(cls, history: Sequence[Known]) -> "Listed":
        facts = [known.fact for known in history]
        folded = AidList.of(facts)
        refs = [f.ref for f in standing(facts) if isinstance(f.event, AidListApproved)]
        return cls(folded, refs[-1] if refs else None)


@dataclass(frozen=True)
class Case:
    """One grant with what judges it."""

    grant: AidGrant
    history: Sequence[Known]
    facts: Sequence[Fact]  # those that stand
    listed: Listed | None
    rules: KindRules | None
    file: Sequence[FileTime]
    own: bool  # of our own journal, where nothing is kept from us

    # ── what it says ──

    @cached_property
    def decided(self) -> Decided | None:
        approval = self.grant.approval
        if approval is not None:
            return Decided(approval.on, approval.ref, approval.amount)
        held = self.listed
        if held is not None and held.approved and held.aid_list.approved_on:
            return Decided(held.aid_list.approved_on, held.approved, self.grant.amount)
        return None

    @cached_property
    def arrived(self) -> list[Arrived]:
        """What arrived, the first first."""
        made = (Arrived(p.on, p.ref, p.amount) for p in self.grant.payments.values() if p.arrived)
        return sorted(made)

    @property
    def by_sheet(self) -> list[int]:
        """What the list's sheets handed out, one by one, whatever became of it."""
        made = [f.event for f in self.facts if isinstance(f.event, PaymentMade)]
        return [e.amount for e in made if e.sheet is not None]

    @cached_property
    def payee(self) -> Fact | None:
        """The record that named the payee, as it stands."""
        named = [fact for fact in self.facts if isinstance(fact.event, PayeeNamed)]
        return named[-1] if named else None

    @property
    def lifted(self) -> list[str]:
        """The grants that were found to be for another need, or for somebody else."""
        lifted = (f.event for f in self.facts if isinstance(f.event, HoldLifted))
        return [e.other for e in lifted if e.ground in ANOTHER]

    @cached_property
    def worth(self) -> int:
        """What it is about, in fen: paid, else decided, else asked for."""
        decided = self.decided
        return self.grant.paid or (decided.amount if decided else self.grant.amount)

    @cached_property
    def caps(self) -> list[Cap]:
        return list(_caps(self))

    @property
    def year_caps(self) -> list[str]:
        return [f"{cap.per}:{cap.most}" for cap in self.caps if cap.per != CapPer.APPLICATION]

    def category_on(self, day: date) -> str | None:
        held = _open_on(self.file, day)
        return held.category if held and held.valid_until > day.isoformat() else None


def findings(case: Case) -> Iterator[Found]:
    """What this grant shows by itself."""
    who = _merged(case)
    anew = (_BY_SCHEME if case.rules else set[str]()) | ({"OneDutyEach"} if who else set[str]())
    yield from against_rules(case.facts, case.worth, but=anew)
    yield from of_merged(who, case.facts, case.worth)
    yield from entered_late(case.history, case.facts, case.worth)
    if case.decided is None and not case.grant.payments:
        return  # whatever else there is to find begins with a decision or a payment
    yield from _unapproved(case)
    yield from _notice(case)
    yield from _above_cap(case)
    yield from _emergency(case)
    yield from _to_another(case)
    yield from _without_file(case)
    yield from _unsigned(case)
    yield from _not_reissued(case)


# ── decisions ────────────────────────────────────────────────────────────────────────────────


def against_rules(
    facts: Iterable[Fact], amount: int, *, but: Collection[str] = ()
) -> Iterator[Found]:
    """What was decided against rules that the fact itself names; `but` those looked at elsewhere."""
    for fact in facts:
        by_finding: dict[str, list[str]] = {}
        for name in fact.event.__dict__.get("findings", ()):
            if name not in but:
                rule = _BROKEN.get(name, DecidedAgainstRules.__name__)
                by_finding.setdefault(rule, []).append(name)
        for rule, names in by_finding.items():
            yield Found(rule, fact.ref, (), amount, fact.on.isoformat(), " ".join(sorted(names)))


def entered_late(
    history: Sequence[Known], facts: Iterable[Fact], amount: int
) -> Iterator[Found]:  # fmt: skip
    """Facts that stand and were entered late; a correction tells of itself."""
    stand = {fact.ref for fact in facts}
    late = [k for k in history if k.late not in (None, Late.CORRECTION) and k.fact.ref in stand]
    if late:
        refs, at = tuple(known.fact.ref for known in late), late[0].fact.at
        assert at is not None
        why = " ".join(sorted({str(known.late) for known in late}))
        since = beijing(at).date().isoformat()
        yield Found(EnteredLate.__name__, refs[0], refs, amount, since, why)


def merged(held: Sequence[Duties]) -> dict[str, set[str]]:
    """Who has more than one duty in these together, and which."""
    hands = [(duty, persons) for duties in held for duty, persons in duties.held.items()]
    if sum(len(persons) for _, persons in hands) == len({p for _, some in hands for p in some}):
        return {}  # nearly always: nobody stands there twice
    found: dict[str, set[str]] = {}
    for duty, persons in hands:
        for person in persons:
            if person.startswith("per_"):
                found.setdefault(person, set()).add(duty)
    return {person: duties for person, duties in found.items() if len(duties) > 1}


def of_merged(who: Mapping[str, set[str]], facts: Sequence[Fact], amount: int) -> Iterator[Found]:
    """Who had two duties, with the records in which they did."""
    theirs = [f for f in facts if f.decider in who or f.event.__dict__.get("acting_for") in who]
    if who:
        cited = theirs or list(facts[:1])  # of aid in the past only the names are on record
        refs = tuple(fact.ref for fact in cited)
        duties = " ".join(sorted({duty for each in who.values() for duty in each}))
        since = cited[-1].on.isoformat()
        yield Found(DutiesMerged.__name__, refs[-1], refs, amount, since, duties)


def _merged(case: Case) -> dict[str, set[str]]:
    """Who had more than one duty in this grant, its list's decisions among them."""
    who = merged([case.grant.duties])
    if case.listed is not None:
        # Who paid by which sheet is the list's own finding: a line is not judged by another's sheet.
        listed = _but_payers(case.listed.aid_list.duties)
        both = merged([_but_payers(case.grant.duties), listed])
        alone = merged([listed])
        who.update((p, duties) for p, duties in both.items() if p not in alone and p not in who)
    return who


def _but_payers(duties: Duties) -> Duties:
    rest = Duties()
    rest.held = {duty: held for duty, held in duties.held.items() if duty is not Duty.PAYER}
    return rest


def _unapproved(case: Case) -> Iterator[Found]:
    past, decided = case.grant.past, case.decided
    if past is not None:
        if past.approver is None:
            yield from (_paid(PaidUnapproved, one) for one in case.arrived)
        return
    if decided is None and case.grant.aid_list is not None and not case.own:
        return  # the list is the partner's, and its approval perhaps not shown to us
    for one in case.arrived:
        if decided is None or decided.on > one.on:
            yield _paid(PaidUnapproved, one)


def _notice(case: Case) -> Iterator[Found]:
    grant, rules = case.grant, case.rules
    wanted = rules is not None and Step.NOTICE in rules.steps and not grant.emergency
    acted = [(d.on, d.ref) for d in (case.decided, *case.arrived[:1]) if d is not None]
    if not wanted or not acted:
        return
    ends = max((notice.until for notice in grant.hanging), default=None)
    on, ref = min(acted)
    if ends is None or on <= ends:
        cites = tuple(notice.ref for notice in grant.notices)
        until = ends.isoformat() if ends else ""
        yield Found(NoticeCutShort.__name__, ref, cites, case.worth, on.isoformat(), until)


def _caps(case: Case) -> Iterator[Cap]:
    """The caps that hold for it: those of its category on the day of the decision."""
    if case.rules is None:
        return
    decided, arrived = case.decided, case.arrived
    day = decided.on if decided else arrived[0].on if arrived else case.grant.applied_on
    category = case.category_on(day) if day else None
    for cap in case.rules.caps:
        if cap.category is None or cap.category == category:
            yield cap


def _above_cap(case: Case) -> Iterator[Found]:
    acted = case.decided or (case.arrived[0] if case.arrived else None)
    if acted is None:
        return
    amount = case.grant.granted
    for cap in case.caps:
        if cap.per is CapPer.APPLICATION and amount > cap.most:
            yield Found(
                PaidAboveCap.__name__, acted.ref, (), amount - cap.most, acted.on.isoformat(),
                f"{cap.per} {cap.most}",
            )  # fmt: skip


def _emergency(case: Case) -> Iterator[Found]:
    approval = case.grant.approval
    if approval is not None and approval.review_by is not None and case.grant.review_due:
        since = _after(approval.review_by, 0)
        yield Found(EmergencyUnreviewed.__name__, approval.ref, (), approval.amount, since)


# ── payments ─────────────────────────────────────────────────────────────────────────────────


def _to_another(case: Case) -> Iterator[Found]:
    payee, named = case.grant.payee, case.payee
    arrived = case.arrived
    if payee is not None and named is not None and arrived and _is_another(payee, case.grant):
        refs = tuple(one.ref for one in arrived)
        since = arrived[0].on.isoformat()
        yield Found(PaidToAnother.__name__, named.ref, refs, case.worth, since, payee.kind)
    for fact in case.facts:
        e = fact.event
        if isinstance(e, ReceiptSigned) and e.how is not Signed.SELF and not e.paper:
            paid = case.grant.payments.get(e.payment)
            amount, cites = (paid.amount, (paid.ref,)) if paid else (0, ())
            yield Found(PaidToAnother.__name__, fact.ref, cites, amount, fact.on.isoformat(), e.how)


def _is_another(payee: Payee, grant: AidGrant) -> bool:
    herself = payee.kind is PayeeKind.APPLICANT and payee.person in (None, grant.person)
    return not herself and not payee.paper


def _without_file(case: Case) -> Iterator[Found]:
    rules, file = case.rules, case.grant.file
    if rules is None or not (Step.FILE in rules.steps or rules.categories):
        return
    if file is not None and not case.file and not case.own:
        return  # the file is the partner's, and not shown to us
    for one in case.arrived:
        if _open_on(case.file, one.on) is None:
            yield _paid(PaidWithoutFile, one)


def _open_on(file: Sequence[FileTime], day: date) -> FileTime | None:
    on = day.isoformat()
    return next((each for each in file if each.since <= on < each.until), None)


def _unsigned(case: Case) -> Iterator[Found]:
    grant = case.grant
    if grant.taken_back >= grant.paid:
        return
    for one in grant.unsigned():
        # Of what was paid before there was this book nobody waits for a paper any more.
        past = grant.past is not None and one.number == 1
        since = one.on.isoformat() if past else _after(one.on, _receipt_days(case))
        yield Found(_receipt(one.mode).__name__, one.ref, (), one.amount, since)


def _receipt(mode: PayMode) -> type[Finding]:
    return GoodsUnsigned if mode is PayMode.GOODS else ReceiptMissing


def _not_reissued(case: Case) -> Iterator[Found]:
    grant = case.grant
    if grant.ended is not None or grant.lost_payment is None:
        return
    for one in grant.payments.values():
        lost = one.state in (PaymentState.FAILED, PaymentState.RETURNED)
        if lost and one.number not in grant.reissued:
            since = _after(one.on, _receipt_days(case))
            yield Found(ReturnNotReissued.__name__, one.ref, (), one.amount, since)


def _receipt_days(case: Case) -> int:
    return case.rules.receipt_days if case.rules else KindRules.receipt_days


def _after(on: date, days: int) -> str:
    """The day after so many days."""
    return (on + timedelta(days + 1)).isoformat()


def _paid(rule: type[Finding], one: Arrived) -> Found:
    return Found(rule.__name__, one.ref, (), one.amount, one.on.isoformat())
