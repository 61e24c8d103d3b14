"""Endings (会籍终止): left, deemed to have left, expelled, died, handed out, settled.

To let someone leave or to expel is decided here and can be refused; an exit last month, a death, a
decision already taken on paper are recorded, with the rules that they broke as findings.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from ledger.domain.ids import MembershipId, PersonId, UnionId
from ledger.domain.kernel import (
    Act,
    Claim,
    Code,
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
    CommitteeDecides,
    NotAMember,
    NotSixMonths,
    NotUrged,
    OfferOpen,
    OneMembershipNotTwo,
    RetainedOwesNothing,
)
from ledger.domain.membership.transfer import TransferWithdrawn
from ledger.domain.membership.words import (
    Answer,
    Card,
    Ending,
    Means,
    Proof,
    Reinstatement,
    WithdrawReason,
)

_DECIDERS = (Office.APPROVER, Office.CHAIR)


class MemberUrged(Event, by=(Office.CLERK, *_DECIDERS), scope=Scope.MEMBERSHIP):
    """催告: no dues and no organisational life since this day; the member was told (R8)."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    absent_since: date
    means: Means
    answer: MembershipText = ""


class MemberLeft(Event, by=_DECIDERS, scope=Scope.MEMBERSHIP):
    """退会: on written application (R7)."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    card: Card
    dues_until: date | None = None
    reason: MembershipText = ""
    findings: tuple[Code, ...] = ()

    def frees(self) -> Iterable[Release]:
        yield Release(AlreadyAMember)


class MemberDeemedLeft(Event, by=_DECIDERS, scope=Scope.MEMBERSHIP):
    """自动退会: decided, after six months and after urging (R8)."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    absent_since: date
    card: Card
    urged_on: date | None = None
    minutes: Code | None = None
    reason: MembershipText = ""
    findings: tuple[Code, ...] = ()

    def frees(self) -> Iterable[Release]:
        yield Release(AlreadyAMember)


class MemberExpelled(Event, by=_DECIDERS, scope=Scope.MEMBERSHIP):
    """开除会籍: by the committee (R9)."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    card: Card
    minutes: Code | None = None
    judgment: Code | None = None
    reason: MembershipText = ""
    findings: tuple[Code, ...] = ()

    def frees(self) -> Iterable[Release]:
        yield Release(AlreadyAMember)


class MembershipEndedByDeath(
    Event, by=(*_DECIDERS, Office.CLERK, Office.PROCEDURE), scope=Scope.MEMBERSHIP
):
    """死亡终止: the membership ends with the member's life (R10)."""

    membership: MembershipId
    person: PersonId
    union: UnionId

    def frees(self) -> Iterable[Release]:
        yield Release(AlreadyAMember)


class MembershipHandedOut(Event, by=(*_DECIDERS, Office.LIAISON), scope=Scope.MEMBERSHIP):
    """凭证转出: released to a union outside the ledger, on card or letter (T2)."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    to_union: PublicText
    proof: Proof
    paper: Code | None = None
    note: MembershipText = ""
    findings: tuple[Code, ...] = ()

    def frees(self) -> Iterable[Release]:
        yield Release(AlreadyAMember)


class DoubleMembershipSettled(Event, by=_DECIDERS, scope=Scope.MEMBERSHIP):
    """重复会籍归并: this membership ends; the one named is kept, with the earlier date."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    kept: MembershipId
    since: date
    minutes: Code | None = None
    opinion: MembershipText = ""

    def frees(self) -> Iterable[Release]:
        yield Release(AlreadyAMember)


