"""Enrolment (入会): applied, examined, approved by the union that the channel names.

One enrolment a life at a time. Long-standing members are loaded with their date, and those who
come from a union outside the ledger are taken in on their card or letter.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from ledger.domain.ids import ImportId, MembershipId, PersonId, StationId, UnionId
from ledger.domain.kernel import (
    Act,
    Claim,
    Code,
    EmployerText,
    Event,
    Fact,
    MembershipText,
    Office,
    PublicText,
    Refused,
    Release,
    Scope,
    weigh,
)
from ledger.domain.membership.custody import (
    Custody,
)
from ledger.domain.membership.rules import (
    AlreadyAMember,
    ApplicationOpen,
    ApproverEntered,
    ApproverIsApplicant,
    ApproverIsKin,
    FoundUnfit,
    NotApplied,
    NotTheApprovingUnion,
    ProofMissing,
    UnderAge,
)
from ledger.domain.membership.words import (
    CHANNELS,
    Answer,
    Channel,
    Confirmed,
    DeclineGround,
    Proof,
    State,
)

_INTAKE = (Office.CLERK, Office.STATION)
_DECIDERS = (Office.APPROVER, Office.CHAIR)


class MembershipApplied(
    Event, by=(*_INTAKE, Office.SELF, Office.PROCEDURE), scope=Scope.MEMBERSHIP
):
    """入会申请: a worker asks to join, at the union that is to approve."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    channel: Channel
    of_age: bool
    confirmed: Confirmed
    employer: EmployerText = ""
    trade: MembershipText = ""
    remark: MembershipText = ""
    station: StationId | None = None
    campaign: Code | None = None
    collector: PersonId | None = None
    import_id: ImportId | None = None

    def takes(self) -> Iterable[Claim]:
        yield Claim(ApplicationOpen, f"{self.person} {self.union}")


class ApplicationExamined(Event, by=(Office.REVIEWER, Office.CHAIR), scope=Scope.MEMBERSHIP):
    """入会审核: found fit or unfit."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    fit: bool
    opinion: MembershipText = ""
    findings: tuple[Code, ...] = ()


class ApplicationDeclined(Event, by=_DECIDERS, scope=Scope.MEMBERSHIP):
    """不予批准: with the ground."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    ground: DeclineGround
    opinion: MembershipText = ""

    def frees(self) -> Iterable[Release]:
        yield Release(ApplicationOpen)


class ApplicationWithdrawn(Event, by=(*_INTAKE, Office.SELF), scope=Scope.MEMBERSHIP):
    """撤回申请: the worker no longer asks."""

    membership: MembershipId
    person: PersonId
    union: UnionId

    def frees(self) -> Iterable[Release]:
        yield Release(ApplicationOpen)


class MemberEnrolled(Event, by=_DECIDERS, scope=Scope.MEMBERSHIP):
    """批准入会: a member from the day that the fact takes effect (E3)."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    channel: Channel
    minutes: Code | None = None
    card: Code | None = None
    findings: tuple[Code, ...] = ()

    def frees(self) -> Iterable[Release]:
        yield Release(ApplicationOpen)

    def takes(self) -> Iterable[Claim]:
        yield Claim(AlreadyAMember, self.person)


class MembershipLoaded(Event, by=_DECIDERS, scope=Scope.MEMBERSHIP):
    """历史会籍装入: a long-standing member comes on record, with the date of enrolment."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    since: date
    proof: Proof
    employer: EmployerText = ""
    trade: MembershipText = ""
    remark: MembershipText = ""
    minutes: Code | None = None
    card: Code | None = None
    import_id: ImportId | None = None

    def takes(self) -> Iterable[Claim]:
        yield Claim(AlreadyAMember, self.person)


class MembershipTakenIn(Event, by=(Office.LIAISON, *_DECIDERS), scope=Scope.MEMBERSHIP):
    """凭证转入: received from a union outside the ledger, on card or letter (T3, T4)."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    from_union: PublicText
    since: date
    proof: Proof
    employer: EmployerText = ""
    trade: MembershipText = ""
    remark: MembershipText = ""
    paper: Code | None = None

    def takes(self) -> Iterable[Claim]:
        yield Claim(AlreadyAMember, self.person)


class EmploymentChanged(Event, by=(*_INTAKE, Office.LIAISON), scope=Scope.MEMBERSHIP):
    """工作单位变更: employer and trade as they are from now on, both."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    employer: EmployerText = ""
    trade: MembershipText = ""


