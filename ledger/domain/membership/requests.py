"""Requests (商请接转): the worker has turned up, and the receiver asks for the membership.

The holder answers with an offer of the same id, or refuses. Where no answer comes, the asking union
may serve meanwhile and bring it before the holder's superior.
"""

from collections.abc import Iterable
from datetime import date

from ledger.domain.ids import MembershipId, PersonId, TransferId, UnionId
from ledger.domain.kernel import (
    Act,
    Aggregate,
    Claim,
    Code,
    Event,
    Fact,
    MembershipText,
    Office,
    Release,
    Scope,
)
from ledger.domain.membership.rules import (
    AnswerNotDue,
    NoSuchRequest,
    NotAskedOfYou,
    NotYourRequest,
    RefusalNeedsReason,
    RequestDecided,
    RequestOpen,
)
from ledger.domain.membership.words import (
    Proof,
    RefusalGround,
    RequestClosing,
    RequestState,
)


class TransferRequested(Event, by=(Office.LIAISON, Office.CLERK), scope=Scope.MEMBERSHIP):
    """商请接转: `union` asks `from_union` for the membership of someone who works here now."""

    request: TransferId
    person: PersonId
    union: UnionId
    from_union: UnionId
    from_origin: Code
    deadline: date
    proof: Proof
    membership: MembershipId | None = None
    employer: MembershipText = ""
    trade: MembershipText = ""
    note: MembershipText = ""

    def takes(self) -> Iterable[Claim]:
        yield Claim(RequestOpen, f"{self.person} {self.union}")


class RequestAnswered(Event, by=(Office.LIAISON, Office.CHAIR), scope=Scope.MEMBERSHIP):
    """商请答复: the holder offers, under the request's own id, in the same entry."""

    request: TransferId
    person: PersonId
    union: UnionId
    membership: MembershipId

    def takes(self) -> Iterable[Claim]:
        yield Claim(RequestDecided, self.request)


class RequestRefused(Event, by=(Office.LIAISON, Office.CHAIR), scope=Scope.MEMBERSHIP):
    """不予转出: with the ground."""

    request: TransferId
    person: PersonId
    union: UnionId
    ground: RefusalGround
    opinion: MembershipText = ""

    def takes(self) -> Iterable[Claim]:
        yield Claim(RequestDecided, self.request)


class RequestEscalated(Event, by=(Office.LIAISON, Office.PROCEDURE), scope=Scope.MEMBERSHIP):
    """商请报上级: no answer in time, or a refusal in doubt; `serves`: served here meanwhile."""

    request: TransferId
    person: PersonId
    union: UnionId
    superior: UnionId
    serves: bool
    note: MembershipText = ""


class RequestClosed(
    Event, by=(Office.LIAISON, Office.CLERK, Office.PROCEDURE), scope=Scope.MEMBERSHIP
):
    """商请了结: by the union that asked."""

    request: TransferId
    person: PersonId
    union: UnionId
    why: RequestClosing

    def frees(self) -> Iterable[Release]:
        yield Release(RequestOpen)


class TransferRequest(Aggregate):
    """One request for a membership, with what both sides did about it."""

    def __init__(self) -> None:
        self.asked: TransferRequested | None = None
        self.answered = False
        self.refused: RefusalGround | None = None
        self.closed: RequestClosing | None = None
        self.escalated_to: UnionId | None = None
        self.serves_since: date | None = None

    # ── decisions ──

    @classmethod
    def ask(
        cls, act: Act, request: TransferId, person: PersonId, from_union: UnionId,
        from_origin: Code, deadline: date, proof: Proof, *,
        membership: MembershipId | None = None, employer: str = "", trade: str = "",
        note: str = "",
    ) -> TransferRequested:  # fmt: skip
        """The acting union asks for a membership."""
        return TransferRequested(
            request, person, act.union, from_union, from_origin, deadline, proof, membership,
            employer, trade, note,
        )  # fmt: skip

    def answer(self, act: Act, membership: MembershipId, holder: UnionId) -> RequestAnswered:
        """The union that holds it answers; write the offer of the same id beside it.

        Raises: NoSuchRequest, RequestDecided, NotAskedOfYou.
        """
        asked = self._undecided()
        if act.union not in {asked.from_union, holder}:
            raise NotAskedOfYou(asked=asked.from_union)
        return RequestAnswered(asked.request, asked.person, act.union, membership)

    def refuse(self, act: Act, ground: RefusalGround, opinion: str = "") -> RequestRefused:
        """Raises: NoSuchRequest, RequestDecided, NotAskedOfYou, RefusalNeedsReason."""
        asked = self._undecided()
        if act.union != asked.from_union:
            raise NotAskedOfYou(asked=asked.from_union)
        if ground is RefusalGround.OTHER and not opinion.strip():
            raise RefusalNeedsReason()
        return RequestRefused(asked.request, asked.person, act.union, ground, opinion)

    def escalate(
        self, act: Act, superior: UnionId, *, serves: bool, note: str = ""
    ) -> RequestEscalated:
        """Brings it before the holder's superior. Raises: NoSuchRequest, NotYourRequest,
        AnswerNotDue.
        """
        asked = self._mine(act)
        if self.refused is None and (self.answered or act.today <= asked.deadline):
            raise AnswerNotDue(deadline=asked.deadline.isoformat())
        return RequestEscalated(asked.request, asked.person, asked.union, superior, serves, note)

    def close(self, act: Act, why: RequestClosing) -> RequestClosed:
        """Raises: NoSuchRequest, NotYourRequest."""
        asked = self._mine(act)
        return RequestClosed(asked.request, asked.person, asked.union, why)

    def _undecided(self) -> TransferRequested:
        if self.asked is None or self.closed is not None:
            raise NoSuchRequest(state=self.state)
        if self.answered or self.refused is not None:
            raise RequestDecided(request=self.asked.request, state=self.state)
        return self.asked

    def _mine(self, act: Act) -> TransferRequested:
        if self.asked is None or self.closed is not None:
            raise NoSuchRequest(state=self.state)
        if act.office is not Office.PROCEDURE and act.union != self.asked.union:
            raise NotYourRequest(union=self.asked.union)
        return self.asked

    # ── questions ──

    @property
    def state(self) -> RequestState:
        if self.asked is None:
            return RequestState.UNKNOWN
        if self.closed is not None:
            return RequestState.CLOSED
        if self.refused is not None:
            return RequestState.REFUSED
        return RequestState.ANSWERED if self.answered else RequestState.OPEN

    def overdue(self, today: date) -> bool:
        return (
            self.state is RequestState.OPEN
            and self.asked is not None
            and today > self.asked.deadline
        )

    def serving(self, on: date) -> UnionId | None:
        """The asking union, where it serves while the answer is missing."""
        if self.asked is None or self.serves_since is None or on < self.serves_since:
            return None
        return self.asked.union if self.closed is None else None

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case TransferRequested() as e:
                self.asked = e
            case RequestAnswered():
                self.answered = True
            case RequestRefused() as e:
                self.refused = e.ground
            case RequestEscalated() as e:
                self.escalated_to = e.superior
                if e.serves and self.serves_since is None:
                    self.serves_since = fact.on
            case RequestClosed() as e:
                self.closed = e.why
            case _:
                pass