class SeniorityKept(Event, by=(*_DECIDERS, Office.PROCEDURE), scope=Scope.MEMBERSHIP):
    """会龄保留: this membership is kept, another has ended; a member since the earlier date."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    ended: MembershipId
    since: date

    def frees(self) -> Iterable[Release]:
        yield Release(AlreadyAMember)

    def takes(self) -> Iterable[Claim]:
        yield Claim(AlreadyAMember, self.person)


class MembershipReinstated(Event, by=_DECIDERS, scope=Scope.MEMBERSHIP):
    """恢复被终止的会籍: its ending was annulled, or an appeal upheld."""

    membership: MembershipId
    person: PersonId
    union: UnionId
    why: Reinstatement
    minutes: Code | None = None

    def takes(self) -> Iterable[Claim]:
        yield Claim(AlreadyAMember, self.person)


class Endings(Custody):
    """The part of a membership that is its end."""

    def __init__(self) -> None:
        super().__init__()
        self.urged: list[date] = []

    def urge(self, act: Act, absent_since: date, means: Means, answer: str = "") -> MemberUrged:
        """Raises: NotAMember, NotTheHolder."""
        membership, person, holder = self._held(act)
        return MemberUrged(membership, person, holder.union, absent_since, means, answer)

    def leave(
        self, act: Act, card: Card, *, dues_until: date | None = None, reason: str = ""
    ) -> tuple[Event, ...]:
        """Lets a member go; takes an open offer back where the exit was decided on paper.

        Raises: NotAMember, NotTheHolder, OfferOpen.
        """
        membership, person, holder = self._held(act)
        found = weigh(act, [self._barred()])
        left = MemberLeft(membership, person, holder.union, card, dues_until, reason, found)
        return (*self._taken_back(WithdrawReason.LEFT), left)

    def deem_left(
        self, act: Act, absent_since: date, card: Card, *, minutes: Code | None = None,
        reason: str = "", months: int = 6,
    ) -> tuple[Event, ...]:  # fmt: skip
        """Decides that someone has left. Raises: NotAMember, NotTheHolder, OfferOpen, NotUrged,
        NotSixMonths, RetainedOwesNothing.
        """
        membership, person, holder = self._held(act)
        urged = max((on for on in self.urged if absent_since <= on <= act.on), default=None)
        early = act.on < _months_after(absent_since, months)
        found = weigh(
            act,
            [
                self._barred(),
                RetainedOwesNothing() if self.retained else None,
                NotSixMonths(absent_since=absent_since.isoformat(), months=months)
                if early
                else None,
                NotUrged() if urged is None else None,
            ],
        )
        deemed = MemberDeemedLeft(
            membership, person, holder.union, absent_since, card, urged, minutes, reason, found
        )
        return (*self._taken_back(WithdrawReason.LEFT), deemed)

    def expel(
        self, act: Act, card: Card, *, minutes: Code | None = None, judgment: Code | None = None,
        reason: str = "",
    ) -> tuple[Event, ...]:  # fmt: skip
        """Raises: NotAMember, NotTheHolder, OfferOpen, CommitteeDecides."""
        membership, person, holder = self._held(act)
        lone = CommitteeDecides() if minutes is None else None
        found = weigh(act, [self._barred(), lone])
        expelled = MemberExpelled(
            membership, person, holder.union, card, minutes, judgment, reason, found
        )
        return (*self._taken_back(WithdrawReason.EXPELLED), expelled)

    def end_by_death(self, act: Act) -> tuple[Event, ...]:
        """The member has died; an open offer is taken back. Raises: NotAMember, NotTheHolder."""
        membership, person, holder = self._held(act)
        ended = MembershipEndedByDeath(membership, person, holder.union)
        return (*self._taken_back(WithdrawReason.DIED), ended)

    def hand_out(
        self, act: Act, to_union: str, proof: Proof, *, paper: Code | None = None, note: str = ""
    ) -> tuple[Event, ...]:
        """Releases to a union outside the ledger. Raises: NotAMember, NotTheHolder, OfferOpen."""
        membership, person, holder = self._held(act)
        found = weigh(act, [self._barred()])
        out = MembershipHandedOut(
            membership, person, holder.union, to_union, proof, paper, note, found
        )
        return (*self._taken_back(WithdrawReason.HANDED_OUT), out)

    def settle_into(
        self, act: Act, kept: MembershipId, kept_since: date, *, line: Sequence[UnionId] = (),
        minutes: Code | None = None, opinion: str = "",
    ) -> tuple[Event, ...]:  # fmt: skip
        """Ends this one of two memberships of a person. Write `keep_seniority` of the other beside it.

        Raises: NotAMember, NotTheHolder, OneMembershipNotTwo.
        """
        membership, person, holder = self._held(act, *line)
        if kept == membership:
            raise OneMembershipNotTwo(membership=kept)
        since = min(self.first or kept_since, kept_since)
        settled = DoubleMembershipSettled(
            membership, person, holder.union, kept, since, minutes, opinion
        )
        return (*self._taken_back(WithdrawReason.SETTLED), settled)

    def keep_seniority(
        self, act: Act, ended: MembershipId, ended_since: date, *, line: Sequence[UnionId] = ()
    ) -> SeniorityKept:
        """Keeps this one of two memberships, and the earlier date.

        Raises: NotAMember, NotTheHolder, OneMembershipNotTwo.
        """
        membership, person, holder = self._held(act, *line)
        if ended == membership:
            raise OneMembershipNotTwo(membership=ended)
        since = min(self.first or ended_since, ended_since)
        return SeniorityKept(membership, person, holder.union, ended, since)

    def reinstate(
        self, act: Act, why: Reinstatement, *, line: Sequence[UnionId] = (),
        minutes: Code | None = None,
    ) -> MembershipReinstated:  # fmt: skip
        """What ended stands again; beside the annulment of its ending. Raises: NotAMember,
        NotTheHolder.
        """
        held = self.holding
        if held is None or self.id is None or self.person is None:
            raise NotAMember()
        self._acts_for(act, held.holder, *line)
        return MembershipReinstated(self.id, self.person, held.holder.union, why, minutes)

    # ── what the decisions have in common ──

    def _barred(self) -> Refused | None:
        return OfferOpen(offer=self.offer.id) if self.offer is not None else None

    def _taken_back(self, reason: WithdrawReason) -> tuple[TransferWithdrawn, ...]:
        """The open offer withdrawn, in the entry of what was already decided or has happened."""
        if self.offer is None or self.id is None or self.person is None or self.union is None:
            return ()
        if self.offer.answer is Answer.ACCEPTED:
            raise OfferOpen(offer=self.offer.id, answer=self.offer.answer)
        return (TransferWithdrawn(self.id, self.offer.id, self.person, self.union, reason),)

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case MemberUrged():
                self.urged.append(fact.on)
            case MemberLeft():
                self._end(fact, Ending.LEFT)
            case MemberDeemedLeft():
                self._end(fact, Ending.DEEMED_LEFT)
            case MemberExpelled():
                self._end(fact, Ending.EXPELLED)
            case MembershipEndedByDeath():
                self._end(fact, Ending.DIED)
            case MembershipHandedOut():
                self._end(fact, Ending.HANDED_OUT)
            case DoubleMembershipSettled():
                self._end(fact, Ending.SETTLED)
            case SeniorityKept() as e:
                self.first = min(self.first or e.since, e.since)
            case MembershipReinstated():
                self.ended = None
            case _:
                super().after(fact)


def _months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - date.resolution).day
    return date(year, month + 1, min(day.day, last))
