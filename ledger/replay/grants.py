"""One grant (一笔救助): as at a date, as known on a date, step by step, and on the day of a payment.

A grant that stands on a list is told together with the list's own records: its review, its
approval and its signing sheets are the list's.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeVar

from ledger.book import NotFound, Reader
from ledger.clock import beijing
from ledger.domain.aid import (
    AidApproved,
    AidGrant,
    AidList,
    AidListApproved,
    AidListDrawnUp,
    Duty,
    Failure,
    Goods,
    MoneyTakenBack,
    Notice,
    NoticePosted,
    ObjectionAnswered,
    ObjectionRaised,
    PastAidRecorded,
    PayeeKind,
    PayeeNamed,
    PaymentFailed,
    PaymentInstructed,
    PaymentMade,
    PaymentReturned,
    PaymentState,
    Signed,
    Stage,
    TakeBackOrdered,
    TakenBackFor,
)
from ledger.domain.aiding import AidKind, PayMode, Step
from ledger.domain.ids import AidListId, FundId, GrantId, PersonId, SchemeId, UnionId
from ledger.domain.kernel import Basis, Event, Fen, Office
from ledger.domain.money import capitals, in_wan, yuan
from ledger.domain.schemes import NoRuleForThis, Scheme
from ledger.journal.record import instant
from ledger.projections import grants
from ledger.replay.moments import Difference, differences
from ledger.replay.people import Shown, people
from ledger.replay.told import (
    KnownOn,
    Lane,
    Line,
    Names,
    Told,
    effective,
    gather_streams,
    lines,
)
from ledger.replay.words import word

E = TypeVar("E", bound=Event)


# ── what a file shows ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Amount:
    """An amount (金额) as people read and check it."""

    fen: Fen
    yuan: str
    capitals: str  # 大写

    @classmethod
    def of(cls, fen: int) -> "Amount":
        return cls(Fen(fen), yuan(fen), capitals(fen))

    @property
    def wan(self) -> str:
        """In ten thousands of yuan, as reports print a total; empty below one of them."""
        return in_wan(self.fen) if abs(self.fen) >= 10_000_00 else ""


@dataclass(frozen=True)
class StepNow:
    """One step of the scheme (程序), and since when it is done."""

    step: Step
    later: bool  # may follow the payment
    done_on: date | None


@dataclass(frozen=True)
class NoticeNow:
    """One notice (公示)."""

    number: str
    since: date
    until: date  # included
    place: str
    basis: Basis
    ref: str
    runs: bool
    taken_down: date | None  # before its end, the consent to it withdrawn


@dataclass(frozen=True)
class ObjectionNow:
    """One objection (异议) with its answer."""

    number: int
    on: date
    said: str
    answered_on: date | None
    upheld: bool | None
    answer: str


@dataclass(frozen=True)
class PayeeNow:
    """To whom it is paid (收款人), as last named."""

    number: int
    kind: PayeeKind
    person: PersonId | None
    name: str
    paper: str | None
    holder: str
    bank: str
    account: str  # its last four digits, for whom the whole is not


@dataclass(frozen=True)
class ApprovalNow:
    """What was approved (审批), of exactly which content."""

    amount: Amount
    fund: FundId
    content: str
    minutes: str | None
    review_by: date | None
    on: date
    by: str
    by_name: str
    union: UnionId | None
    union_name: str
    ref: str
    findings: tuple[str, ...]


@dataclass(frozen=True)
class PaymentNow:
    """One payment (付款): what was sent, what became of it, who signed for it."""

    number: int
    amount: Amount
    mode: PayMode
    state: PaymentState
    on: date
    recorded: date | None  # the Beijing day on which it was recorded as made
    voucher: str | None
    instead_of: int | None
    failed: Failure | None
    signed: Signed | None
    signed_on: date | None
    collector: PersonId | None
    collector_name: str
    goods: tuple[Goods, ...]
    sheet: AidListId | None
    ref: str


@dataclass(frozen=True)
class TakeBack:
    """Money ordered back, or come back (追回)."""

    on: date
    amount: Amount
    why: TakenBackFor | None  # none: it came back
    voucher: str | None
    ref: str


class Who(NamedTuple):
    """Somebody who had a duty, or a committee that had."""

    id: str
    name: str


@dataclass(frozen=True)
class GrantNow:
    """How a grant stands on a day, by the facts that are known."""

    on: date
    stage: Stage | None  # None: nothing had happened yet
    turn: Office | None  # whose turn it is
    since: date | None
    amount: Amount
    approved: Amount
    under_way: Amount
    paid: Amount
    to_take_back: Amount
    taken_back: Amount
    content: str  # what an approval would be of
    voided: bool
    steps: tuple[StepNow, ...]
    notices: tuple[NoticeNow, ...]
    objections: tuple[ObjectionNow, ...]
    held: tuple[str, ...]  # the grants for which this one waits
    payee: PayeeNow | None
    renamed: bool  # the payee, on a list that was handed out: it waits for a second look
    approval: ApprovalNow | None
    review_due: date | None  # of an emergency
    payments: tuple[PaymentNow, ...]
    take_backs: tuple[TakeBack, ...]
    duties: dict[Duty, tuple[Who, ...]]
    merged: tuple[Who, ...]  # who has more than one duty: a finding


class GrantStep(NamedTuple):
    """One record, and how the grant stood after it."""

    line: Line
    state: GrantNow


@dataclass(frozen=True)
class GrantFile:
    """One grant as at a date, as known on a date."""

    grant: GrantId
    as_of: date | None
    known_on: KnownOn
    origin: str
    union: UnionId
    union_name: str
    kind: AidKind
    need: str
    emergency: bool
    past: bool  # paid on paper, before it was in this book
    person: PersonId
    person_name: str
    beneficiary: PersonId
    beneficiary_name: str
    applied_on: date | None
    scheme: SchemeId | None
    scheme_title: str
    version: int
    aid_list: AidListId | None
    list_title: str
    lanes: tuple[Lane, ...]
    lines: tuple[Line, ...]
    state: GrantNow
    shown: Shown | None  # the applicant, as a list shows her

    @property
    def historical(self) -> bool:
        return self.as_of is not None or self.known_on is not None


@dataclass(frozen=True)
class GrantBetween:
    """What changed of a grant between two moments."""

    before: GrantFile
    after: GrantFile
    lines: tuple[Difference, ...]
    changes: tuple[tuple[str, str, str], ...]  # what, then, now


# ── asking ───────────────────────────────────────────────────────────────────────────────────


def grant(
    reader: Reader, name: str, *, as_of: date | None = None, known_on: KnownOn = None,
    mask: bool = True, accounts: bool = False,
) -> GrantFile:  # fmt: skip
    """One grant. Names are open where the reader was opened by `Ledger.looking`.

    `accounts`: whole account numbers, for who pays; else their last four digits.

    Raises: NotFound, also where nothing of it was known by then.
    """
    return _Case(reader, name, known_on, mask=mask, accounts=accounts).file(as_of)


def grant_steps(
    reader: Reader, name: str, *, as_of: date | None = None, known_on: KnownOn = None,
    as_known: bool = False, mask: bool = True, accounts: bool = False,
) -> list[GrantStep]:  # fmt: skip
    """Record by record, with the state after each: as the facts took effect, or (`as_known`) as
    they became known here. Raises: NotFound.
    """
    return _Case(reader, name, known_on, mask=mask, accounts=accounts).steps(as_of, as_known)


def grant_between(
    reader: Reader, name: str, before: tuple[date | None, KnownOn],
    after: tuple[date | None, KnownOn], *, mask: bool = True, accounts: bool = False,
) -> GrantBetween:  # fmt: skip
    """What changed between two moments, each (as at, as known on). Raises: NotFound."""
    then = grant(reader, name, as_of=before[0], known_on=before[1], mask=mask, accounts=accounts)
    now = grant(reader, name, as_of=after[0], known_on=after[1], mask=mask, accounts=accounts)
    return GrantBetween(then, now, tuple(differences(then, now)), tuple(_changes(then, now)))


def payment_day(reader: Reader, name: str, payment: int) -> date:
    """The day on which a payment was known here: what was known then is what it was paid on.

    Raises: NotFound where no such payment was made.
    """
    for each in gather_streams(reader, [name], None):
        e = each.fact.event
        made = isinstance(e, PaymentMade) and e.payment == payment
        if made or (isinstance(e, PastAidRecorded) and payment == 1):
            return beijing(instant(each.known)).date()
    raise NotFound(f"{name} payment {payment}")


# ── folding ──────────────────────────────────────────────────────────────────────────────────


class _Case:
    """All that is known of one grant, and of the list that it stands on."""

    def __init__(
        self, reader: Reader, name: str, known_on: KnownOn, *, mask: bool, accounts: bool
    ) -> None:
        self._reader, self._name, self._known_on = reader, GrantId(name), known_on
        self._accounts = accounts
        own = gather_streams(reader, [name], known_on)
        whole = AidGrant.of(each.fact for each in _known(own))
        if whole.id is None or whole.person is None or whole.union is None or whole.kind is None:
            raise NotFound(name)
        self._begun = whole
        self.told = own
        if whole.aid_list is not None:
            self.told = gather_streams(reader, [name, whole.aid_list], known_on)
        self._names = Names(reader, self.told, known_on)
        self._shown: dict[PersonId, Shown] = {}
        if reader.look is not None:
            self._shown = people(reader, self._persons(), mask=mask)
            self._names.learn({p: one.name for p, one in self._shown.items() if one.name})
        self._mask = mask
        self._scheme = Scheme()
        if whole.scheme is not None:
            known = gather_streams(reader, [whole.scheme], known_on)
            self._scheme = Scheme.of(each.fact for each in known)

    def _persons(self) -> set[str]:
        """Everybody whom the page names: of the fields that are persons, and who decided."""
        found = {each.fact.decider or "" for each in self.told}
        for each in self.told:
            found.update(v for v in each.fact.event.__dict__.values() if isinstance(v, str))
        return {one for one in found if one.startswith("per_")}

    def file(self, as_of: date | None) -> GrantFile:
        own = self._reader.ledger.origin
        day = as_of or self._reader.ledger.today
        standing = effective(self.told, as_of)
        one = AidGrant.of(each.fact for each in _of(standing, self._name))
        if one.id is None:
            one = self._begun  # not applied for yet: what it became says whose page this is
        assert one.person is not None
        assert one.union is not None
        assert one.kind is not None
        used = {each.record.origin for each in self.told}
        shown = lines(self.told, self._names, own, as_of, mask=self._mask)
        latest = self._scheme.latest
        drawn = [e for _, e in _every(self.told, AidListDrawnUp)]
        aided = one.beneficiary or one.person
        return GrantFile(
            self._name, as_of, self._known_on, one.origin, one.union,
            self._names.union(one.union, day), one.kind, one.need, one.emergency,
            one.past is not None, one.person, self._names.person(one.person), aided,
            self._names.person(aided), one.applied_on, one.scheme, latest.title if latest else "",
            one.rules_version, one.aid_list, drawn[0].title if drawn else "",
            tuple(lane for lane in self._names.lanes if lane.origin in used),
            tuple(shown), self.state(standing, day), self._shown.get(one.person),
        )  # fmt: skip

    def steps(self, as_of: date | None, as_known: bool) -> list[GrantStep]:
        own = self._reader.ledger.origin
        shown = lines(self.told, self._names, own, as_of, mask=self._mask)
        by_ref = {line.ref: line for line in shown}
        found: list[GrantStep] = []
        standing = self.told if as_known else effective(self.told, as_of)
        for at, each in enumerate(standing, 1):
            line = by_ref.get(each.ref)
            if line is None:
                continue
            if as_known:
                day = as_of or beijing(instant(each.known)).date()
                found.append(GrantStep(line, self.state(effective(standing[:at], day), day)))
            else:
                found.append(GrantStep(line, self.state(standing[:at], each.fact.on)))
        return found

    # ── how it stands ──

    def state(self, standing: Sequence[Told], day: date) -> GrantNow:
        """How it stands after these facts, on that day."""
        known = _known(standing)
        mine = _of(known, self._name)
        one = AidGrant.of(each.fact for each in mine)
        held = AidList.of(each.fact for each in _of(known, one.aid_list or ""))
        stage = None if one.id is None else one.stage
        if stage is Stage.APPLIED and one.on_notice(day):
            stage = Stage.ON_NOTICE
        approval = self._approval(known, one)
        return GrantNow(
            day, stage, grants.turn(one) if one.id else None,
            max((each.fact.on for each in mine), default=None), Amount.of(one.amount),
            Amount.of(approval.amount.fen if approval else 0), Amount.of(one.under_way),
            Amount.of(one.paid), Amount.of(one.to_take_back), Amount.of(one.taken_back),
            one.content if one.id else "", one.voided, tuple(self._program(one, day)),
            tuple(_notices(mine, one.notices, day)), tuple(_objections(mine)),
            tuple(sorted(one.held)), self._payee(mine, one), one.renamed, approval,
            one.approval.review_by if one.approval and one.review_due else None,
            tuple(self._payments(mine, one)), tuple(_take_backs(mine)),
            {duty: tuple(self._who(p) for p in sorted(persons))
             for duty, persons in _duties(one, held).items()},
            tuple(self._who(person) for person in _merged(_duties(one, held))),
        )  # fmt: skip

    def _who(self, who: str) -> Who:
        if who.startswith("uni_"):
            return Who(who, self._names.union(who))
        return Who(who, self._names.person(who))

    def _program(self, one: AidGrant, day: date) -> Iterator[StepNow]:
        if one.kind is None or one.applied_on is None:
            return
        try:
            rules = self._scheme.rules(one.kind, one.applied_on, day)[1]
        except NoRuleForThis:  # paid before there was a scheme, or not known here
            yield from (StepNow(step, False, on) for step, on in one.steps.items())
            return
        for step in rules.steps:
            minutes = step is Step.MINUTES and one.approval is not None
            done = one.approval.on if minutes and one.approval else one.steps.get(step)
            yield StepNow(step, False, done)
        yield from (StepNow(step, True, one.steps.get(step)) for step in rules.later)

    def _payee(self, told: Sequence[Told], one: AidGrant) -> PayeeNow | None:
        if one.payee is None:
            return None
        (e, *_) = [e for _, e in _every(told, PayeeNamed) if e.naming == one.payee.number]
        account = str(e.account)
        if not self._accounts and account:
            account = f"…{account[-4:]}"
        person = one.payee.person
        return PayeeNow(
            e.naming, e.kind, person, self._names.person(person) if person else "", e.paper,
            str(e.holder), str(e.bank), account,
        )  # fmt: skip

    def _approval(self, told: Sequence[Told], one: AidGrant) -> ApprovalNow | None:
        for each in reversed(told):
            e, fact = each.fact.event, each.fact
            single = isinstance(e, AidApproved) and one.approval and fact.ref == one.approval.ref
            if not single and not (isinstance(e, AidListApproved) and e.aid_list == one.aid_list):
                continue
            assert isinstance(e, AidApproved | AidListApproved)
            amount = e.amount if isinstance(e, AidApproved) else one.amount
            by = fact.decider or ""
            return ApprovalNow(
                Amount.of(amount), e.fund, e.content, e.minutes,
                e.review_by if isinstance(e, AidApproved) else None, fact.on, by,
                self._who(by).name, fact.union, self._names.union(fact.union, fact.on), each.ref,
                _found(e),
            )  # fmt: skip
        return None

    def _payments(self, told: Sequence[Told], one: AidGrant) -> Iterator[PaymentNow]:
        made: dict[int, tuple[Told, PaymentMade | PastAidRecorded]] = {}
        made.update((1, past) for past in _every(told, PastAidRecorded))
        made |= {e.payment: (each, e) for each, e in _every(told, PaymentMade)}
        sent = {e.payment: e.goods for _, e in _every(told, PaymentInstructed)}
        lost: dict[int, Failure] = {e.payment: e.why for _, e in _every(told, PaymentFailed)}
        lost |= {e.payment: e.why for _, e in _every(told, PaymentReturned)}
        for number, each in sorted(one.payments.items()):
            paid, by = made.get(number, (None, None))
            handed = by if isinstance(by, PaymentMade) else None
            yield PaymentNow(
                number, Amount.of(each.amount), each.mode, each.state, each.on,
                _recorded(paid) if paid else None, by.voucher if by else None,
                each.instead_of, lost.get(number), each.signed, each.signed_on, each.collector,
                self._names.person(each.collector) if each.collector else "",
                (handed.goods if handed else ()) or sent.get(number, ()),
                handed.sheet if handed else None, each.ref,
            )  # fmt: skip


def _known(told: Iterable[Told]) -> list[Told]:
    """In the order in which they became known, a correction in the place of what it corrects."""
    return sorted(told, key=lambda each: each.rank)


def _of(told: Iterable[Told], stream: str) -> list[Told]:
    return [each for each in told if each.record.stream == stream]


def _every(told: Iterable[Told], kind: type[E]) -> Iterator[tuple[Told, E]]:
    for each in told:
        if isinstance(each.fact.event, kind):
            yield each, each.fact.event


def _recorded(each: Told) -> date:
    return beijing(instant(each.known)).date()


def _found(event: Event) -> tuple[str, ...]:
    return tuple(event.__dict__.get("findings", ()))


def _notices(told: Sequence[Told], posted: Sequence[Notice], day: date) -> Iterator[NoticeNow]:
    said = {each.ref: e for each, e in _every(told, NoticePosted)}
    for one in posted:
        e = said[one.ref]
        yield NoticeNow(
            one.paper, one.since, one.until, e.place, e.basis, one.ref, one.runs(day), one.down
        )  # fmt: skip


def _objections(told: Sequence[Told]) -> Iterator[ObjectionNow]:
    answers = {e.objection: (each, e) for each, e in _every(told, ObjectionAnswered)}
    for each, e in _every(told, ObjectionRaised):
        answered = answers.get(e.objection)
        yield ObjectionNow(
            e.objection, each.fact.on, str(e.said), answered[0].fact.on if answered else None,
            answered[1].upheld if answered else None, str(answered[1].answer) if answered else "",
        )  # fmt: skip


def _take_backs(told: Sequence[Told]) -> Iterator[TakeBack]:
    for each in told:
        match each.fact.event:
            case TakeBackOrdered() as e:
                yield TakeBack(each.fact.on, Amount.of(e.amount), e.why, None, each.ref)
            case MoneyTakenBack() as e:
                yield TakeBack(each.fact.on, Amount.of(e.amount), None, e.voucher, each.ref)
            case _:
                pass


def _duties(one: AidGrant, held: AidList) -> dict[Duty, set[str]]:
    """Who had which duty, for the grant and for the list that it stands on."""
    found: dict[Duty, set[str]] = {}
    for duty in Duty:
        persons = one.duties.held.get(duty, set()) | held.duties.held.get(duty, set())
        if persons:
            found[duty] = persons
    return found


def _merged(duties: dict[Duty, set[str]]) -> list[str]:
    every = [person for persons in duties.values() for person in persons]
    return sorted({p for p in every if p.startswith("per_") and every.count(p) > 1})


# ── between two moments ──────────────────────────────────────────────────────────────────────


def _changes(then: GrantFile, now: GrantFile) -> Iterator[tuple[str, str, str]]:
    one, other = then.state, now.state
    told = [
        ("环节", word(one.stage), word(other.stage)),
        ("申请金额", one.amount.yuan, other.amount.yuan),
        ("审批金额", one.approved.yuan, other.approved.yuan),
        ("已付", one.paid.yuan, other.paid.yuan),
        ("已追回", one.taken_back.yuan, other.taken_back.yuan),
        ("收款人", _paid_to(one), _paid_to(other)),
        ("未答复的异议", _open(one), _open(other)),
        ("已完成的程序", _done(one), _done(other)),
    ]
    yield from (change for change in told if change[1] != change[2])


def _paid_to(state: GrantNow) -> str:
    if state.payee is None:
        return ""
    return f"{word(state.payee.kind)} {state.payee.name or state.payee.holder}".strip()


def _open(state: GrantNow) -> str:
    return str(sum(each.upheld is None for each in state.objections))


def _done(state: GrantNow) -> str:
    return "、".join(word(each.step) for each in state.steps if each.done_on)