# ── decisions and folding ────────────────────────────────────────────────────────────────────


class Enrolment(Custody):
    """The part of a membership that is its beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.applied_to: UnionId | None = None
        self.channel: Channel | None = None
        self.application = State.UNKNOWN
        self.fit: bool | None = None
        self._entered: set[str] = set()
        self._examined_by: str | None = None

    @classmethod
    def apply(
        cls, act: Act, membership: MembershipId, person: PersonId, union: UnionId,
        channel: Channel, *, kind: Code | None = None, of_age: bool, confirmed: Confirmed,
        employer: str = "", trade: str = "", remark: str = "", station: StationId | None = None,
        campaign: Code | None = None, collector: PersonId | None = None,
        import_id: ImportId | None = None, held: MembershipId | None = None,
    ) -> MembershipApplied:  # fmt: skip
        """A worker asks to join. `kind`: of the union; `held`: a membership known anywhere.

        Raises: AlreadyAMember, UnderAge, NotTheApprovingUnion.
        """
        if held is not None:
            raise AlreadyAMember(membership=held)
        if not of_age:
            raise UnderAge()
        may = CHANNELS[channel].kinds
        if kind is not None and may and kind not in may:
            raise NotTheApprovingUnion(channel=channel, kind=kind, may=sorted(may))
        return MembershipApplied(
            membership, person, union, channel, of_age, confirmed, employer, trade, remark,
            station, campaign, collector, import_id,
        )  # fmt: skip

    def examine(
        self, act: Act, fit: bool, opinion: str = "", *, kin: frozenset[PersonId] = frozenset(),
        same: frozenset[PersonId] = frozenset(),
    ) -> ApplicationExamined:  # fmt: skip
        """A second look; `same`: the other ids of who decides. Raises: NotApplied, ApproverIsApplicant, ApproverIsKin, ApproverEntered."""
        membership, person, union, _ = self._open(act)
        found = weigh(act, self._recusals(act, person, kin, self._entered, same))
        return ApplicationExamined(membership, person, union, fit, opinion, found)

    def enrol(
        self, act: Act, *, minutes: Code | None = None, card: Code | None = None,
        kin: frozenset[PersonId] = frozenset(), same: frozenset[PersonId] = frozenset(),
        held: MembershipId | None = None,
    ) -> MemberEnrolled:  # fmt: skip
        """Approves. A list approved by a committee is this, for each, with the minutes.

        `same`: the other ids of who decides.

        Raises: NotApplied, NotTheApprovingUnion, AlreadyAMember, FoundUnfit,
        ApproverIsApplicant, ApproverIsKin, ApproverEntered.
        """
        membership, person, union, channel = self._open(act)
        if held is not None and held != membership:
            raise AlreadyAMember(membership=held)
        if self.fit is False:
            raise FoundUnfit()
        hands = self._entered | ({self._examined_by} if self._examined_by else set[str]())
        found = weigh(act, self._recusals(act, person, kin, hands, same))
        return MemberEnrolled(membership, person, union, channel, minutes, card, found)

    def decline(
        self, act: Act, ground: DeclineGround, opinion: str = "", *, line: Sequence[UnionId] = ()
    ) -> ApplicationDeclined:
        """`line`: the unions above, where one of them ends the union that was asked.

        Raises: NotApplied, NotTheApprovingUnion.
        """
        membership, person, union, _ = self._open(act, *line)
        return ApplicationDeclined(membership, person, union, ground, opinion)

    def withdraw_application(self, act: Act) -> ApplicationWithdrawn:
        """The worker no longer asks. Raises: NotApplied, NotTheApprovingUnion."""
        membership, person, union, _ = self._open(act)
        return ApplicationWithdrawn(membership, person, union)

    @classmethod
    def load(
        cls, act: Act, membership: MembershipId, person: PersonId, union: UnionId, since: date,
        proof: Proof, *, employer: str = "", trade: str = "", remark: str = "",
        minutes: Code | None = None, card: Code | None = None,
        import_id: ImportId | None = None, held: MembershipId | None = None,
    ) -> MembershipLoaded:  # fmt: skip
        """Brings a long-standing member on record. Raises: AlreadyAMember, NotTheApprovingUnion."""
        _may_begin(act, union, held)
        return MembershipLoaded(
            membership, person, union, since, proof, employer, trade, remark, minutes, card,
            import_id,
        )  # fmt: skip

    @classmethod
    def take_in(
        cls, act: Act, membership: MembershipId, person: PersonId, union: UnionId,
        from_union: str, since: date, proof: Proof, *, employer: str = "", trade: str = "",
        remark: str = "", paper: Code | None = None, held: MembershipId | None = None,
    ) -> MembershipTakenIn:  # fmt: skip
        """Receives from a union outside the ledger. Raises: AlreadyAMember, NotTheApprovingUnion,
        ProofMissing.
        """
        _may_begin(act, union, held)
        if proof is Proof.WORD or not act.evidence:
            raise ProofMissing(proof=proof)
        return MembershipTakenIn(
            membership, person, union, from_union, since, proof, employer, trade, remark, paper
        )

    def change_employment(self, act: Act, employer: str, trade: str) -> EmploymentChanged:
        """Raises: NotAMember, NotTheHolder."""
        membership, person, holder = self._held(act)
        return EmploymentChanged(membership, person, holder.union, employer, trade)

    def _open(self, act: Act, *also: UnionId) -> tuple[MembershipId, PersonId, UnionId, Channel]:
        if self.application is not State.APPLIED or self.id is None or self.person is None:
            raise NotApplied(state=self.state)
        assert self.applied_to is not None
        assert self.channel is not None
        if act.union not in (self.applied_to, *also):
            raise NotTheApprovingUnion(approving=self.applied_to)
        return self.id, self.person, self.applied_to, self.channel

    @staticmethod
    def _recusals(
        act: Act, person: PersonId, kin: frozenset[PersonId], hands: set[str],
        same: frozenset[PersonId],
    ) -> Iterable[Refused]:  # fmt: skip
        deciding = {act.decider, *same}
        if person in deciding:
            yield ApproverIsApplicant()
        elif act.decider in kin:
            yield ApproverIsKin()
        if not hands.isdisjoint(deciding):
            yield ApproverEntered(decider=act.decider)

    # ── questions ──

    @property
    def state(self) -> State:
        """Where the membership stands now, as far as is known here."""
        if self.ending is not None:
            return State.ENDED
        if self.holder is None:
            return self.application
        if self.offer is not None:
            return State.ACCEPTED if self.offer.answer is Answer.ACCEPTED else State.OFFERED
        return State.RETAINED if self.retained else State.MEMBER

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case MembershipApplied() as e:
                self._know(e.membership, e.person)
                self.application, self.applied_to, self.channel = State.APPLIED, e.union, e.channel
                self.employer, self.trade = e.employer, e.trade
                self._entered = {who for who in (fact.decider, e.collector) if who}
            case ApplicationExamined() as e:
                self.fit, self._examined_by = e.fit, fact.decider
            case ApplicationDeclined():
                self.application = State.REFUSED
            case ApplicationWithdrawn():
                self.application = State.WITHDRAWN
            case MemberEnrolled() as e:
                self._know(e.membership, e.person)
                self.application, self.channel = State.MEMBER, e.channel
                self._begin(fact, e.union, fact.on, fact.on)
            case MembershipLoaded() | MembershipTakenIn() as e:
                self._know(e.membership, e.person)
                self.application = State.MEMBER
                self.employer, self.trade = e.employer, e.trade
                here = e.since if isinstance(e, MembershipLoaded) else fact.on
                self._begin(fact, e.union, here, e.since)
            case EmploymentChanged() as e:
                self.employer, self.trade = e.employer, e.trade
            case _:
                super().after(fact)


def _may_begin(act: Act, union: UnionId, held: MembershipId | None) -> None:
    if held is not None:
        raise AlreadyAMember(membership=held)
    if act.union != union:
        raise NotTheApprovingUnion(approving=union)
