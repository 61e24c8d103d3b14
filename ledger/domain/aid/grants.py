"""One grant (一笔救助): applied for, examined, publicised, decided, held where it may be a second one.

What its scheme asks for comes in as `KindRules`; what was already given, who is kin and on which
day a notice may end at the earliest is found by procedures. Nothing ever approves by itself.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256

from ledger.domain.aid.duties import Check, Duties, at_home, judged
from ledger.domain.aid.facts import (
    AidAmended,
    AidApplied,
    AidApproved,
    AidDeclined,
    AidHeld,
    AidReviewed,
    AidWithdrawn,
    EmergencyReviewed,
    GrantClosed,
    HoldLifted,
    HouseholdVisited,
    MeansChecked,
    NoticePosted,
    NoticeTakenDown,
    ObjectionAnswered,
    ObjectionRaised,
    PastAidRecorded,
    PayeeNamed,
    StruckOff,
)
from ledger.domain.aid.limits import at_level, collectively, from_fund, within_caps
from ledger.domain.aid.rules import (
    AlreadyApproved,
    AnswererHandledIt,
    ContentChanged,
    FileFirst,
    GrantOver,
    HeldAsDouble,
    ListDecides,
    MembersOnly,
    MoneyOutstanding,
    NoBasisToPublish,
    NoEmergencyHere,
    NoReviewDue,
    NoSuchObjection,
    NotHeld,
    NothingAmended,
    NothingAsked,
    NothingPosted,
    NoticeStands,
    NotOnRecord,
    NotOnTheList,
    ObjectionOpen,
    ObjectionStopsPayment,
    OpinionMissing,
    OwnOrKin,
    PayeeWithoutPaper,
    PeriodTooShort,
    StepMissing,
)
from ledger.domain.aid.words import (
    Duty,
    Lifted,
    Means,
    Outcome,
    Payee,
    PayeeKind,
    Stage,
)
from ledger.domain.aiding import AidKind, CapPer, KindRules, Step
from ledger.domain.ids import (
    AidListId,
    ConsentId,
    FileId,
    FundId,
    GrantId,
    HouseholdId,
    PersonId,
    SchemeId,
    UnionId,
)
from ledger.domain.kernel import Act, Aggregate, Basis, Code, Fact, Fen


@dataclass(frozen=True)
class Notice:
    """One public notice (公示), both days included; `down` is the day it was taken down before."""

    paper: Code
    since: date
    until: date
    ref: str
    basis: Basis
    down: date | None = None

    def runs(self, on: date) -> bool:
        return self.since <= on <= self.until and (self.down is None or on < self.down)

    def rests_on_consent(self, on: date) -> bool:
        """Whether a consent that is withdrawn on this day takes it down."""
        return self.basis is Basis.SEPARATE_CONSENT and self.down is None and on <= self.until


@dataclass
class Objection:
    """One objection (异议) and how it was answered."""

    number: int
    on: date
    upheld: bool | None = None
    met: bool = False  # upheld, and the application was changed since

    @property
    def open(self) -> bool:
        return self.upheld is None

    @property
    def stands(self) -> bool:
        """Whether it bars approval and payment: not answered, or upheld and nothing was changed."""
        return self.upheld is not False and not self.met


@dataclass(frozen=True)
class Approval:
    """What was approved, by whom, when (审批)."""

    amount: Fen
    fund: FundId
    content: str
    on: date
    ref: str
    by: str
    review_by: date | None = None


class Examined(Aggregate):
    """A grant up to its decision; `AidGrant` adds what is paid."""

    def __init__(self) -> None:
        self.id: GrantId | None = None
        self.person: PersonId | None = None
        self.union: UnionId | None = None
        self.origin = ""
        self.scheme: SchemeId | None = None
        self.rules_version = 0
        self.kind: AidKind | None = None
        self.amount = Fen(0)
        self.beneficiary: PersonId | None = None
        self.need: Code = Code("")
        self.household: HouseholdId | None = None
        self.file: FileId | None = None
        self.aid_list: AidListId | None = None
        self.emergency = False
        self.applied_on: date | None = None
        self.asked_on: date | None = None  # since when it is for this need
        self.steps: dict[Step, date] = {}
        self.means: Means | None = None
        self.notices: list[Notice] = []
        self.objections: list[Objection] = []
        self.payee: Payee | None = None
        self.renamed = False  # on a list that was handed out; nobody has looked at it since
        self.held: set[GrantId] = set()
        self.lifted: set[GrantId] = set()
        self.approval: Approval | None = None
        self.voided = False  # an approval there was, of other content
        self.reviewed_later: bool | None = None
        self.ended: Stage | None = None
        self.outcome: Outcome | None = None
        self.past: PastAidRecorded | None = None
        self.duties = Duties()

    # ── decisions: application ──

    @classmethod
    def apply(
        cls, act: Act, grant: GrantId, person: PersonId, *,
        scheme: SchemeId, version: int, rules: KindRules, amount: Fen,
        beneficiary: PersonId | None = None, need: Code | None = None,
        household: HouseholdId | None = None, file: FileId | None = None,
        category: Code | None = None, known: bool = True, member: bool = True, aid_list: AidListId | None = None,
        emergency: bool = False, kin: Collection[str] = (), acting_for: PersonId | None = None,
        reason: str = "",
    ) -> AidApplied:  # fmt: skip
        """Takes an application in; `category` is that of the valid hardship file, if there is one.

        `known`: whether both are registered. Raises: NothingAsked, OwnOrKin, NotOnRecord,
        FileFirst, MembersOnly, NoEmergencyHere.
        """
        aided = beneficiary or person
        if amount <= 0:
            raise NothingAsked(amount=amount)
        Duties().keep_apart(Duty.HANDLER, act, acting_for, {person, aided, *kin})
        if not known:
            raise NotOnRecord(person=person, beneficiary=aided)
        wanting = Step.FILE in rules.steps and category is None
        if wanting or (rules.categories and category not in rules.categories):
            raise FileFirst(kind=rules.kind, category=category, helps=list(rules.categories))
        if rules.members_only and not member:
            raise MembersOnly(kind=rules.kind)
        if emergency and not (rules.emergency and reason.strip()):
            raise NoEmergencyHere(kind=rules.kind, allowed=rules.emergency)
        return AidApplied(
            grant, person, act.union, scheme, version, rules.kind, amount, aided, need or Code(""),
            household, file, aid_list, emergency, acting_for, reason,
        )  # fmt: skip

    def amend(
        self, act: Act, amount: Fen, need: Code | None = None, *,
        kin: Collection[str] = (), acting_for: PersonId | None = None, reason: str = "",
    ) -> AidAmended:  # fmt: skip
        """Changes what is asked for.

        Raises: GrantOver, ListDecides, MoneyOutstanding, NothingAsked, NothingAmended, OwnOrKin,
        OneDutyEach.
        """
        grant, person = self._unpaid()
        self._alone()
        if amount <= 0:
            raise NothingAsked(amount=amount)
        wanted = self.need if need is None else need
        if (amount, wanted) == (self.amount, self.need):
            raise NothingAmended(grant=grant)
        self._keep_apart(Duty.HANDLER, act, acting_for, kin)
        return AidAmended(grant, person, amount, wanted, acting_for, reason)

    def name_payee(
        self, act: Act, kind: PayeeKind, *, payee: PersonId | None = None,
        paper: Code | None = None, holder: str = "", bank: str = "", account: str = "",
        kin: Collection[str] = (), near: Collection[str] = (), acting_for: PersonId | None = None,
    ) -> PayeeNamed:  # fmt: skip
        """Says to whom it is paid, anew also where a payment did not arrive.

        `near`: the kin of who is paid in the applicant's place.

        Raises: GrantOver, MoneyOutstanding, PayeeWithoutPaper, OwnOrKin, OneDutyEach.
        """
        grant, person = self._open()
        if self.under_way or self.paid >= self.due > 0:
            raise MoneyOutstanding(grant=grant, under_way=self.under_way, paid=self.paid)
        if kind is not PayeeKind.APPLICANT and not paper:
            raise PayeeWithoutPaper(kind=kind)
        number = (self.payee.number if self.payee else 0) + 1
        paid = person if kind is PayeeKind.APPLICANT else payee
        theirs = {paid, *near} if paid else set(near)
        self._keep_apart(Duty.HANDLER, act, acting_for, {*kin, *theirs})
        if any(self.duties.has_part(each) for each in theirs):
            raise OwnOrKin(duty=Duty.HANDLER, payee=paid)
        return PayeeNamed(
            grant, person, number, kind, paid, paper, acting_for, holder, bank, account
        )

    def withdraw(self, act: Act, reason: str = "") -> AidWithdrawn:
        """The applicant no longer asks. Raises: GrantOver, MoneyOutstanding."""
        grant, person = self._unpaid()
        return AidWithdrawn(grant, person, reason)

    def strike_off(self, act: Act, reason: str = "") -> StruckOff:
        """Takes this one off its list. Raises: GrantOver, MoneyOutstanding, NotOnTheList."""
        grant, person = self._unpaid()
        if self.aid_list is None:
            raise NotOnTheList(grant=grant)
        return StruckOff(grant, person, self.aid_list, reason)

    # ── decisions: examination ──

    def visit(
        self, act: Act, finding: str = "", *, kin: Collection[str] = (),
        acting_for: PersonId | None = None,
    ) -> HouseholdVisited:  # fmt: skip
        """Raises: GrantOver, OwnOrKin."""
        grant, person = self._open()
        self._step_back(act, acting_for, kin)
        return HouseholdVisited(grant, person, acting_for, finding)

    def check_means(
        self, act: Act, result: Means, paper: Code | None = None, finding: str = "", *,
        kin: Collection[str] = (), acting_for: PersonId | None = None,
    ) -> MeansChecked:  # fmt: skip
        """Raises: GrantOver, OwnOrKin."""
        grant, person = self._open()
        self._step_back(act, acting_for, kin)
        return MeansChecked(grant, person, result, paper, acting_for, finding)

    def review(
        self, act: Act, amount: Fen | None = None, opinion: str = "", *,
        kin: Collection[str] = (), acting_for: PersonId | None = None,
    ) -> AidReviewed:  # fmt: skip
        """The second look; where it proposes another amount, nothing is paid yet.

        On a list only at a payee who was named after the payment had come back.

        Raises: GrantOver, ListDecides, NothingAsked, MoneyOutstanding, OneDutyEach, OwnOrKin.
        """
        grant, person = self._open()
        proposed = self.amount if amount is None else amount
        if not self.renamed or proposed != self.amount:
            self._alone()
        if proposed <= 0:
            raise NothingAsked(amount=proposed)
        if proposed != self.amount:
            self._unpaid()
        findings = judged(act, *self._apart(Duty.REVIEWER, act, acting_for, kin))
        return AidReviewed(grant, person, proposed, acting_for, findings, opinion)

    def publicise(
        self, act: Act, paper: Code, since: date, until: date, *,
        earliest: date, basis: Basis | None, place: str, kin: Collection[str] = (),
        acting_for: PersonId | None = None,
    ) -> NoticePosted:  # fmt: skip
        """Posts a notice; `earliest` is the first day on which it may end by the scheme's count.

        Raises: GrantOver, NoBasisToPublish, PeriodTooShort, OwnOrKin.
        """
        grant, person = self._open()
        if basis is None:
            raise NoBasisToPublish(grant=grant)
        findings = judged(
            act,
            lambda: self._long_enough(since, until, earliest),
            lambda: self._step_back(act, acting_for, kin),
        )
        return NoticePosted(grant, person, paper, since, until, basis, place, acting_for, findings)

    def take_down(self, act: Act, paper: Code, consent: ConsentId | None = None) -> NoticeTakenDown:
        """The consent to a notice was withdrawn: what it was posted for needs another.

        Raises: NothingPosted.
        """
        hangs = [n for n in self.notices if n.paper == paper and n.rests_on_consent(act.on)]
        if self.id is None or self.person is None or not hangs:
            raise NothingPosted(grant=self.id, number=paper)
        return NoticeTakenDown(self.id, self.person, paper, consent)

    def object(self, act: Act, said: str) -> ObjectionRaised:
        """Somebody objects. Raises: GrantOver."""
        grant, person = self._open()
        return ObjectionRaised(grant, person, len(self.objections) + 1, said)

    def answer(
        self, act: Act, objection: int, upheld: bool, answer: str, *, kin: Collection[str] = (),
        acting_for: PersonId | None = None,
    ) -> ObjectionAnswered:  # fmt: skip
        """Raises: GrantOver, NoSuchObjection, AnswererHandledIt, OwnOrKin."""
        grant, person = self._open()
        if not any(each.number == objection and each.open for each in self.objections):
            raise NoSuchObjection(objection=objection)
        findings = judged(
            act,
            lambda: self._handled_by_another(act, acting_for),
            lambda: self._step_back(act, acting_for, kin),
        )
        return ObjectionAnswered(grant, person, objection, upheld, acting_for, findings, answer)

    # ── decisions: one need, two payers ──

    def hold(self, other: GrantId) -> AidHeld | None:
        """Holds this grant for another that may be the same; None where that was looked at."""
        if self.id is None or self.person is None or self.ended is not None:
            return None
        if other in self.held or other in self.lifted or other == self.id:
            return None
        return AidHeld(self.id, self.person, other)

    def lift(
        self, act: Act, other: GrantId, ground: Lifted, opinion: str = "", *,
        kin: Collection[str] = (), acting_for: PersonId | None = None,
    ) -> HoldLifted:  # fmt: skip
        """Lets it go on. Raises: GrantOver, NotHeld, AnswererHandledIt, OwnOrKin."""
        grant, person = self._open()
        if other not in self.held:
            raise NotHeld(other=other)
        findings = judged(
            act,
            lambda: self._handled_by_another(act, acting_for),
            lambda: self._step_back(act, acting_for, kin),
        )
        return HoldLifted(grant, person, other, ground, acting_for, findings, opinion)

    # ── decisions: approval ──

    @property
    def content(self) -> Code:
        """The digest of what an approval is of: who, for whom, what for, how much, to whom paid.

        SHA-256 over the parts joined by line feeds, in hex; the account stands in it by the
        number of its naming.
        """
        paid = (self.payee.number, self.payee.kind, self.payee.person) if self.payee else ()
        parts = (
            self.id, self.person, self.beneficiary, self.kind, self.need, self.amount,
            self.scheme, self.rules_version, *paid,
        )  # fmt: skip
        return Code(sha256("\n".join(str(part) for part in parts).encode()).hexdigest())

    def missing(self, rules: KindRules) -> list[Step]:
        """The steps that must come before the approval and have not; a list's review is the list's."""
        lists = {Step.REVIEW} if self.aid_list else set[Step]()
        wanted = () if self.emergency else rules.steps
        return [step for step in self._undone(wanted) if step not in lists]

    def missing_later(self, rules: KindRules) -> list[Step]:
        """The steps that may follow the payment and have not been done yet."""
        due = [Step.REVIEW] if self.review_due else []
        return list(dict.fromkeys(due + self._undone(rules.later)))

    def _undone(self, steps: Iterable[Step]) -> list[Step]:
        """Those not done; a file and minutes are judged where they are asked for."""
        elsewhere = self.steps.keys() | {Step.FILE, Step.MINUTES}
        return [step for step in steps if step not in elsewhere]

    def steps_done(self, rules: KindRules) -> None:
        """Raises: StepMissing."""
        missing = self.missing(rules)
        if missing:
            raise StepMissing(missing=missing)

    def notice_over(self, on: date) -> None:
        """Raises: NoticeStands."""
        ends = max((each.until for each in self.hanging), default=date.min)
        if on <= ends and not self.emergency:
            raise NoticeStands(until=ends.isoformat())

    def unobjected(self) -> None:
        """Raises: ObjectionOpen."""
        if self.barring:
            raise ObjectionOpen(objections=self.barring)

    def free_of_objections(self) -> None:
        """Refuses to pay what was objected to since its approval. Raises: ObjectionStopsPayment."""
        if self.barring:
            raise ObjectionStopsPayment(objections=self.barring)

    def approve(
        self, act: Act, content: str, *, rules: KindRules, fund: FundId,
        already: Mapping[CapPer, Fen], category: Code | None = None,
        above: Mapping[UnionId, Collection[UnionId]] | None = None, minutes: Code | None = None,
        kin: Collection[str] = (), acting_for: PersonId | None = None, opinion: str = "",
    ) -> AidApproved:  # fmt: skip
        """Approves what stands there now; an emergency is to be reviewed in calendar days from today.

        `already`: what was granted in the same year, in fen, for each way to count a cap;
        `above`: for each union that a level names, that union and those above it.

        Raises: GrantOver, ListDecides, AlreadyApproved, ContentChanged, HeldAsDouble, OneDutyEach,
        OwnOrKin, StepMissing, NoticeStands, ObjectionOpen, AboveTheCap, HigherApprover,
        MinutesMissing, WrongFund.
        """
        grant, person = self._open()
        self._alone()
        if self.approval is not None:
            raise AlreadyApproved(grant=grant)
        if content != self.content:
            raise ContentChanged(grant=grant)
        findings = judged(
            act,
            self._not_held,
            *self._apart(Duty.APPROVER, act, acting_for, kin),
            lambda: self.steps_done(rules),
            lambda: self.notice_over(act.on),
            self.unobjected,
            lambda: within_caps(rules, self.amount, already, category),
            lambda: at_level(rules, act.union, above or {}, self.amount),
            lambda: collectively(rules, self.amount, minutes),
            lambda: from_fund(rules, fund),
        )
        review_by = act.on + timedelta(rules.review_days) if self.emergency else None
        return AidApproved(
            grant, person, self.amount, fund, self.content, minutes,
            review_by, acting_for, findings, opinion,
        )  # fmt: skip

    def decline(
        self, act: Act, opinion: str, *, kin: Collection[str] = (),
        acting_for: PersonId | None = None,
    ) -> AidDeclined:  # fmt: skip
        """Says no, with an opinion; a reviewer may, the handler may not.

        Raises: GrantOver, MoneyOutstanding, OpinionMissing, OneDutyEach, OwnOrKin.
        """
        grant, person = self._unpaid()
        if not opinion.strip():
            raise OpinionMissing(grant=grant)
        findings = judged(
            act,
            *self.duties.apart(
                Duty.APPROVER, act, acting_for, self.concerned(kin), but={Duty.REVIEWER}
            ),
        )
        return AidDeclined(grant, person, acting_for, findings, opinion)

    def review_emergency(
        self, act: Act, upheld: bool, opinion: str = "", *, kin: Collection[str] = (),
        acting_for: PersonId | None = None,
    ) -> EmergencyReviewed:  # fmt: skip
        """Looks afterwards at what one person approved. Raises: NoReviewDue, OneDutyEach, OwnOrKin."""
        if not self.review_due or self.id is None or self.person is None:
            raise NoReviewDue()
        findings = judged(act, *self._apart(Duty.REVIEWER, act, acting_for, kin))
        return EmergencyReviewed(self.id, self.person, upheld, acting_for, findings, opinion)

    # ── questions ──

    @property
    def review_due(self) -> bool:
        """Whether an emergency still waits for its later review."""
        due = self.approval is not None and self.approval.review_by is not None
        unpaid = self.ended in (Stage.DECLINED, Stage.WITHDRAWN)
        return due and not unpaid and self.reviewed_later is None

    @property
    def hanging(self) -> list[Notice]:
        """The notices that were left up to their end, or still are."""
        return [each for each in self.notices if each.down is None]

    def open_objections(self) -> list[Objection]:
        return [each for each in self.objections if each.open]

    @property
    def barring(self) -> list[int]:
        """The objections that bar the approval and the payment; none bars an emergency."""
        return [] if self.emergency else [each.number for each in self.objections if each.stands]

    @property
    def due(self) -> Fen:
        """What may be paid in all, in fen: as approved or, until then, as asked for."""
        return self.approval.amount if self.approval else self.amount

    @property
    def paid(self) -> Fen:
        """What has arrived, in fen."""
        return Fen(0)

    @property
    def under_way(self) -> Fen:
        """What was sent and has neither arrived nor failed, in fen."""
        return Fen(0)

    # ── checks ──

    def _open(self) -> tuple[GrantId, PersonId]:
        if self.id is None or self.person is None or self.ended is not None:
            raise GrantOver(grant=self.id, stage=self.ended)
        return self.id, self.person

    def _unpaid(self) -> tuple[GrantId, PersonId]:
        grant, person = self._open()
        if self.paid or self.under_way:
            raise MoneyOutstanding(grant=grant, paid=self.paid, under_way=self.under_way)
        return grant, person

    def _alone(self) -> None:
        if self.aid_list is not None:
            raise ListDecides(aid_list=self.aid_list)

    def handled_here(self, act: Act, here: str, line: Collection[UnionId]) -> None:
        """Refuses another union, and another journal; `line`: the taking union and those above it.

        Raises: NotYourGrant.
        """
        at_home(act, self.origin, here, line)

    def concerned(self, kin: Collection[str]) -> set[str]:
        """Who has no duty here: the applicant, the beneficiary, the payee, and their kin."""
        payee = self.payee.person if self.payee else None
        return {each for each in (self.person, self.beneficiary, payee, *kin) if each}

    def _step_back(self, act: Act, acting_for: PersonId | None, kin: Collection[str]) -> None:
        Duties().keep_apart(Duty.HANDLER, act, acting_for, self.concerned(kin))

    def _apart(
        self, duty: Duty, act: Act, acting_for: PersonId | None, kin: Collection[str]
    ) -> tuple[Check, Check]:
        return self.duties.apart(duty, act, acting_for, self.concerned(kin))

    def _keep_apart(
        self, duty: Duty, act: Act, acting_for: PersonId | None, kin: Collection[str]
    ) -> None:
        self.duties.keep_apart(duty, act, acting_for, self.concerned(kin))

    def _not_held(self) -> None:
        if self.held:
            raise HeldAsDouble(others=sorted(self.held))

    def _handled_by_another(self, act: Act, acting_for: PersonId | None) -> None:
        if self.duties.has(Duty.HANDLER, act.decider, acting_for):
            raise AnswererHandledIt(grant=self.id)

    @staticmethod
    def _long_enough(since: date, until: date, earliest: date) -> None:
        if until < max(earliest, since):
            raise PeriodTooShort(until=until.isoformat(), earliest=earliest.isoformat())

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case AidApplied() as e:
                self._applied(e, fact)
            case PastAidRecorded() as e:
                self._past(e, fact)
            case AidAmended() as e:
                self._note(Duty.HANDLER, fact, e.acting_for)
                if e.need != self.need:
                    self.asked_on = fact.on
                self._change(e.amount, e.need)
                self.steps.pop(Step.REVIEW, None)
            case PayeeNamed() as e:
                self.payee = Payee(e.naming, e.kind, e.payee, e.paper)
                self._note(Duty.HANDLER, fact, e.acting_for)
                self._void()
            case HouseholdVisited():
                self.steps[Step.VISIT] = fact.on
            case MeansChecked() as e:
                self.steps[Step.MEANS_CHECK], self.means = fact.on, e.result
            case AidReviewed() as e:
                self.steps[Step.REVIEW] = fact.on
                self.renamed = False
                self._note(Duty.REVIEWER, fact, e.acting_for)
                if e.amount != self.amount:
                    self._change(e.amount, self.need)
            case NoticePosted() as e:
                self.steps[Step.NOTICE] = e.since
                self.notices.append(Notice(e.paper, e.since, e.until, fact.ref, e.basis))
            case NoticeTakenDown() as e:
                self._take_down(e.paper, fact.on)
            case ObjectionRaised() as e:
                self.objections.append(Objection(e.objection, fact.on))
            case ObjectionAnswered() as e:
                for each in self.objections:
                    if each.number == e.objection:
                        each.upheld = e.upheld
            case AidHeld() as e:
                self.held.add(e.other)
            case HoldLifted() as e:
                self.held.discard(e.other)
                self.lifted.add(e.other)
            case AidApproved() as e:
                self.approval = Approval(
                    e.amount, e.fund, e.content, fact.on, fact.ref, fact.decider or "", e.review_by
                )
                self.voided, self.reviewed_later = False, None
                self._note(Duty.APPROVER, fact, e.acting_for)
            case EmergencyReviewed() as e:
                self.reviewed_later = e.upheld
                self._note(Duty.REVIEWER, fact, e.acting_for)
            case AidDeclined():
                self.ended = Stage.DECLINED
            case AidWithdrawn() | StruckOff():
                self.ended = Stage.WITHDRAWN
            case GrantClosed() as e:
                self.ended, self.outcome = Stage.CLOSED, e.outcome
            case _:
                pass

    def _applied(self, e: AidApplied, fact: Fact) -> None:
        self.id, self.person, self.union, self.origin = e.grant, e.person, e.union, fact.origin
        self.scheme, self.rules_version, self.kind = e.scheme, e.version, e.kind
        self.amount, self.beneficiary, self.need = e.amount, e.beneficiary, e.need
        self.household, self.file, self.aid_list = e.household, e.file, e.aid_list
        self.emergency, self.applied_on, self.asked_on = e.emergency, fact.on, fact.on
        if e.file is not None:
            self.steps[Step.FILE] = fact.on
        self._note(Duty.HANDLER, fact, e.acting_for)

    def _past(self, e: PastAidRecorded, fact: Fact) -> None:
        self.id, self.person, self.union, self.origin = e.grant, e.person, e.union, fact.origin
        self.kind, self.amount, self.need = e.kind, e.amount, e.need
        self.beneficiary, self.applied_on, self.past = e.beneficiary, fact.on, e
        self.asked_on = fact.on
        self.duties.add(Duty.HANDLER, e.handler)
        self.duties.add(Duty.APPROVER, e.approver)

    def _note(self, duty: Duty, fact: Fact, acting_for: PersonId | None) -> None:
        self.duties.note(duty, fact, acting_for)

    def _change(self, amount: Fen, need: Code) -> None:
        """What was publicised covers no more and nothing else; what was upheld has been met."""
        if amount > self.amount or need != self.need:
            self.steps.pop(Step.NOTICE, None)
        if (amount, need) != (self.amount, self.need):
            for each in self.objections:
                each.met = each.met or bool(each.upheld)
        self.amount, self.need = amount, need
        self._void()

    def _take_down(self, paper: Code, on: date) -> None:
        """Where nothing newer was posted, the step of the notice is to be done again."""
        self.notices = [
            replace(each, down=on) if each.paper == paper and each.rests_on_consent(on) else each
            for each in self.notices
        ]
        if self.notices and self.notices[-1].down is not None:
            self.steps.pop(Step.NOTICE, None)

    def _void(self) -> None:
        """What was approved is no longer what stands there; who approved it keeps her part in it."""
        if self.approval is not None:
            self.approval, self.voided = None, True
